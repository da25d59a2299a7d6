/* Access tokens for tests: a key of our own, its key set, and tokens signed with it. */
#ifndef EVENTLOOP_TESTS_TOY_TOKEN_H
#define EVENTLOOP_TESTS_TOY_TOKEN_H

#include "base/arena.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "rpc/jwt_sign.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define TOY_ISSUER "https://passport.toy"
#define TOY_AUDIENCE "eventloop"
#define TOY_USER "01932b5c-7a10-7000-8000-000000000001"
#define TOY_COMPANY "01932b5c-7a10-7000-8000-00000000000c"

struct toy_key {
	struct arena arena;
	const char *pem, *jwks;
};

static inline const char *toy_number(struct arena *arena, EVP_PKEY *key, const char *name)
{
	unsigned char bytes[32];
	BIGNUM *number = NULL;
	if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || BN_bn2binpad(number, bytes, sizeof(bytes)) < 0)
		abort();
	BN_free(number);
	return base64url_encode(arena, bytes, sizeof(bytes));
}

static inline void toy_key_make(struct toy_key *key)
{
	char *bytes = NULL;
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	BIO *memory = BIO_new(BIO_s_mem());
	if (pair == NULL || memory == NULL || PEM_write_bio_PrivateKey(memory, pair, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	long length = BIO_get_mem_data(memory, &bytes);
	arena_init(&key->arena);
	key->pem = arena_strndup(&key->arena, bytes, (size_t)length);
	key->jwks = arena_printf(&key->arena,
				 "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"alg\":\"ES256\","
				 "\"kid\":\"toy\",\"x\":\"%s\",\"y\":\"%s\"}]}",
				 toy_number(&key->arena, pair, OSSL_PKEY_PARAM_EC_PUB_X),
				 toy_number(&key->arena, pair, OSSL_PKEY_PARAM_EC_PUB_Y));
	BIO_free(memory);
	EVP_PKEY_free(pair);
}

static inline void toy_key_done(struct toy_key *key)
{
	arena_done(&key->arena);
}

/* claims: JSON members besides the standard ones, e.g. "\"sub\":\"...\",\"roles\":[\"user\"]". */
static inline const char *toy_token(struct toy_key *key, const char *claims)
{
	long long now = (long long)(clock_wall() / CLOCK_SECOND);
	const char *grants = arena_printf(&key->arena,
					  "{\"iss\":\"" TOY_ISSUER "\",\"aud\":\"" TOY_AUDIENCE
					  "\",\"iat\":%lld,\"exp\":%lld,\"jti\":\"toy\",%s}",
					  now, now + 600, claims);
	struct jwt_signer signer = {.algorithm = "ES256", .kid = "toy", .pem = key->pem};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const char *token = arena_strdup(&key->arena, jwt_sign(&ctx, &signer, grants));
	context_done(&ctx);
	if (token == NULL)
		abort();
	return token;
}

static inline const char *toy_user_token(struct toy_key *key, const char *role)
{
	return toy_token(key, arena_printf(&key->arena,
					   "\"sub\":\"" TOY_USER "\",\"client_id\":\"toy\",\"sid\":\"" TOY_USER
					   "\",\"auth_time\":%lld,"
					   "\"roles\":[\"%s\"],\"companies\":{\"" TOY_COMPANY "\":\"manager\"}",
					   (long long)(clock_wall() / CLOCK_SECOND), role));
}

static inline const char *toy_service_token(struct toy_key *key, const char *name)
{
	return toy_token(
	    key, arena_printf(&key->arena, "\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[\"service\"]", name, name));
}

#endif
