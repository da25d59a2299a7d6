/*
 * A cache of verified tokens, until they expire.
 *
 * Purpose: a known token costs a hash and a comparison instead of a signature.
 * Ownership: the cache owns entries by reference count; a found entry stays valid, whatever is evicted meanwhile, until
 * the context it was found with ends.
 * Invariants: bounded (8-way set-associative; a full set evicts expired entries first, then the least recently used); a
 * token is found only when all its bytes are equal; the hash is keyed, so nobody can fill one set on purpose. One
 * thread.
 */
#ifndef EVENTLOOP_TOKEN_CACHE_H
#define EVENTLOOP_TOKEN_CACHE_H

#include "base/context.h"
#include "base/macros.h"
#include "token/identity.h"

#include <stddef.h>
#include <stdint.h>

struct token_cache;

/* What a verified token says, and what is checked at each use. */
struct token_entry {
	struct identity identity;
	int64_t expires;   /* wall microseconds, skew included: not found from then on */
	uint64_t revision; /* of the revocations it was last checked against */
	size_t references; /* private to the cache */
	size_t length;	   /* of the token */
	const char *token; /* its bytes, behind this struct */
};

/* size: tokens remembered, rounded up to a power of 2 of at least 8. */
struct token_cache *token_cache_new(size_t size);

/* Frees it. Accepts NULL. */
void token_cache_free(struct token_cache *cache);

/* A token with its hash, so that its 800 characters are hashed once. Borrows the text. */
struct token_text {
	const char *text;
	size_t length;
	uint64_t hash;
};
struct token_text token_text_of(const char *token, size_t length);

/* Finds the token, unless it has expired at `now` (wall microseconds). Held for ctx; NULL when it is unknown. */
struct token_entry *token_cache_find(struct context *ctx, struct token_cache *cache, const struct token_text *token,
				     int64_t now) MUST_CHECK;

/* Remembers a token that was not found, and what it says, until `expires`; the texts of the identity are copied.
 * Returns its entry, held for ctx. */
struct token_entry *token_cache_add(struct context *ctx, struct token_cache *cache, const struct token_text *token,
				    const struct identity *identity, int64_t expires);

/* Forgets one token, or all. */
void token_cache_remove(struct token_cache *cache, const struct token_entry *entry);
void token_cache_clear(struct token_cache *cache);

/* Tokens remembered, the expired ones that nobody replaced yet among them. */
size_t token_cache_count(const struct token_cache *cache);

#endif
