/*
 * Choosing another password: the methods passport.password.*.
 *
 * Invariants: after a change of the password the tokens issued so far are void, other sessions end (all of them after a
 * reset), and letters under way that could take the account (another reset, another address) are void. The owner is
 * told by a letter. Asking for a reset never looks at whether there is an account: it queues a letter, which is not
 * sent when there is none.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_PASSWORD_METHODS_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_PASSWORD_METHODS_H

#include "rpc/call.h"

/* passport.password.change: needs the current password. */
int password_change(struct rpc_call *call) MAY_SUSPEND;

/* passport.password.request_reset: a letter with a token. */
int password_request_reset(struct rpc_call *call) MAY_SUSPEND;

/* passport.password.reset: takes the token of that letter. */
int password_reset(struct rpc_call *call) MAY_SUSPEND;

#endif
