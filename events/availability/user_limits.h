/*
 * How much of one listing a user may have: bookings at a time and a day, time a day, a gap between two.
 *
 * Purpose: the part of the verdict that looks at what the user has booked already; bookings, quotes and explanations
 * ask here. Invariants: held, requested and confirmed bookings count until they have ended, holds and requests until
 * they expire; a write asks under the listing's lock.
 */
#ifndef EVENTLOOP_EVENTS_USER_LIMITS_H
#define EVENTLOOP_EVENTS_USER_LIMITS_H

#include "availability/verdict.h"
#include "postgres/postgres.h"

struct user_wish {
	const char *user_id; /* NULL: nobody, whom nothing limits */
	const char *listing_id;
	const char *without; /* id of a booking that does not count; NULL: none */
	struct span period;
	int64_t now; /* wall microseconds */
};

/* Adds what the rules refuse the user: user_bookings, user_bookings_per_day, user_time_per_day, user_gap. tx: NULL
 * outside of a transaction. -1 with an error of the database. */
int user_limits_judge(struct rpc_call *call, struct pg_tx *tx, const struct booking_rules *rules,
		      const struct user_wish *wish, struct verdict *verdict) MAY_SUSPEND MUST_CHECK;

#endif
