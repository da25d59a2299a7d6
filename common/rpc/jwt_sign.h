/*
 * Making access tokens (RFC 9068).
 *
 * Purpose: passport signs; everybody else only verifies (rpc/jwt.h).
 * Why not by libjwt: 1.10 writes typ "JWT" over whatever the caller asked for, and an access token must say "at+jwt";
 * it also parses the PEM at every call (0.4 ms), where here each thread keeps its last key parsed (sign: 0.03 ms). The
 * tests compare signatures with libjwt's.
 */
#ifndef EVENTLOOP_RPC_JWT_SIGN_H
#define EVENTLOOP_RPC_JWT_SIGN_H

#include "base/context.h"
#include "base/macros.h"

/* What signs. */
struct jwt_signer {
	const char *algorithm; /* "ES256" or "RS256" */
	const char *kid;
	const char *pem; /* private key: P-256 or RSA of at least 2048 bits */
};

/* Returns the compact token with typ "at+jwt" over the claims, a JSON object text, in ctx's arena. NULL with
 * `internal`. */
const char *jwt_sign(struct context *ctx, const struct jwt_signer *signer, const char *claims) MUST_CHECK;

#endif
