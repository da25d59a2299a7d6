/*
 * How much of a listing, and of holds, one user may have at a time.
 *
 * Invariants: counted under the listing's lock; those about holds of all listings also under a lock of the user, taken
 * before the listing's, so that two holds at once are counted one after the other and never wait in a circle.
 */
#ifndef EVENTLOOP_EVENTS_LIMITS_H
#define EVENTLOOP_EVENTS_LIMITS_H

#include "booking/store/terms.h"
#include "booking/store/wish.h"

/* What the rules of the listing allow a user (bookings at a time and a day, time a day, a gap between two). without: a
 * booking that does not count, or NULL. -1 with precondition_failed, rule user_bookings, user_bookings_per_day,
 * user_time_per_day, user_gap. */
int limits_check(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		 const char *user_id, const char *without) MAY_SUSPEND MUST_CHECK;

/* Takes the user's lock; before the listing's. */
void limits_lock_user(struct rpc_call *call, struct pg_tx *tx, const char *user_id);

/* One live hold a listing, five in all, and none on time that the user held within the last 30 minutes. -1 with
 * precondition_failed, rule hold_limit or hold_again. */
int limits_check_holds(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		       const char *user_id) MAY_SUSPEND MUST_CHECK;

#endif
