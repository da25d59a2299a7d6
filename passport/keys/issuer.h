/*
 * The issuer of tokens (`iss`): the present one, and the others that are still accepted.
 *
 * Purpose: the setting (token_issuer, or else public_url) may change without a request failing. Verifiers learn the
 * issuers with the key set, so a change goes through the stages of a key: the new one is named in the key set for
 * key_publish_delay before tokens say it, and the old one until the last token that says it has expired.
 * Invariants: replicas with different settings agree through the table token_issuer; a database that knows none uses
 * the setting at once. Going back to the one before needs no wait.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_ISSUER_H
#define EVENTLOOP_PASSPORT_KEYS_ISSUER_H

#include "base/buffer.h"
#include "base/context.h"
#include "base/macros.h"

#include <stdint.h>

struct config;
struct pg;

/* How an issuer changes. Durations in microseconds. */
struct issuer_policy {
	const char *wanted;		  /* by the settings; borrowed from them */
	int64_t publish_delay, retention; /* of a key, see keys/stage.h */
};

/* Reads it from the settings. */
void issuer_policy_read(const struct config *config, struct issuer_policy *ret);

/* Adds the wanted issuer, deletes expired ones, and appends to `list` a JSON array of all, the one to use first.
 * Returns that one as a JSON string in ctx's arena; NULL with the error in ctx. */
const char *issuer_load(struct context *ctx, struct pg *db, const struct issuer_policy *policy,
			struct buffer *list) MAY_SUSPEND MUST_CHECK;

#endif
