/*
 * Signing: a compact JWS (RFC 7515 section 7.1) from claims, with a key that was parsed once.
 *
 * libjwt holds and writes the claims; header and signature are made here, because libjwt 1.10 writes "typ":"JWT" over
 * any other type (RFC 9068 demands at+jwt) and parses the PEM at every signature, which is nine tenths of its half
 * millisecond.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_JWS_H
#define EVENTLOOP_PASSPORT_KEYS_JWS_H

#include "base/context.h"
#include "base/macros.h"

struct evp_pkey_st;

/* A private key ready to sign. */
struct jws_key {
	const char *kid;
	const char *algorithm; /* "ES256" or "RS256" */
	struct evp_pkey_st *key;
};

/* Parses a PEM private key; NULL when it is none. Freed by EVP_PKEY_free. */
struct evp_pkey_st *jws_parse_key(const char *pem) MUST_CHECK;

/* Signs claims (a JSON object text) under typ at+jwt. In ctx's arena; NULL with `internal`. */
const char *jws_sign(struct context *ctx, const struct jws_key *key, const char *claims) MUST_CHECK;

#endif
