/*
 * Keys and tokens for tests: signs any header over any payload, so that every forgery can be made.
 *
 * Use: struct token_key key = token_key_make("ES256", "kid"); token_make(&key, HEADER, claims) returns a malloc'ed
 * token.
 */
#ifndef EVENTLOOP_TESTS_TOKEN_TOKEN_FIXTURE_H
#define EVENTLOOP_TESTS_TOKEN_TOKEN_FIXTURE_H

#include "base/base64url.h"
#include "base/context.h"
#include "base/ids.h"
#include "token/revocation.h"
#include "token/token.h"
#include "unit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_ISSUER "https://passport.test"
#define TOKEN_AUDIENCE "eventloop"
#define TOKEN_USER "01932b5c-7a10-7000-8000-000000000001"
#define TOKEN_SESSION "01932b5c-7a10-7000-8000-000000000002"
#define TOKEN_COMPANY "01932b5c-7a10-7000-8000-000000000003"

struct token_key {
	char kid[64];
	bool rsa;
	EVP_PKEY *key;
};

static inline struct token_key token_key_make(const char *algorithm, const char *kid)
{
	struct token_key made = {.rsa = strcmp(algorithm, "RS256") == 0};
	(void)snprintf(made.kid, sizeof(made.kid), "%s", kid);
	made.key = made.rsa ? EVP_RSA_gen((size_t)2048) : EVP_EC_gen("P-256");
	assert_non_null(made.key);
	return made;
}

static inline void token_key_free(struct token_key *key)
{
	EVP_PKEY_free(key->key);
	key->key = NULL;
}

static __attribute__((noinline, unused)) const char *token_number(struct arena *arena, const struct token_key *key,
								  const char *name, int width)
{
	BIGNUM *number = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(key->key, name, &number), 1);
	int size = BN_num_bytes(number) > width ? BN_num_bytes(number) : width;
	unsigned char bytes[1024];
	assert_int_equal(BN_bn2binpad(number, bytes, size), size);
	BN_free(number);
	return base64url_encode(arena, bytes, (size_t)size);
}

/* The public key as a JWK, without braces, so that members can be added. */
static inline const char *token_jwk(struct arena *arena, const struct token_key *key)
{
	if (key->rsa)
		return arena_printf(arena, "\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"", key->kid,
				    token_number(arena, key, OSSL_PKEY_PARAM_RSA_N, 0),
				    token_number(arena, key, OSSL_PKEY_PARAM_RSA_E, 0));
	return arena_printf(arena, "\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"",
			    key->kid, token_number(arena, key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
			    token_number(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
}

static inline const char *token_jwks(struct arena *arena, const struct token_key *keys, size_t count)
{
	const char *text = "{\"keys\":[";
	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s%s{%s,\"use\":\"sig\",\"alg\":\"%s\"}", text, i > 0 ? "," : "",
				    token_jwk(arena, &keys[i]), keys[i].rsa ? "RS256" : "ES256");
	return arena_printf(arena, "%s]}", text);
}

/* DER to r and s of 32 bytes each. */
static inline size_t token_raw_signature(unsigned char *signature, size_t length)
{
	const unsigned char *at = signature;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)length);
	assert_non_null(parsed);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parsed), signature, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), signature + 32, 32), 32);
	ECDSA_SIG_free(parsed);
	return 64;
}

static __attribute__((noinline, unused)) const char *token_signature(struct arena *arena, const struct token_key *key,
								     const char *signing)
{
	unsigned char signature[1024];
	size_t length = sizeof(signature);
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(state, NULL, EVP_sha256(), NULL, key->key), 1);
	assert_int_equal(EVP_DigestSign(state, signature, &length, (const unsigned char *)signing, strlen(signing)), 1);
	EVP_MD_CTX_free(state);
	if (!key->rsa)
		length = token_raw_signature(signature, length);
	return base64url_encode(arena, signature, length);
}

/* header and payload are texts; they are encoded and signed as they are. */
static inline const char *token_make(struct arena *arena, const struct token_key *key, const char *header,
				     const char *payload)
{
	const char *signing = arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
					   base64url_encode(arena, payload, strlen(payload)));
	return arena_printf(arena, "%s.%s", signing, token_signature(arena, key, signing));
}

static inline const char *token_header(struct arena *arena, const struct token_key *key)
{
	return arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", key->rsa ? "RS256" : "ES256",
			    key->kid);
}

/* The claims of a user for ten minutes from now, shifted by seconds; more: further members with a leading comma. */
static inline const char *token_claims(struct arena *arena, long shift, const char *more)
{
	long now = (long)(clock_wall() / CLOCK_SECOND) + shift;
	return arena_printf(arena,
			    "{\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE "\",\"sub\":\"" TOKEN_USER
			    "\",\"sid\":\"" TOKEN_SESSION
			    "\",\"client_id\":\"web\",\"jti\":\"1\",\"roles\":[\"user\"],\"iat\":%ld,\"exp\":%ld%s}",
			    now, now + 600, more);
}

static inline const char *token_good(struct arena *arena, const struct token_key *key)
{
	return token_make(arena, key, token_header(arena, key), token_claims(arena, 0, ""));
}

/* Keys that the verifier of a test knows, and one it does not, of the same kid. */
static struct token_key key, rsa_key, stranger;

static inline int make_keys(void **state)
{
	(void)state;
	key = token_key_make("ES256", "key-1");
	rsa_key = token_key_make("RS256", "key-2");
	stranger = token_key_make("ES256", "key-1");
	return 0;
}

static inline int free_keys(void **state)
{
	(void)state;
	token_key_free(&key);
	token_key_free(&rsa_key);
	token_key_free(&stranger);
	return 0;
}

static inline struct token_verifier *make_verifier(struct context *ctx)
{
	const struct token_key both[] = {key, rsa_key};
	const char *jwks = token_jwks(&ctx->arena, both, 2);
	struct token_verifier *verifier =
	    token_verifier_new(&(struct token_verifier_options){.issuer = TOKEN_ISSUER, .audience = TOKEN_AUDIENCE});
	assert_non_null(verifier);
	assert_int_equal(token_verifier_set_keys(verifier, ctx, jwks, strlen(jwks)), 0);
	return verifier;
}

static inline const struct identity *verify(struct context *ctx, struct token_verifier *verifier, const char *token)
{
	error_clear(&ctx->error);
	return token_verify(ctx, verifier, token, strlen(token));
}

static inline void assert_refused(struct context *ctx, struct token_verifier *verifier, const char *token,
				  const char *reason)
{
	struct token_verifier_stats before, after;
	token_verifier_stats(verifier, &before);
	for (int i = 0; i < 2; i++) { /* the second time nothing must have been remembered */
		if (verify(ctx, verifier, token))
			fail_msg("accepted, expected %s: %s", reason, token);
		assert_int_equal(ctx->error.code, ERROR_UNAUTHENTICATED);
		assert_string_equal(ctx->error.reason, reason);
	}
	token_verifier_stats(verifier, &after);
	assert_int_equal(after.remembered, before.remembered);
	assert_int_equal(after.failures, before.failures + 2);
}

static inline void assert_header_refused(struct context *ctx, struct token_verifier *verifier, const char *header,
					 const char *reason)
{
	assert_refused(ctx, verifier, token_make(&ctx->arena, &key, header, token_claims(&ctx->arena, 0, "")), reason);
}

static inline void assert_claims_refused(struct context *ctx, struct token_verifier *verifier, const char *claims,
					 const char *reason)
{
	assert_refused(ctx, verifier, token_make(&ctx->arena, &key, token_header(&ctx->arena, &key), claims), reason);
}

/* A test that gets a context and a verifier which knows key and rsa_key. */
#define TEST(name)                                                                     \
	static void name##_body(struct context *ctx, struct token_verifier *verifier); \
	static void name(void **state)                                                 \
	{                                                                              \
		struct context ctx;                                                    \
		struct token_verifier *verifier;                                       \
		(void)state;                                                           \
		context_init(&ctx, DEADLINE_NEVER);                                    \
		verifier = make_verifier(&ctx);                                        \
		name##_body(&ctx, verifier);                                           \
		token_verifier_free(verifier);                                         \
		token_revocation_clear();                                              \
		context_done(&ctx);                                                    \
	}                                                                              \
	static void name##_body(struct context *ctx, struct token_verifier *verifier)

#endif
