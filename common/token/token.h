/*
 * Access tokens: JWTs by RFC 9068, signed by passport, verified here by every daemon and the gateway.
 *
 * Purpose: token_verify turns a compact JWT into an identity without a call per request.
 * Ownership: one verifier a thread; it owns the key set and the cache of verified tokens.
 * Invariants: the issuers are those that passport names beside its keys (`issuers` of its JWKS), so that a change of
 * the issuer is known everywhere before the first token says it; the algorithm comes from an allow-list (ES256, RS256),
 * never from the token alone; keys only from the configured issuer's JWKS by `kid`; jku, x5u, jwk and crit are refused;
 * typ, iss, aud, exp, nbf are checked with 30 s of skew. A verified token is remembered under a keyed hash until it
 * expires. The key set is fetched in the background, refetched every 5 minutes (or as set) and on an unknown kid at
 * most once in 10 s, and survives passport being down. Tokens that live longer than TOKEN_LIFETIME_MAX are refused,
 * which bounds how long revocations must be kept (token/revocation.h). Source: RFC 7515, 7517, 7519, 8725, 9068.
 */
#ifndef EVENTLOOP_TOKEN_TOKEN_H
#define EVENTLOOP_TOKEN_TOKEN_H

#include "base/context.h"
#include "token/identity.h"

#include <stddef.h>

#define TOKEN_SIZE_MAX 8192				  /* characters of a token */
#define TOKEN_SKEW (30 * CLOCK_SECOND)			  /* allowed between clocks */
#define TOKEN_LIFETIME_MAX (INT64_C(3600) * CLOCK_SECOND) /* exp - iat */

struct http_client;
struct token_verifier;

struct token_verifier_options {
	const char *issuer;   /* an expected `iss` beside those that the key set names; "" for none */
	const char *audience; /* expected `aud` ("eventloop") */
	const char *jwks_url; /* passport's /.well-known/jwks.json; NULL when keys are set by token_verifier_set_keys */
	struct http_client *http; /* fetches it; borrowed */
	size_t cache_size;	  /* verified tokens remembered; 0: 4096 */
	int64_t refetch;	  /* of the key set, microseconds; 0: every 5 minutes */
};

/* Texts are copied. With jwks_url it needs this thread's loop, and starts fetching. NULL when no coroutine can be
 * started. */
struct token_verifier *token_verifier_new(const struct token_verifier_options *options);
/* Frees it. In a coroutine it waits until a fetch under way has been broken off, outside one that ends at the loop's
 * next pass: free the http client after that. No verification may be waiting. Accepts NULL. */
void token_verifier_free(struct token_verifier *verifier) MAY_SUSPEND;

/* Replaces the key set by a JWKS text (passport itself; tests). -1 with a cause when it is not one or has no usable
 * key: the old set stays then. Remembered tokens are forgotten when a key is gone or has changed. */
int token_verifier_set_keys(struct token_verifier *verifier, struct context *ctx, const char *jwks,
			    size_t length) MUST_CHECK;

/* Verifies the compact token. Returns a borrowed identity, valid for the current request, or NULL with
 * `unauthenticated` and a reason: malformed, algorithm, unknown_key, signature, type, issuer, audience, expired,
 * not_yet_valid, revoked; or with `unavailable` (reason "keys") while no key set could be loaded yet. Suspends only to
 * fetch keys for an unknown kid. */
const struct identity *token_verify(struct context *ctx, struct token_verifier *verifier, const char *token,
				    size_t length) MAY_SUSPEND MUST_CHECK;

/* The `iss` of new tokens, "" when it is not known yet. Borrowed until the next wait. */
const char *token_verifier_issuer(const struct token_verifier *verifier);

/* The key set as passport shows it, not older than a second while passport can be reached; NULL when none came yet.
 * Borrowed until the next wait. */
const char *token_verifier_jwks(struct context *ctx, struct token_verifier *verifier, size_t *ret_length) MAY_SUSPEND;

/* For metrics and tests. */
struct token_verifier_stats {
	uint64_t hits, misses, failures, fetches; /* fetches: of key sets, begun */
	size_t remembered;
};
void token_verifier_stats(const struct token_verifier *verifier, struct token_verifier_stats *ret);

#endif
