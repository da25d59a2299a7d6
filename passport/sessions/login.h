/*
 * Logging in: passport.auth.login, passport.auth.second_factor, passport.auth.reauthenticate.
 *
 * Purpose: a password, and a code where the user has a second factor, become a session.
 * Invariants: the two calls of a login are linked by a challenge, a one-time token that is void after five tries or
 * five minutes. A session opens only under the lock of its user's row, while the user is active and the password is
 * still the one that was proved.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_LOGIN_H
#define EVENTLOOP_PASSPORT_SESSIONS_LOGIN_H

#include "rpc/call.h"

/* passport.auth.login: tokens, or a challenge. */
int auth_login(struct rpc_call *call) MAY_SUSPEND;

/* passport.auth.second_factor: tokens for a challenge and a code. */
int auth_second_factor(struct rpc_call *call) MAY_SUSPEND;

/* passport.auth.reauthenticate: the caller proves again who they are; their session's auth_time is now. */
int auth_reauthenticate(struct rpc_call *call) MAY_SUSPEND;

#endif
