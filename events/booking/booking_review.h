/*
 * What rating must know of a booking before it accepts a review: the method events.booking.for_review.
 */
#ifndef EVENTLOOP_EVENTS_BOOKING_REVIEW_H
#define EVENTLOOP_EVENTS_BOOKING_REVIEW_H

#include "daemon/data_check.h"
#include "rpc/call.h"

/* Bookings cancelled after their end, which an earlier version allowed. */
extern const struct data_check cancelled_late_check;

int booking_for_review(struct rpc_call *call) MAY_SUSPEND;

#endif
