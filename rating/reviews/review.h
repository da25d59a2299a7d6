/*
 * Reviews: the methods rating.review.*.
 *
 * Invariants: only for a booking that can be reviewed (reviewed_booking.h); one review a booking, one an author and
 * subject within the setting review_interval (review_of_author.h).
 */
#ifndef EVENTLOOP_RATING_REVIEWS_REVIEW_H
#define EVENTLOOP_RATING_REVIEWS_REVIEW_H

#include "rpc/call.h"

int review_create(struct rpc_call *call) MAY_SUSPEND;
int review_list(struct rpc_call *call) MAY_SUSPEND;

#endif
