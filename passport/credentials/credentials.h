/*
 * Proving a password.
 *
 * Purpose: one check for all that ask for a password (logging in, authenticating again, changing it), with the
 * throttles of login_guard.h around it.
 * Invariants: at the login an unknown address, a wrong password and a locked account are the same error after the same
 * work: one look-up, one count, one Argon2. Only with the right password is more told (a suspended account).
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_H

#include "credentials/login_guard.h"

/* Whose password was right. Texts in the context. */
struct credentials {
	const char *user_id;
	const char *password_hash;
	const char *password_changed_at; /* for credentials_lock */
	bool suspended;
	bool known_network; /* the user has logged in from the caller's network before */
	bool second_factor; /* a code was needed too when it was read: see credentials_lock */
	struct guard_try attempt;
};

/* Proves params.password for params.email. The caller must call guard_forget_in in the transaction that the password
 * was proved for. -1 with unauthenticated, reason `credentials`; forbidden, reason `suspended`; rate_limited;
 * overloaded. */
int credentials_of_address(struct rpc_call *call, struct credentials *ret) MAY_SUSPEND MUST_CHECK;

/* Proves a password for the caller. Errors as above, but forbidden, reason `wrong_password`, for a wrong one;
 * forbidden, reason `impersonation`, for an administrator who acts as the user: only the user may do what needs the
 * password.
 */
int credentials_of_caller(struct rpc_call *call, const char *password, struct credentials *ret) MAY_SUSPEND MUST_CHECK;

/* Locks the user in tx until it ends. *ret_second_factor (NULL: not asked for): a code is needed too, now. -1 as for a
 * wrong password when the user was suspended or the password changed since `password_changed_at` was read. */
int credentials_lock(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *password_changed_at,
		     bool *ret_second_factor) MAY_SUSPEND MUST_CHECK;

/* What was wrong. */
enum credential { CREDENTIAL_PASSWORD, CREDENTIAL_CODE };

/* Sets the error for a wrong credential: unauthenticated, reason `credentials`, at a login, whatever was wrong;
 * forbidden, reason `wrong_password` or `wrong_code`, where the caller is logged in already, since clients take
 * unauthenticated for a token to be refreshed. Returns -1. */
int credentials_wrong(struct rpc_call *call, enum credential what);

#endif
