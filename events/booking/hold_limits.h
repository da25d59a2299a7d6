/*
 * How many holds one user may have at a time.
 *
 * Invariants: counted under a lock of the user, taken before the listing's, so that two holds at once are counted one
 * after the other and never wait in a circle.
 */
#ifndef EVENTLOOP_EVENTS_HOLD_LIMITS_H
#define EVENTLOOP_EVENTS_HOLD_LIMITS_H

#include "booking/store/terms.h"
#include "booking/store/wish.h"

/* Takes the user's lock; before the listing's. */
void hold_limits_lock(struct rpc_call *call, struct pg_tx *tx, const char *user_id);

/* One live hold a listing, five in all, and none on time that the user held within the last 30 minutes. -1 with
 * precondition_failed, rule hold_limit or hold_again. */
int hold_limits_check(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		      const char *user_id) MAY_SUSPEND MUST_CHECK;

#endif
