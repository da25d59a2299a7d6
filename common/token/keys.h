/*
 * A verifier's copy of the issuer's keys: fetched from its JWKS in the background, kept while the issuer is down.
 *
 * Purpose: a rotation of keys is seen before the first token signed by the new key arrives, or at the latest with it.
 * Ownership: the keys belong to one thread. A fetch under way when they are freed ends by itself at the loop's next
 * pass. Invariants: fetched at once, then every 5 minutes; after a failure again in 1 s, doubling to 30 s; for an
 * unknown kid at most once in 10 s, by one fetch that all who need it wait for; a failed fetch, or one that brought no
 * usable key, changes nothing (a cache that dropped its keys would refuse every token).
 */
#ifndef EVENTLOOP_TOKEN_KEYS_H
#define EVENTLOOP_TOKEN_KEYS_H

#include "base/context.h"
#include "base/macros.h"
#include "token/jwks.h"

#include <stddef.h>
#include <stdint.h>

#define TOKEN_KEYS_LIFETIME (300 * CLOCK_SECOND)
#define TOKEN_KEYS_MIN_INTERVAL (10 * CLOCK_SECOND) /* between fetches for unknown kids */
#define TOKEN_KEYS_FRESH (1 * CLOCK_SECOND)	    /* of a text that is shown to others */

struct http_client;
struct token_keys;

struct token_keys_options {
	const char *url;		 /* NULL: keys come from token_keys_set alone */
	struct http_client *http;	 /* borrowed until token_keys_free and the loop's next pass */
	void (*changed)(void *argument); /* a key went away or became another one */
	void *argument;
	int64_t lifetime;     /* microseconds; 0: TOKEN_KEYS_LIFETIME */
	int64_t min_interval; /* microseconds; 0: TOKEN_KEYS_MIN_INTERVAL */
};

/* NULL when no coroutine can be started. */
struct token_keys *token_keys_new(const struct token_keys_options *options);

/* Frees the keys. In a coroutine it waits until a fetch under way has been broken off; outside one, that ends at the
 * loop's next pass. Nobody may be waiting for a key. Accepts NULL. */
void token_keys_free(struct token_keys *keys) MAY_SUSPEND;

/* Replaces them by a JWKS text; -1 with `unavailable` and a cause when it is not one: the old ones stay. */
int token_keys_set(struct token_keys *keys, struct context *ctx, const char *jwks, size_t length) MUST_CHECK;

/* The key of that kid for that algorithm, borrowed until the next wait. May wait for a fetch when the kid is unknown.
 * NULL with unauthenticated (unknown_key), unavailable (no keys yet, reason keys) or the end of the context's time. */
EVP_PKEY *token_keys_get(struct context *ctx, struct token_keys *keys, const char *kid,
			 enum jwt_algorithm algorithm) MAY_SUSPEND MUST_CHECK;

/* The issuer that the set names, see jwks_issuer; borrowed until the next wait. */
const char *token_keys_issuer(const struct token_keys *keys, const char *issuer);

/* The text of the set, borrowed until the next wait, or NULL when there is none yet. A set fetched more than a second
 * ago is fetched again first, waiting at most half a second; between retries of a failed fetch it does not wait. */
const char *token_keys_text(struct context *ctx, struct token_keys *keys, size_t *ret_length) MAY_SUSPEND;

/* Fetches begun. */
uint64_t token_keys_fetches(const struct token_keys *keys);

#endif
