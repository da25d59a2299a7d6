/*
 * Changes the address of an account.
 *
 * Invariants: the address switches when the letter to the new one is answered, never before; the old one is told then.
 * Asking never looks at whether the new address has an account. A password reset under way for the old address is void
 * after the switch. A letter is valid only while the password that asked for it is; after a change of the password it
 * is void, also when it is written or sent again later.
 */
#ifndef EVENTLOOP_PASSPORT_ACCOUNTS_EMAIL_CHANGE_H
#define EVENTLOOP_PASSPORT_ACCOUNTS_EMAIL_CHANGE_H

#include "rpc/call.h"

struct one_time_token;

/* Queues the letter to the new address in tx. The caller has proved the password, which was set at
 * password_changed_at, and counted the letter. */
void email_change_request(struct rpc_call *call, struct pg_tx *tx, const char *email, const char *password_changed_at);

/* Switches the address to that of the token, which was taken in tx. -1 with conflict, reason `email_taken`, when
 * another account has it by now, or precondition_failed, rule `token`, when the account is gone or its password has
 * changed. */
int email_change_finish(struct rpc_call *call, struct pg_tx *tx,
			const struct one_time_token *token) MAY_SUSPEND MUST_CHECK;

#endif
