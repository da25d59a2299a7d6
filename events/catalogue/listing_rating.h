/*
 * The rating shown on a listing: what rating told us last.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_RATING_H
#define EVENTLOOP_EVENTS_LISTING_RATING_H

#include "outbox/outbox.h"

/* Folds rating.summary.changed: {subject_id, count, mean, bayesian}. An older summary than the one shown (fewer reviews
 * told later) cannot come: facts of one subject arrive in commit order. */
int listing_rating_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

#endif
