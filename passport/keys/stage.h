/*
 * The stages of a signing key: published (verifiers may fetch it), signing (one), retired (shown until the last token
 * it signed has expired), gone.
 *
 * Purpose: a rotation that no request notices. A key signs only after every verifier had the time to fetch it, and
 * leaves the JWKS only after every token it signed has expired.
 * Invariants: every change happens in a transaction that holds the lock of key_stage_lock, so that replicas take turns;
 * at most one key is published and at most one signs; the private key of a retired pair is destroyed. Every change ends
 * with a notification on KEY_CHANNEL, which the rings of all replicas wait for.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_STAGE_H
#define EVENTLOOP_PASSPORT_KEYS_STAGE_H

#include "base/context.h"
#include "base/macros.h"

#include <stdint.h>

#define KEY_CHANNEL "passport_signing_key"
#define KEYS_MAX "8" /* with that many no rotation begins, since the JWKS is fetched often */

/* A signing_key k as the API shows it. */
#define KEY_JSON                                                                                               \
	"jsonb_build_object('kid', k.kid, 'algorithm', k.algorithm, 'state', k.state, 'created_at', "          \
	"api_time(k.created_at), 'signing_at', api_time(k.signing_at), 'retired_at', api_time(k.retired_at), " \
	"'leaves_at', api_time(k.leaves_at))"

struct config;
struct master_key;
struct pg;
struct pg_result;
struct pg_tx;

/* How keys come and go, from the settings. Microseconds. */
struct key_policy {
	const char *algorithm;	 /* of keys made by automatic rotation */
	int64_t publish_delay;	 /* a new key is published so long before it signs */
	int64_t rotation;	 /* a key that signed so long is replaced; 0: never by itself */
	int64_t retention;	 /* a retired key is published so long */
	int64_t reload_interval; /* replicas look for changes so often when no notification reaches them */
};
void key_policy_read(const struct config *config, struct key_policy *ret);

/* Takes the lock until the transaction ends. */
int key_stage_lock(struct context *ctx, struct pg_tx *tx) MAY_SUSPEND MUST_CHECK;

/* Makes a key that signs after `delay` microseconds; with 0 it signs as soon as the transaction commits, and no other
 * may be signing. Row: KEY_JSON. NULL with the error in ctx. */
struct pg_result *key_stage_make(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
				 const char *algorithm, int64_t delay) MAY_SUSPEND MUST_CHECK;

/* Tells all rings once tx commits (queued). */
void key_stage_notify(struct context *ctx, struct pg_tx *tx);

/* *ret_wait: microseconds until a key has to change its state; 0 when one is due, INT64_MAX when none ever is. 0, or -1
 * with the error in ctx. */
int key_stage_next(struct context *ctx, struct pg *db, const struct key_policy *policy,
		   int64_t *ret_wait) MAY_SUSPEND MUST_CHECK;

/* Takes the steps that are due: retires and signs, removes, begins an automatic rotation. */
int key_stage_advance(struct context *ctx, struct pg *db, const struct master_key *master,
		      const struct key_policy *policy) MAY_SUSPEND MUST_CHECK;

/* Makes the first key when there is none. */
int key_stage_begin(struct context *ctx, struct pg *db, const struct master_key *master,
		    const char *algorithm) MAY_SUSPEND MUST_CHECK;

#endif
