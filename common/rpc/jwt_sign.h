/*
 * Making access tokens (RFC 9068), by libjwt.
 *
 * Purpose: passport signs; everybody else only verifies (rpc/jwt.h). libjwt parses the PEM at every call, half a
 * millisecond, which is little beside the password hash of a login.
 */
#ifndef EVENTLOOP_RPC_JWT_SIGN_H
#define EVENTLOOP_RPC_JWT_SIGN_H

#include "base/context.h"
#include "base/macros.h"

/* What signs. */
struct jwt_signer {
	const char *algorithm; /* "ES256" or "RS256" */
	const char *kid;
	const char *pem; /* private key */
};

/* Returns the compact token with typ "at+jwt" over the claims, a JSON object text, in ctx's arena. NULL with
 * `internal`. */
const char *jwt_sign(struct context *ctx, const struct jwt_signer *signer, const char *claims) MUST_CHECK;

#endif
