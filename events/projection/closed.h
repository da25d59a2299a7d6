/*
 * Days on which a listing is closed, as search keeps them (listing_closed): a ring of bits like that of busy days.
 *
 * Purpose: a search for a period leaves out at once what is closed on a day of it; opening hours themselves are asked
 * of the listings of a page alone (search/recheck.h). Invariants: a day in the ring is one of UTC on which no booking
 * that the rules permit can lie wholly or in part without the listing being closed in it; a day that is missing costs
 * a look at the rules, no more. So the ring may be behind the rules, never ahead: it holds for the very rules that it
 * was made from (its mark), and for 20 days, since after 22 the bits mean other days. Use: whoever changes the rules or
 * the zone of a listing calls closed_queue before projection_queue_listings; what is not made then (a type's rules, the
 * passing of days) the daily batch makes.
 */
#ifndef EVENTLOOP_EVENTS_PROJECTION_CLOSED_H
#define EVENTLOOP_EVENTS_PROJECTION_CLOSED_H

#include "availability/rules.h"
#include "postgres/postgres.h"

#define CLOSED_RING_SIZE (1024 + 1)

/* SQL: today (UTC), and the mark of the rules of a listing l of type t. */
#define CLOSED_TODAY "(now() AT TIME ZONE 'UTC')::date"
#define CLOSED_MARK "hashtextextended((t.rules || l.rules)::text || ' ' || l.time_zone || ' ' || l.price_unit, 0)"

/* SQL: the closed days of a listing l of type t; none when it has no opening hours, or when they are not made. */
#define PROJECTION_CLOSED_DAYS                                                                       \
	"coalesce((SELECT c.days & search_window() FROM listing_closed c WHERE c.listing_id = l.id " \
	"AND c.made_on > " CLOSED_TODAY " - 20 AND c.mark = " CLOSED_MARK "), 0::bit(1024))"

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
