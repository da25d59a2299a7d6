/*
 * What the staff of the platform does to accounts: suspends and restores them, grants and revokes roles.
 *
 * Invariants: a suspended user has no session and can open none; tokens with outdated claims are void from the commit
 * on; there is always an active administrator. Nobody can suspend themselves, and a moderator cannot suspend an
 * administrator.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_USER_STATE_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_USER_STATE_H

#include "rpc/call.h"

int user_suspend(struct rpc_call *call) MAY_SUSPEND;
int user_restore(struct rpc_call *call) MAY_SUSPEND;
int user_grant_role(struct rpc_call *call) MAY_SUSPEND;
int user_revoke_role(struct rpc_call *call) MAY_SUSPEND;

/* To be called before an administrator is suspended, erased or loses the role: 0 when another active one stays, and no
 * other such change can happen until tx ends; -1 with precondition_failed, rule last_admin. */
int user_keep_administrator(struct rpc_call *call, struct pg_tx *tx, const char *user_id) MAY_SUSPEND MUST_CHECK;

#endif
