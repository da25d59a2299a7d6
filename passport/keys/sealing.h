/*
 * Sealing: authenticated encryption of stored bytes under the daemon's master key.
 *
 * Purpose: a copy of the database alone is not enough to sign tokens.
 * Invariants: sealing uses the current key; opening tries the previous one as well, so that the key can be changed
 * while replicas run (see master_key_command.h and docs/operating.md). Format: 12 bytes nonce, ciphertext, 16 bytes
 * tag; AES-256-GCM (NIST SP 800-38D). The label (what it is) is authenticated. Ownership: results are in the context's
 * arena.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_SEALING_H
#define EVENTLOOP_PASSPORT_KEYS_SEALING_H

#include "base/context.h"

#include <stdbool.h>
#include <stddef.h>

#define MASTER_KEY_SIZE 32

struct master_key {
	unsigned char bytes[MASTER_KEY_SIZE];
	unsigned char previous[MASTER_KEY_SIZE];
	bool has_previous;
};

/* Reads a key from its base64url text, and the one before it (NULL or "": none); -1 with a cause when one is not 32
 * bytes. */
int master_key_parse(struct context *ctx, const char *text, const char *previous, struct master_key *ret) MUST_CHECK;

/* Seals the bytes. NULL with `internal` when OpenSSL refuses. */
unsigned char *seal(struct context *ctx, const struct master_key *key, const char *label, const void *bytes,
		    size_t length, size_t *ret_length) MUST_CHECK;

/* Opens what seal made; a NUL follows the bytes. NULL with `internal` when key, label or bytes differ. */
char *unseal(struct context *ctx, const struct master_key *key, const char *label, const unsigned char *sealed,
	     size_t length, size_t *ret_length) MUST_CHECK;

/* HMAC-SHA-256 of label and bytes under the master key: for values that only this installation can derive. To derive
 * values of the time before a change of the key, use master_key_previous. */
void master_key_derive(const struct master_key *key, const char *label, const void *bytes, size_t length,
		       unsigned char ret[static 32]);

/* The previous key as one of its own; false when there is none. */
bool master_key_previous(const struct master_key *key, struct master_key *ret);

#endif
