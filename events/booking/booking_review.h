/*
 * What rating must know of a booking before it takes a review of it: the method events.booking.for_review.
 */
#ifndef EVENTLOOP_EVENTS_BOOKING_REVIEW_H
#define EVENTLOOP_EVENTS_BOOKING_REVIEW_H

#include "rpc/call.h"

int booking_for_review(struct rpc_call *call) MAY_SUSPEND;

#endif
