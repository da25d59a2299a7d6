/*
 * What the claims of a verified access token say (RFC 9068 section 2.2, RFC 7519 section 4.1; docs/identity.md).
 *
 * Invariants: iss, aud, exp and nbf are checked with TOKEN_SKEW; iat must not lie in the future and exp not further
 * than TOKEN_LIFETIME_MAX behind it; a user's sub, sid, act.sub and companies are UUIDs, sub and client_id are equal
 * for a service, and for a client, whose are a UUID, with one company and a scope; only users have sid and act, only
 * clients created_by. Roles and rights that this version does not know give nothing.
 */
#ifndef EVENTLOOP_TOKEN_CLAIMS_H
#define EVENTLOOP_TOKEN_CLAIMS_H

#include "base/context.h"
#include "base/macros.h"
#include "token/identity.h"

#include <json-c/json.h>
#include <stdint.h>

/* What a token must say. */
struct token_expectation {
	const char *issuer;
	const char *audience;
	int64_t now; /* wall microseconds */
};

/* Checks the claims and fills *ret_identity, whose scope is borrowed from them. -1 with unauthenticated and reason
 * issuer, audience, expired, not_yet_valid or malformed. */
int token_claims_read(struct context *ctx, struct json_object *claims, const struct token_expectation *expected,
		      struct identity *ret_identity) MUST_CHECK;

#endif
