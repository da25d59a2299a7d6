/*
 * Sessions as their owners and administrators see them: the methods passport.session.*.
 *
 * Invariants: only active sessions are shown; a session of another user is not_found.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_LIST_H
#define EVENTLOOP_PASSPORT_SESSIONS_LIST_H

#include "rpc/call.h"

/* passport.session.list: of the caller, or (administrators) of another user. */
int session_list(struct rpc_call *call) MAY_SUSPEND;

/* passport.session.revoke: ends one of the caller's own. */
int session_revoke(struct rpc_call *call) MAY_SUSPEND;

/* passport.session.revoke_others: ends all of the caller's sessions except the one that calls. */
int session_revoke_others(struct rpc_call *call) MAY_SUSPEND;

/* passport.session.revoke_all: an administrator ends all of a user. */
int session_revoke_all(struct rpc_call *call) MAY_SUSPEND;

#endif
