/*
 * The second factor: a code of an authenticator app, or a recovery code.
 *
 * Invariants: every code is good once: the step of the last one accepted is kept, and compared under the lock of the
 * user's row, so of many callers with the same code only one succeeds. Wrong codes are throttled for each account.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_SECOND_FACTOR_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_SECOND_FACTOR_H

#include "credentials/login_guard.h"
#include "rpc/call.h"

/* Counts a try at the user's codes. *ret_try: for guard_forget_in; *ret_locked: too many were wrong, so treat this one
 * as wrong. Not in a transaction. */
int second_factor_count(struct rpc_call *call, const char *user_id, struct guard_try *ret_try,
			bool *ret_locked) MAY_SUSPEND MUST_CHECK;

/* Takes the code in tx; the caller has locked the user. *ret_method: "otp" or "recovery". -1 with the error of
 * credentials_wrong (credentials.h) when it is wrong, was used before, or the user has no second factor. */
int second_factor_take(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *code,
		       const char **ret_method) MAY_SUSPEND MUST_CHECK;

#endif
