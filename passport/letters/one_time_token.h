/*
 * Tokens good for one use: in letters (verify an address, reset a password) and between two calls (second factor).
 *
 * Invariants: only the hash is kept; for a purpose and a subject only the newest is valid; taking a token deletes it
 * when the transaction commits, and of several simultaneous callers only one gets it. Tries at a token are counted, so
 * that what must be sent with it (a code of six digits, a password) cannot be guessed.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_ONE_TIME_TOKEN_H
#define EVENTLOOP_PASSPORT_LETTERS_ONE_TIME_TOKEN_H

#include "rpc/call.h"

#define ONE_TIME_TOKEN_TRIES "5"

struct one_time_token {
	const char *purpose; /* "password_reset" */
	const char *subject; /* a user's or registration's id */
	int64_t lifetime;    /* microseconds; only to make one */
	const char *data;    /* JSON object text, or NULL for none */
};

/* Makes a token and keeps its hash in tx. Returns its text (43 characters) in ctx's arena; NULL with an error. */
const char *one_time_token_make(struct context *ctx, struct pg_tx *tx,
				const struct one_time_token *token) MAY_SUSPEND MUST_CHECK;

/* Takes the token. 0 with *ret, texts in the context; -1 with precondition_failed, rule `token`, when it is none that
 * is valid now, or with an error of the database. */
int one_time_token_take(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
			struct one_time_token *ret) MAY_SUSPEND MUST_CHECK;

/* The same for a token whose subject is a user, which it locks first, until tx ends: all changes of a user lock the
 * account's row before those of its tokens, which avoids deadlocks. */
int one_time_token_take_of_user(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
				struct one_time_token *ret) MAY_SUSPEND MUST_CHECK;

/* Counts a try and leaves the token, locked until tx ends. The caller commits also when the try fails. After
 * ONE_TIME_TOKEN_TRIES it is as if it did not exist. Errors as one_time_token_take. */
int one_time_token_try(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
		       struct one_time_token *ret) MAY_SUSPEND MUST_CHECK;

/* After an error of the check of what was sent with the token: when the daemon was overloaded, nothing was verified and
 * the try is not counted. Not within a transaction. The error in the context stays. Returns -1. */
int one_time_token_fail(struct rpc_call *call, const char *purpose, const char *text) MAY_SUSPEND;

/* Sets the error for an invalid token, or one whose subject is gone: precondition_failed, rule `token`. Returns -1.
 */
int one_time_token_refuse(struct rpc_call *call);

#endif
