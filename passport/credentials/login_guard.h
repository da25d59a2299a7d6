/*
 * The throttles of everything that proves a password or a code.
 *
 * Purpose: two limits. One per network: the caller gets an error before any expensive work. One per account, silent:
 * beyond it the answer and the work stay the same and every password or code is wrong, so that neither guessing nor the
 * lock itself tells anything; the same for known and unknown addresses.
 * Invariants: a try is counted before it is verified, so simultaneous tries are all counted. A network from which the
 * user has logged in within 30 days has a count of its own, so strangers elsewhere do not lock the owner out (the idea
 * of OWASP's device cookies, without the cookie). The owner gets a letter once a lock. Use: guard_network, then
 * guard_count, verify, and after a success guard_forget or guard_forget_in. Not within a transaction, except
 * guard_forget_in: each takes a connection of its own.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_LOGIN_GUARD_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_LOGIN_GUARD_H

#include "rpc/call.h"

/* What is tried. */
enum guard_subject { GUARD_PASSWORD, GUARD_CODE };

/* One try at an account. */
struct guard_try {
	enum guard_subject subject;
	const char *account; /* what the count is kept under: a folded address (password), a user's id (code) */
	const char *user_id; /* NULL: there is no such account */
	bool known_network;
};

/* SQL: whether the user u has logged in from the network (a parameter, "$2") within 30 days. */
#define GUARD_KNOWN_NETWORK(parameter)                                                                    \
	"EXISTS (SELECT FROM known_network n WHERE n.user_id = u.id AND n.network = " parameter "::text " \
	"AND n.last_login_at > now() - interval '30 days')"

/* Counts a try of the caller's network. -1 with rate_limited. */
int guard_network(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;

/* Counts a try at an account. *ret_locked: the account is locked, so treat any password or code as wrong. */
int guard_count(struct rpc_call *call, const struct guard_try *attempt, bool *ret_locked) MAY_SUSPEND MUST_CHECK;

/* After an error of the verification: when the daemon was overloaded, nothing was verified and the try is not counted,
 * since a user who retries as told would be locked out. The error in the context stays. Returns -1. */
int guard_fail(struct rpc_call *call, const struct guard_try *attempt) MAY_SUSPEND;

/* Forgets the tries at the account: the secret was right. */
int guard_forget(struct rpc_call *call, const struct guard_try *attempt) MAY_SUSPEND MUST_CHECK;

/* Forgets them in tx (queued). */
void guard_forget_in(struct rpc_call *call, struct pg_tx *tx, const struct guard_try *attempt);

/* Remembers in tx the caller's network as one from which the user has logged in (queued). */
void guard_remember_network(struct rpc_call *call, struct pg_tx *tx, const char *user_id);

#endif
