/*
 * The companies of a user who leaves for good.
 *
 * Invariants: companies are locked in the order of their ids, before any user, and all of them before the first is
 * changed.
 */
#ifndef EVENTLOOP_PASSPORT_COMPANIES_USER_COMPANIES_H
#define EVENTLOOP_PASSPORT_COMPANIES_USER_COMPANIES_H

#include "companies/membership.h"
#include "rpc/call.h"

#include <stdbool.h>
#include <stddef.h>

/* What user_companies_lock has locked, in the call's arena. */
struct user_companies {
	struct membership *memberships;
	bool *is_lonely; /* nobody else belongs to it */
	size_t count;
};

/* Whether the calling user may leave all companies: 0, or -1 with precondition_failed, rule last_owner, and
 * `companies`: those without another owner that have other members or, as events says, listings. */
int user_companies_check(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;

/* Locks the calling user's companies in tx. -1 with precondition_failed, rule last_owner, when one has other members
 * but no other owner by now. */
int user_companies_lock(struct rpc_call *call, struct pg_tx *tx, struct user_companies *ret) MAY_SUSPEND MUST_CHECK;

/* With the user's row locked: 0 when the companies are still the same, or -1 with conflict (reason memberships) when
 * the user has joined or made one since. From here to the end of tx that cannot happen. */
int user_companies_unchanged(struct rpc_call *call, struct pg_tx *tx,
			     const struct user_companies *companies) MAY_SUSPEND MUST_CHECK;

/* Ends the memberships in tx and suspends the companies that nobody else belongs to. Takes the lock that orders
 * revocations, so lock everything else before. */
int user_companies_leave(struct rpc_call *call, struct pg_tx *tx,
			 const struct user_companies *companies) MAY_SUSPEND MUST_CHECK;

#endif
