/*
 * What the clock ends: holds and requests that expire, bookings whose period is over, requests to a suspended company.
 *
 * Purpose: a write ends what has expired of its listing before it looks for units; the daemon's own task (due_run) ends
 * the rest within a second, so that search shows the time as free and everybody hears of it once.
 * Invariants: always under the listing's lock; of several daemons one does it, the others pass the listing over.
 */
#ifndef EVENTLOOP_EVENTS_DUE_H
#define EVENTLOOP_EVENTS_DUE_H

#include "booking/store/terms.h"

/* Locks the listing (terms_lock) and ends its holds and requests that have expired, at most 100. */
int due_lock(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, struct terms *ret) MAY_SUSPEND MUST_CHECK;

/* The same for several listings (terms_lock_many). */
int due_lock_many(struct rpc_call *call, struct pg_tx *tx, const char *const *listing_ids, size_t count,
		  struct terms *ret) MAY_SUSPEND MUST_CHECK;

/* Ends whatever is due now, listing by listing, each in a transaction of its own. call: a prototype with worker, db and
 * client. -1 with the error of a listing; the others were done. */
int due_run(const struct rpc_call *prototype, struct context *ctx) MAY_SUSPEND MUST_CHECK;

#endif
