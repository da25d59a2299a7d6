#include "keys/make.h"

#include "base/base64url.h"
#include "base/fatal.h"
#include "base/ids.h"
#include "co/offload.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS 2048
#define P256_BYTES 32

static const char *private_pem(struct context *ctx, EVP_PKEY *key)
{
	char *text = NULL;
	BIO *memory = BIO_new(BIO_s_mem());
	if (memory && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1) {
		char *bytes = NULL;
		long length = BIO_get_mem_data(memory, &bytes);
		text = arena_strndup(&ctx->arena, bytes, (size_t)length);
	}
	BIO_free(memory);
	return text;
}

/* A big number of the key as base64url of its big-endian bytes, at least `width` of them (RFC 7518 sections 6.2, 6.3).
 */
static const char *number_text(struct context *ctx, EVP_PKEY *key, const char *name, int width)
{
	const char *text = NULL;
	BIGNUM *number = NULL;
	if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
		int size = BN_num_bytes(number) > width ? BN_num_bytes(number) : width;
		unsigned char *bytes = arena_alloc(&ctx->arena, (size_t)size);
		if (BN_bn2binpad(number, bytes, size) == size)
			text = base64url_encode(&ctx->arena, bytes, (size_t)size);
	}
	BN_free(number);
	return text;
}

static const char *ec_jwk(struct context *ctx, EVP_PKEY *key, const char *kid)
{
	const char *x = number_text(ctx, key, OSSL_PKEY_PARAM_EC_PUB_X, P256_BYTES);
	const char *y = number_text(ctx, key, OSSL_PKEY_PARAM_EC_PUB_Y, P256_BYTES);
	if (!x || !y)
		return NULL;
	return arena_printf(&ctx->arena,
			    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%s\",\"x\":"
			    "\"%s\",\"y\":\"%s\"}",
			    kid, x, y);
}

static const char *rsa_jwk(struct context *ctx, EVP_PKEY *key, const char *kid)
{
	const char *n = number_text(ctx, key, OSSL_PKEY_PARAM_RSA_N, 0);
	const char *e = number_text(ctx, key, OSSL_PKEY_PARAM_RSA_E, 0);
	if (!n || !e)
		return NULL;
	return arena_printf(
	    &ctx->arena, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"}",
	    kid, n, e);
}

struct key_job {
	bool rsa;
	EVP_PKEY *key;
};

static void make_key(void *argument)
{
	struct key_job *job = argument;
	job->key = job->rsa ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");
}

static void free_job(void *argument)
{
	struct key_job *job = argument;
	EVP_PKEY_free(job->key);
	free(job);
}

/* Finding the primes of RSA takes tenths of a second: not on the loop. -1 with the error in ctx; the key may be NULL.
 */
static int make_elsewhere(struct context *ctx, bool rsa, EVP_PKEY **ret)
{
	struct key_job *job = must_calloc(1, sizeof(*job));
	job->rsa = rsa;
	if (offload_run(ctx, offload_default(), make_key, job, free_job))
		return -1;
	*ret = job->key;
	free(job);
	return 0;
}

int key_pair_make(struct context *ctx, const char *algorithm, struct key_pair *ret)
{
	bool rsa = strcmp(algorithm, "RS256") == 0;
	EVP_PKEY *key = NULL;
	char kid[UUID_SIZE];
	uuid_make(kid);
	if (make_elsewhere(ctx, rsa, &key))
		return -1;
	struct key_pair pair = {.kid = arena_strdup(&ctx->arena, kid)};
	if (key) {
		pair.pem = private_pem(ctx, key);
		pair.public_jwk = rsa ? rsa_jwk(ctx, key, kid) : ec_jwk(ctx, key, kid);
	}
	EVP_PKEY_free(key);
	if (!pair.pem || !pair.public_jwk)
		return context_fail_internal(ctx, "cannot make a key for %s", algorithm);
	*ret = pair;
	return 0;
}
