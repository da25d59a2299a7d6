/*
 * Reviews: the methods rating.review.*.
 *
 * Invariants: only for one's own completed booking, which events is asked about; one review a booking.
 */
#ifndef EVENTLOOP_RATING_REVIEW_H
#define EVENTLOOP_RATING_REVIEW_H

#include "rpc/call.h"

int review_create(struct rpc_call *call) MAY_SUSPEND;
int review_list(struct rpc_call *call) MAY_SUSPEND;

#endif
