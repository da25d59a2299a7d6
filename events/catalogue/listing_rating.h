/*
 * The rating shown on a listing: the latest that rating published.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_RATING_H
#define EVENTLOOP_EVENTS_LISTING_RATING_H

#include "outbox/outbox.h"

/* Handles the fact rating.summary.changed: {subject_id, count, mean, bayesian}. Facts may arrive out of order: one with
 * a lower seq than that of the rating shown changes nothing. */
int listing_rating_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

#endif
