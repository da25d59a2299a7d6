/*
 * The reviews of one author of one subject: at most one within the setting review_interval, and only the latest counts.
 *
 * Invariants: looked at under the lock of the subject's summary, so of two reviews at once the second sees the first;
 * the unique index review_counted would refuse a second one even so.
 */
#ifndef EVENTLOOP_RATING_REVIEWS_REVIEW_OF_AUTHOR_H
#define EVENTLOOP_RATING_REVIEWS_REVIEW_OF_AUTHOR_H

#include "daemon/data_check.h"
#include "rpc/call.h"

/* Reviews that came within review_interval of one before by the same author: from before the rule, or imported. */
extern const struct data_check review_interval_check;

/* Locks the subject's summary and prepares for a new review by the caller, for params.booking_id: the caller's earlier
 * one no longer counts. *ret_replaced: its score (decimal text), NULL when there was none. -1 with conflict (reason
 * already_reviewed) or precondition_failed (rule review_interval, with the time from which on there may be one). */
int review_of_author_replace(struct rpc_call *call, struct pg_tx *tx, const char *subject_id,
			     const char **ret_replaced) MAY_SUSPEND MUST_CHECK;

#endif
