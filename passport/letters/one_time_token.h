/*
 * Tokens good for one use: in letters (verify an address, reset a password) and between two calls (second factor).
 *
 * Invariants: only the hash is kept; of a purpose and a subject the newest counts; a token that is taken is gone once
 * the transaction commits, and of several callers who take it at once one gets it. Tries at a token are counted, so
 * that what is asked for beside it (a code of six digits, a password) cannot be guessed.
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

/* The same for a token whose subject is a user, whom it locks before, until tx ends: whoever changes a user takes the
 * account's row before those of its tokens, so that nobody waits for another in a circle. */
int one_time_token_take_of_user(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
				struct one_time_token *ret) MAY_SUSPEND MUST_CHECK;

/* Counts a try and leaves the token, locked until tx ends. The caller commits also when the try fails. After
 * ONE_TIME_TOKEN_TRIES it is as if it did not exist. Errors as one_time_token_take. */
int one_time_token_try(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
		       struct one_time_token *ret) MAY_SUSPEND MUST_CHECK;

/* After an error of what verifies the thing beside a token that was tried: when the daemon was overloaded, nothing was
 * verified and the try does not count. Not within a transaction. The error in the context stays. Returns -1. */
int one_time_token_fail(struct rpc_call *call, const char *purpose, const char *text) MAY_SUSPEND;

/* The error for a token that is none: precondition_failed, rule `token`. Also for one whose subject is gone. Returns
 * -1.
 */
int one_time_token_refuse(struct rpc_call *call);

#endif
