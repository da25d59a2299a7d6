/*
 * What a listing demands of a booking at the moment of a write: its rules, its prices, the clock.
 *
 * Purpose: a path begins with it. Ownership: everything in the arena of the call's context.
 * Invariants: terms_lock locks the listing's row, so that bookings, changes of rules and the daemon's own work on one
 * listing run one after the other; the clock is read once, after the lock is held, so that it is not before the commit
 * of the transaction that held it. What shares walls with a listing (migration 0023_shared_walls.sql) is locked with
 * it, all in the order of ids; of a listing that shares none this takes no statement more. Use: paths lock by due_lock
 * (booking/store/due.h), which also ends what has expired.
 */
#ifndef EVENTLOOP_EVENTS_TERMS_H
#define EVENTLOOP_EVENTS_TERMS_H

#include "availability/rules.h"
#include "pricing/pricing.h"
#include "rpc/call.h"

struct terms {
	const char *listing_id, *company_id;
	bool on_offer; /* published, by a company that is not suspended */
	bool due;      /* a hold or request of it has expired and is not ended yet (booking/store/due.h) */
	int64_t now;   /* wall microseconds */
	struct booking_rules rules;
	struct pricing pricing;
	const char *closed_by; /* of projection_time (projection/projection.h) */
	const char
	    *space_ids; /* of all that are connected by walls, itself included, a PostgreSQL array; NULL: none are */
	const char *shared_ids; /* of those whose time changes with what is written of it, itself included; likewise */
};

/* Locks the listing for the transaction, and ends nothing. -1 with not_found, or an error of the database. */
int terms_lock(struct rpc_call *call, struct pg_tx *tx, const char *listing_id,
	       struct terms *ret) MAY_SUSPEND MUST_CHECK;

/* Locks several listings, each of which may be named more than once, in the order of their ids, so that nobody waits in
 * a circle. ret: one for each id, with one clock, which was read when all were locked; listing_id is NULL where there
 * is no such listing. -1 with an error of the database. */
int terms_lock_many(struct rpc_call *call, struct pg_tx *tx, const char *const *listing_ids, size_t count,
		    struct terms *ret) MAY_SUSPEND MUST_CHECK;

/* Reads one that is locked already, as part of a space. */
int terms_locked(struct rpc_call *call, struct pg_tx *tx, const char *listing_id,
		 struct terms *ret) MAY_SUSPEND MUST_CHECK;

/* The same without a lock and without ending anything, for reads. */
int terms_read(struct rpc_call *call, const char *listing_id, struct terms *ret) MAY_SUSPEND MUST_CHECK;

/* An instant (wall microseconds) as PostgreSQL and JSON read it, in the arena of the call's context. */
const char *terms_time(struct rpc_call *call, int64_t instant);

#endif
