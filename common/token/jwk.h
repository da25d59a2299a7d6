/*
 * One public key of a JWKS as OpenSSL's key (RFC 7517 section 4, RFC 7518 sections 6.2 and 6.3). Part of token/jwks.h.
 */
#ifndef EVENTLOOP_TOKEN_JWK_H
#define EVENTLOOP_TOKEN_JWK_H

#include "base/context.h"
#include "base/macros.h"
#include "token/jwt.h"

/* A string member, borrowed; NULL when it is absent or something else. */
const char *jwk_text(struct json_object *jwk, const char *name);

/* Makes the key, to be freed with EVP_PKEY_free; *ret_algorithm is what it verifies. NULL when it verifies neither
 * ES256 nor RS256, is not for signatures, or is no sound key. Sets no error. */
EVP_PKEY *jwk_public_key(struct context *ctx, struct json_object *jwk, enum jwt_algorithm *ret_algorithm) MUST_CHECK;

#endif
