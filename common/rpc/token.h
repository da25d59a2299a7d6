/*
 * Access tokens: JWTs by RFC 9068, signed by passport, verified here by every daemon and the gateway.
 *
 * Purpose: token_verify turns a compact JWT into an identity without a call per request.
 * Ownership: one verifier a thread; it owns the key set and the cache of verified tokens.
 * Invariants: the algorithm comes from an allow-list (ES256, RS256), never from the token alone; keys only from the
 * configured issuer's JWKS by `kid`; jku, x5u, jwk and crit are refused; typ, iss, aud, exp, nbf are checked with 30 s of
 * skew. A verified token is remembered under a keyed hash until it expires. The key set is fetched in the background,
 * refetched on an unknown kid at most once in 10 s, and survives passport being down.
 * Source: RFC 7515, 7517, 7519, 8725, 9068.
 */
#ifndef EVENTLOOP_RPC_TOKEN_H
#define EVENTLOOP_RPC_TOKEN_H

#include "base/context.h"
#include "rpc/identity.h"

#include <stddef.h>

struct http_client;
struct token_verifier;

struct token_verifier_options {
	const char *issuer;       /* expected `iss` */
	const char *audience;     /* expected `aud` ("eventloop") */
	const char *jwks_url;     /* passport's /.well-known/jwks.json; NULL when keys are set by token_verifier_set_keys */
	struct http_client *http; /* fetches it; borrowed */
	size_t cache_size;        /* verified tokens remembered; 0: 4096 */
};

struct token_verifier *token_verifier_new(const struct token_verifier_options *options);
void token_verifier_free(struct token_verifier *verifier);

/* Replaces the key set by a JWKS text (passport itself; tests). -1 with a cause when it is not one. */
int token_verifier_set_keys(struct token_verifier *verifier, struct context *ctx, const char *jwks, size_t length)
        MUST_CHECK;

/* Verifies the compact token. Returns a borrowed identity, valid for the current request, or NULL with `unauthenticated`
 * and a reason: malformed, algorithm, unknown_key, signature, type, issuer, audience, expired, not_yet_valid, revoked.
 * Suspends only to fetch keys for an unknown kid. */
const struct identity *token_verify(struct context *ctx, struct token_verifier *verifier, const char *token,
                                    size_t length) MAY_SUSPEND MUST_CHECK;

/* Forgets remembered tokens of a session (or of a user, when session is NULL) that were issued before `before` (wall
 * microseconds), and refuses them from now on until they would have expired. */
void token_verifier_revoke(struct token_verifier *verifier, const char *user_id, const char *session, int64_t before);

/* For metrics and tests. */
struct token_verifier_stats {
	uint64_t hits, misses, failures, fetches;
	size_t remembered;
};
void token_verifier_stats(const struct token_verifier *verifier, struct token_verifier_stats *ret);

#endif
