/*
 * A set of public keys (JWKS, RFC 7517) for verifying tokens, found by their `kid`.
 *
 * Ownership: whoever parses a set frees it.
 * Invariants: a set is never changed once parsed, and has at least one key. Only what can verify ES256 (EC on P-256)
 * and RS256 (RSA of 2048 to 8192 bits) is taken; other keys, keys for encryption and keys without `kid` are left out,
 * as section 5 of the RFC asks. A key parsed once costs no more than its use.
 */
#ifndef EVENTLOOP_TOKEN_JWKS_H
#define EVENTLOOP_TOKEN_JWKS_H

#include "base/context.h"
#include "base/macros.h"
#include "token/jwt.h"

#include <stdbool.h>
#include <stddef.h>

#define JWKS_ISSUERS_MAX 16
#define JWKS_KEYS_MAX 64	/* keys of a set that are looked at */
#define JWKS_SIZE_MAX (1 << 18) /* bytes of its text */

struct jwks;

/* Parses a JWKS text. NULL with `unavailable` and a cause when it is none, or has no usable key. */
struct jwks *jwks_parse(struct context *ctx, const char *text, size_t length) MUST_CHECK;

/* Frees it. Accepts NULL. */
void jwks_free(struct jwks *set);

/* True when the set (NULL: an empty one) has the kid. */
bool jwks_has(const struct jwks *set, const char *kid);

/* The key of that kid for that algorithm, borrowed; NULL when there is none. */
EVP_PKEY *jwks_find(const struct jwks *set, const char *kid, enum jwt_algorithm algorithm);

/* The issuer as the set (NULL: an empty one) names it in passport's own member `issuers`, when it does, else NULL;
 * issuer NULL: the first, which new tokens say. Borrowed from the set. */
const char *jwks_issuer(const struct jwks *set, const char *issuer);

/* True when every key of `old` is in `fresh`, unchanged, and so is every issuer: what was verified with `old` is also
 * verified with `fresh`. */
bool jwks_includes(const struct jwks *fresh, const struct jwks *old);

#endif
