/*
 * Signing keys: made by passport, private keys encrypted at rest, public keys published as a JWKS (RFC 7517).
 *
 * Purpose: tokens are signed with the one key in state `signing`; `published` and `retired` ones are only shown.
 * Ownership: one key ring (the keys in memory) a thread; it copies what it needs out of the database.
 * Invariants: a database without a signing key gets one, whichever replica comes first; the ring is reloaded in the
 * background (keys/keeper.h), so a rotation by another replica (keys/stage.h) is seen at once, or at the latest after
 * key_reload_interval.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_KEY_H
#define EVENTLOOP_PASSPORT_KEYS_KEY_H

#include "base/context.h"
#include "base/macros.h"

/* The label under which private keys are sealed (sealing.h). */
#define KEY_PRIVATE_LABEL "signing_key.private"

struct daemon_worker;
struct jws_key;
struct key_ring;
struct master_key;

/* Makes the first key when there is none, then loads all, and the issuers with them. The worker's verifier is given the
 * public keys at every load. NULL with the error in ctx. */
struct key_ring *key_ring_new(struct context *ctx, struct daemon_worker *worker,
			      const struct master_key *master) MAY_SUSPEND MUST_CHECK;
void key_ring_free(struct key_ring *ring);

/* Loads the keys again; keeps the old ones when that fails. */
int key_ring_reload(struct context *ctx, struct key_ring *ring) MAY_SUSPEND MUST_CHECK;

/* The key that signs; borrowed until the next wait. */
const struct jws_key *key_ring_signing(const struct key_ring *ring);

/* The `iss` of tokens, as a JSON string; borrowed until the next wait. */
const char *key_ring_issuer(const struct key_ring *ring);

/* The public keys as a JWKS text, with the issuers whose tokens they verify, the present one first, as a member of our
 * own, `issuers` (RFC 7517 section 5 has others ignore it). Borrowed until the next wait. */
const char *key_ring_jwks(const struct key_ring *ring);

#endif
