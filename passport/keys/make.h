/*
 * Making a signing key pair: ECDSA on P-256 for ES256, RSA of 2048 bits for RS256 (RFC 7518 section 3).
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_MAKE_H
#define EVENTLOOP_PASSPORT_KEYS_MAKE_H

#include "base/context.h"
#include "base/macros.h"

/* A new pair: its id, private half as PEM, public half as a JWK text. All in ctx's arena. */
struct key_pair {
	const char *kid;
	const char *pem;
	const char *public_jwk;
};

/* Makes one on the offload pool. -1 with `internal` when OpenSSL refuses, or the errors of offload_run. */
int key_pair_make(struct context *ctx, const char *algorithm, struct key_pair *ret) MAY_SUSPEND MUST_CHECK;

#endif
