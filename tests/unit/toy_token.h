/* Access tokens for tests: a key of our own, its key set, and tokens signed with it. */
#ifndef EVENTLOOP_TESTS_TOY_TOKEN_H
#define EVENTLOOP_TESTS_TOY_TOKEN_H

#include "base/arena.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/context.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define TOY_ISSUER "https://passport.toy"
#define TOY_AUDIENCE "eventloop"
#define TOY_USER "01932b5c-7a10-7000-8000-000000000001"
#define TOY_CLIENT "01932b5c-7a10-7000-8000-00000000000d"
#define TOY_COMPANY "01932b5c-7a10-7000-8000-00000000000c"

struct toy_key {
	struct arena arena;
	EVP_PKEY *pair;
	const char *jwks;
};

static inline const char *toy_number(struct arena *arena, EVP_PKEY *key, const char *name)
{
	BIGNUM *number = NULL;
	unsigned char bytes[32];
	if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || BN_bn2binpad(number, bytes, sizeof(bytes)) < 0)
		abort();
	BN_free(number);
	return base64url_encode(arena, bytes, sizeof(bytes));
}

static inline void toy_key_make(struct toy_key *key)
{
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	if (!pair)
		abort();
	arena_init(&key->arena);
	key->pair = pair;
	key->jwks = arena_printf(&key->arena,
				 "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"alg\":\"ES256\","
				 "\"kid\":\"toy\",\"x\":\"%s\",\"y\":\"%s\"}]}",
				 toy_number(&key->arena, pair, OSSL_PKEY_PARAM_EC_PUB_X),
				 toy_number(&key->arena, pair, OSSL_PKEY_PARAM_EC_PUB_Y));
}

static inline void toy_key_done(struct toy_key *key)
{
	EVP_PKEY_free(key->pair);
	arena_done(&key->arena);
}

/* ES256: r and s of 32 bytes each, as base64url. */
static inline const char *toy_signature(struct toy_key *key, const char *text)
{
	unsigned char der[80], raw[64];
	const unsigned char *at = der;
	size_t length = sizeof(der);
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	if (EVP_DigestSignInit(state, NULL, EVP_sha256(), NULL, key->pair) != 1 ||
	    EVP_DigestSign(state, der, &length, (const unsigned char *)text, strlen(text)) != 1)
		abort();
	EVP_MD_CTX_free(state);
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
	if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32) != 32 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32) != 32)
		abort();
	ECDSA_SIG_free(signature);
	return base64url_encode(&key->arena, raw, sizeof(raw));
}

/* claims: JSON members besides the standard ones, e.g. "\"sub\":\"...\",\"roles\":[\"user\"]". */
static inline const char *toy_token(struct toy_key *key, const char *claims)
{
	long long now = (long long)(clock_wall() / CLOCK_SECOND);
	const char *grants = arena_printf(&key->arena,
					  "{\"iss\":\"" TOY_ISSUER "\",\"aud\":\"" TOY_AUDIENCE
					  "\",\"iat\":%lld,\"exp\":%lld,\"jti\":\"toy\",%s}",
					  now, now + 600, claims);
	static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"toy\"}";
	const char *text = arena_printf(&key->arena, "%s.%s", base64url_encode(&key->arena, header, strlen(header)),
					base64url_encode(&key->arena, grants, strlen(grants)));
	return arena_printf(&key->arena, "%s.%s", text, toy_signature(key, text));
}

static inline const char *toy_user_token(struct toy_key *key, const char *role)
{
	return toy_token(key, arena_printf(&key->arena,
					   "\"sub\":\"" TOY_USER "\",\"client_id\":\"toy\",\"sid\":\"" TOY_USER
					   "\",\"auth_time\":%lld,"
					   "\"roles\":[\"%s\"],\"companies\":{\"" TOY_COMPANY "\":\"manager\"}",
					   (long long)(clock_wall() / CLOCK_SECOND), role));
}

/* A user who authenticated so many seconds ago; more: further claims with a leading comma. */
static inline const char *toy_aged_token(struct toy_key *key, long age, const char *more)
{
	return toy_token(key, arena_printf(&key->arena,
					   "\"sub\":\"" TOY_USER
					   "\",\"client_id\":\"toy\",\"auth_time\":%lld,\"roles\":[\"user\"]%s",
					   (long long)(clock_wall() / CLOCK_SECOND) - age, more));
}

/* An integration that has a manager's right in the company. */
static inline const char *toy_client_token(struct toy_key *key, const char *scope)
{
	return toy_token(key, arena_printf(&key->arena,
					   "\"sub\":\"" TOY_CLIENT "\",\"client_id\":\"" TOY_CLIENT
					   "\",\"roles\":[\"client\"],\"companies\":{\"" TOY_COMPANY
					   "\":\"manager\"},\"scope\":\"%s\"",
					   scope));
}

static inline const char *toy_service_token(struct toy_key *key, const char *name)
{
	return toy_token(
	    key, arena_printf(&key->arena, "\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[\"service\"]", name, name));
}

#endif
