/*
 * Compact JWS (RFC 7515 section 7.1) as access tokens use it: taking one apart, and checking its signature.
 *
 * Purpose: everything about a token that does not depend on who issued it. For the claims see token/token.h. Ownership:
 * what jwt_parse returns lies in the context's arena or points into the token. Invariants: nothing of a token is
 * trusted before jwt_verify accepted it, except `kid` and `alg`, which select a key and must fit it. Base64url is read
 * strictly, so that a token has one spelling; JSON too (no member twice, UTF-8). Headers that would take the key from
 * the token, or change how it is read (crit, jku, jwk, x5u, x5c, b64, zip), are refused. Source: RFC 7515, RFC 7518
 * sections 3.3 and 3.4, RFC 8725, RFC 9068 section 2.1.
 */
#ifndef EVENTLOOP_TOKEN_JWT_H
#define EVENTLOOP_TOKEN_JWT_H

#include "base/context.h"
#include "base/macros.h"

#include <json-c/json.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#define JWT_KID_MAX 128	   /* bytes of a key id */
#define JWT_DEPTH_MAX 8	   /* nesting of header and claims */
#define JWT_ES256_BYTES 64 /* r and s */

enum jwt_algorithm { JWT_ES256, JWT_RS256 };

/* A token taken apart, not yet verified. */
struct jwt_token {
	enum jwt_algorithm algorithm;
	const char *kid;       /* NUL-terminated */
	const char *signing;   /* header "." payload, in the token */
	size_t signing_length; /* its characters */
	const unsigned char *signature;
	size_t signature_length;
	const char *claims; /* JSON text of the payload, not checked yet */
	size_t claims_length;
};

/* The algorithm of a name in the allow-list; false for any other. */
bool jwt_algorithm_from(const char *name, enum jwt_algorithm *ret) MUST_CHECK;

/* Takes a compact token apart and checks its header. -1 with unauthenticated and reason malformed, algorithm or type.
 */
int jwt_parse(struct context *ctx, const char *token, size_t length, struct jwt_token *ret) MUST_CHECK;

/* True when the signature over length bytes is the key's. ES256 takes r and s as 32 bytes each; a key that does not fit
 * the algorithm never verifies. */
bool jwt_signature_valid(enum jwt_algorithm algorithm, EVP_PKEY *key, const void *bytes, size_t length,
			 const unsigned char *signature, size_t signature_length) MUST_CHECK;

/* Verifies the token and parses its claims: an object that the context frees. NULL with unauthenticated and reason
 * signature or malformed. */
struct json_object *jwt_verify(struct context *ctx, const struct jwt_token *jwt, EVP_PKEY *key) MUST_CHECK;

#endif
