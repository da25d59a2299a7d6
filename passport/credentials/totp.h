/*
 * Authenticator apps: the methods passport.totp.*.
 *
 * Purpose: enroll makes a secret, confirm proves that an app has it and turns the second factor on; from then on a
 * login asks for a code. Invariants: the secret is sealed at rest and shown once; a user's rows change under the lock
 * of the user; every change is audited, and the user gets a letter.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_TOTP_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_TOTP_H

#include "rpc/call.h"

/* What totp.secret_sealed is sealed as (sealing.h). */
#define TOTP_SECRET_LABEL "totp.secret"

/* passport.totp.get: whether the caller has a second factor. */
int totp_get(struct rpc_call *call) MAY_SUSPEND;

/* passport.totp.enroll: a new secret for the caller's app, not asked for yet. */
int totp_enroll(struct rpc_call *call) MAY_SUSPEND;

/* passport.totp.confirm: turns it on. */
int totp_confirm(struct rpc_call *call) MAY_SUSPEND;

/* passport.totp.disable: turns it off, for the caller or (administrators) for another user. */
int totp_disable(struct rpc_call *call) MAY_SUSPEND;

/* passport.totp.recovery_codes: new recovery codes. */
int totp_recovery_codes(struct rpc_call *call) MAY_SUSPEND;

/* Looks for the step whose code is `code` under the sealed secret (in hexadecimal), after the step `after`. *ret_step:
 * 0 when there is none. */
int totp_find(struct rpc_call *call, const char *sealed, const char *code, int64_t after, int64_t *ret_step) MUST_CHECK;

#endif
