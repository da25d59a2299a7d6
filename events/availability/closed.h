/*
 * Days on which a listing is closed, as search keeps them (listing_closed): a ring of bits like that of busy days.
 *
 * Purpose: they are made here from the rules; what they mean and when they count stands in projection/closed_days.h.
 * Invariants: a day is in the ring only when no booking that the rules permit can have the whole of it, so that a day
 * that is missing costs a look at the rules, and no more. Use: whoever changes the rules of a listing calls
 * closed_queue before projection_queue_listings; closed_put does the same for many. After a change of zone or unit of
 * sale, and as days pass, the batch of closed_run makes them.
 */
#ifndef EVENTLOOP_EVENTS_CLOSED_H
#define EVENTLOOP_EVENTS_CLOSED_H

#include "availability/rules.h"
#include "postgres/postgres.h"

#define CLOSED_RING_SIZE (1024 + 1)

/* The days from yesterday to 1,000 ahead of `now` (wall microseconds) as text of 0 and 1; by its number modulo 1024
 * each has its place from the left. By the hour or session such a day lies wholly in closed time; by the day or night
 * all dates that it touches are closed in the listing's zone. */
void closed_days(const struct booking_rules *rules, int64_t now, char ret_ring[static CLOSED_RING_SIZE]);

/* Stores the days of one listing whose row is locked and has these rules by now. Queued: an error shows at the next
 * statement or the commit. */
void closed_queue(struct context *ctx, struct pg_tx *tx, const char *listing_id, const struct booking_rules *rules);

/* The same for the listings of a PostgreSQL array text, whose rows are locked; reads their rules. -1 with the
 * database's error, or internal when rules cannot be read. */
int closed_put(struct context *ctx, struct pg_tx *tx, const char *ids) MAY_SUSPEND MUST_CHECK;

/* Makes the days of listings on offer anew that have none of today or of their rules, and their rows in search with
 * them, in batches. ctx, which holds nothing else, is restarted for each. -1 with the database's error. */
int closed_run(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

#endif
