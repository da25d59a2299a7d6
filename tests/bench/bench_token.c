/* What verifying an access token costs: a known one (target 0.5 us), and an unknown one beside OpenSSL's bare
 * verification of the same signature (target 1.3 times). `bench_token [ES256|RS256]` (both)
 * prints one line of JSON an algorithm; CPU time of this thread.
 */
#include "base/base64url.h"
#include "base/clock.h"
#include "token/jwks.h"
#include "token/token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KNOWN 2000000
#define UNKNOWN 2000
#define ROUNDS 5

static double cpu_seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "bench_token: %s\n", what);
	exit(1);
}

static const char *number(struct arena *arena, EVP_PKEY *key, const char *name)
{
	BIGNUM *value = NULL;
	must(EVP_PKEY_get_bn_param(key, name, &value) == 1, name);
	int size = BN_num_bytes(value) > 32 ? BN_num_bytes(value) : 32;
	unsigned char bytes[512];
	must(BN_bn2binpad(value, bytes, size) == size, name);
	BN_free(value);
	return base64url_encode(arena, bytes, (size_t)size);
}

static const char *jwks_of(struct arena *arena, EVP_PKEY *key, bool rsa)
{
	unsigned char exponent[3] = {1, 0, 1};
	if (rsa)
		return arena_printf(arena, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"%s\",\"e\":\"%s\"}]}",
				    number(arena, key, OSSL_PKEY_PARAM_RSA_N),
				    base64url_encode(arena, exponent, sizeof(exponent)));
	return arena_printf(arena,
			    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":\"%s\",\"y\":\"%s\"}]}",
			    number(arena, key, OSSL_PKEY_PARAM_EC_PUB_X), number(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y));
}

static size_t raw_signature(unsigned char *bytes, size_t length)
{
	const unsigned char *at = bytes;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
	must(signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, 32) == 32 &&
		 BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + 32, 32) == 32,
	     "signature");
	ECDSA_SIG_free(signature);
	return 64;
}

static size_t sign_text(EVP_PKEY *key, const char *text, size_t text_length, unsigned char *signature, size_t size)
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	must(EVP_DigestSignInit(state, NULL, EVP_sha256(), NULL, key) == 1 &&
		 EVP_DigestSign(state, signature, &size, (const unsigned char *)text, text_length) == 1,
	     "signing");
	EVP_MD_CTX_free(state);
	return size;
}

static const char *sign(struct arena *arena, EVP_PKEY *key, bool rsa, int serial)
{
	long now = (long)(clock_wall() / CLOCK_SECOND);
	const char *header =
	    arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"k\"}", rsa ? "RS256" : "ES256");
	const char *claims = arena_printf(
	    arena,
	    "{\"iss\":\"https://passport\",\"aud\":\"eventloop\",\"sub\":\"01932b5c-7a10-7000-8000-000000000001\","
	    "\"sid\":\"01932b5c-7a10-7000-8000-000000000002\",\"client_id\":\"web\",\"jti\":\"%d\",\"roles\":[\"user\"]"
	    ","
	    "\"companies\":{\"01932b5c-7a10-7000-8000-000000000003\":\"owner\"},\"iat\":%ld,\"exp\":%ld}",
	    serial, now, now + 600);
	const char *text = arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
					base64url_encode(arena, claims, strlen(claims)));
	unsigned char signature[1024];
	size_t length = sign_text(key, text, strlen(text), signature, sizeof(signature));
	if (!rsa)
		length = raw_signature(signature, length);
	return arena_printf(arena, "%s.%s", text, base64url_encode(arena, signature, length));
}

static double known_ns(struct token_verifier *verifier, const char *token)
{
	size_t length = strlen(token);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	must(token_verify(&ctx, verifier, token, length) != NULL, "verifying");
	double start = cpu_seconds();
	for (int i = 0; i < KNOWN; i++) {
		must(token_verify(&ctx, verifier, token, length) != NULL, "verifying");
		if (i % 64 ==
		    63) { /* as requests end: what a verification leaves to be cleaned up is part of its cost */
			context_done(&ctx);
			context_init(&ctx, DEADLINE_NEVER);
		}
	}
	context_done(&ctx);
	return (cpu_seconds() - start) / KNOWN * 1e9;
}

static double unknown_us(struct token_verifier *verifier, const char *const *tokens)
{
	double start = cpu_seconds();
	for (int i = 0; i < UNKNOWN; i++) {
		struct context ctx;
		context_init(&ctx, DEADLINE_NEVER);
		must(token_verify(&ctx, verifier, tokens[i], strlen(tokens[i])) != NULL, "verifying");
		context_done(&ctx);
	}
	return (cpu_seconds() - start) / UNKNOWN * 1e6;
}

/* The floor: a parsed key, a signature in OpenSSL's own form, nothing else. */
static double bare_us(EVP_PKEY *key, const char *token)
{
	size_t signing = (size_t)(strrchr(token, '.') - token);
	unsigned char signature[1024];
	size_t length = sign_text(key, token, signing, signature, sizeof(signature));
	EVP_MD_CTX *state;
	double start = cpu_seconds();
	for (int i = 0; i < UNKNOWN; i++) {
		state = EVP_MD_CTX_new();
		must(EVP_DigestVerifyInit(state, NULL, EVP_sha256(), NULL, key) == 1, "bare verifying");
		must(EVP_DigestVerify(state, signature, length, (const unsigned char *)token, signing) == 1,
		     "bare verify");
		EVP_MD_CTX_free(state);
	}
	return (cpu_seconds() - start) / UNKNOWN * 1e6;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;
	return (a > b) - (a < b);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void bench(const char *algorithm)
{
	bool rsa = strcmp(algorithm, "RS256") == 0;
	EVP_PKEY *key = rsa ? EVP_RSA_gen((size_t)2048) : EVP_EC_gen("P-256");
	static const char *tokens[UNKNOWN];
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const char *jwks = jwks_of(&ctx.arena, key, rsa);
	for (int i = 0; i < UNKNOWN; i++)
		tokens[i] = sign(&ctx.arena, key, rsa, i);
	double known[ROUNDS], unknown[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
	for (int round = 0; round < ROUNDS; round++) {
		struct token_verifier *verifier = token_verifier_new(
		    &(struct token_verifier_options){.issuer = "https://passport", .audience = "eventloop"});
		must(token_verifier_set_keys(verifier, &ctx, jwks, strlen(jwks)) == 0, "keys");
		unknown[round] = unknown_us(verifier, tokens);
		bare[round] = bare_us(key, tokens[0]);
		ratio[round] = unknown[round] / bare[round];
		known[round] = known_ns(verifier, tokens[UNKNOWN - 1]);
		token_verifier_free(verifier);
	}
	(void)printf(
	    "{\"bench\":\"token\",\"algorithm\":\"%s\",\"token_bytes\":%zu,\"known_ns\":%.0f,\"unknown_us\":%.1f,"
	    "\"bare_verify_us\":%.1f,\"unknown_to_bare\":%.3f}\n",
	    algorithm, strlen(tokens[0]), median(known), median(unknown), median(bare), median(ratio));
	context_done(&ctx);
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	bench(argc > 1 ? argv[1] : "ES256");
	if (argc == 1)
		bench("RS256");
	return 0;
}
