/*
 * What bookings made together have in common until they are confirmed: each owner answers for its own, and they are
 * confirmed together or end together.
 *
 * Ownership: all in the arena of the call's context. Invariants: which bookings a group has never changes, so it may be
 * read before its listings are locked, all of them in order; all its requests expire at one moment, each by itself.
 * Use: the handlers of single bookings come here for a request that has a group (struct booking_party).
 */
#ifndef EVENTLOOP_EVENTS_GROUP_H
#define EVENTLOOP_EVENTS_GROUP_H

#include "booking/store/row.h"
#include "booking/store/store.h"

struct group {
	size_t count;
	struct booking_row *rows;
	struct terms *terms; /* of each */
	size_t own;	     /* which of them the call is about */
};

/* Opens the call's transaction, locks all listings of the party's group and reads its bookings; refuses a stale
 * params.version. NULL as from rpc_begin. */
struct pg_tx *group_begin(struct rpc_call *call, const struct booking_party *party, struct group *ret) MAY_SUSPEND;

/* Notes that its own owner agrees (patch: members of the row), and confirms all when nobody else has to. Replies. -1
 * with an error. */
int group_agree(struct rpc_call *call, struct pg_tx *tx, const struct group *group,
		const char *patch) MAY_SUSPEND MUST_CHECK;

/* Ends all requests of it: the own one by the update, the others by the cause, with those members of the row ("" for
 * none). Replies. -1 with an error. */
int group_end(struct rpc_call *call, struct pg_tx *tx, const struct group *group, const struct booking_update *update,
	      enum booking_cause others, const char *members) MAY_SUSPEND MUST_CHECK;

/* Writes one step of its own booking and nothing else. Replies. -1 with an error. */
int group_step(struct rpc_call *call, struct pg_tx *tx, const struct group *group,
	       const struct booking_update *update) MAY_SUSPEND MUST_CHECK;

#endif
