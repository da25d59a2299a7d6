/*
 * The rating shown on a listing: what rating told us last.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_RATING_H
#define EVENTLOOP_EVENTS_LISTING_RATING_H

#include "outbox/outbox.h"

/* Folds rating.summary.changed: {subject_id, count, mean, bayesian}. Facts may come in another order than they were
 * made in: one with a lower seq than that of the rating shown changes nothing. */
int listing_rating_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

#endif
