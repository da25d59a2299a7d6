/*
 * Recovery codes: what logs a user in when the authenticator app is lost.
 *
 * Invariants: ten at a time, new ones void the old; shown once, kept as SHA-256 (80 random bits cannot be guessed, so a
 * fast hash will do); each is good for one use.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_RECOVERY_CODE_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_RECOVERY_CODE_H

#include "rpc/call.h"

/* Makes ten codes in tx (queued), in place of those that there were. Returns them as a JSON array. */
const char *recovery_codes_make(struct rpc_call *call, struct pg_tx *tx, const char *user_id);

/* Takes a code in tx, written in any way a person copies it. *ret_taken: it was valid. */
int recovery_code_take(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *code,
		       bool *ret_taken) MAY_SUSPEND MUST_CHECK;

#endif
