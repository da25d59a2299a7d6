#include "rpc/jwt_sign.h"

#include "base/base64url.h"
#include "base/buffer.h"
#include "base/fatal.h"
#include "rpc/jwt.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define SIGNATURE_MAX 1024 /* of RSA with 8192 bits */
#define HEADER_MAX 512

/* The last key this thread signed with; a coroutine never changes thread. */
static _Thread_local struct {
	char *pem;
	EVP_PKEY *key;
} parsed;

static EVP_PKEY *parse(const char *pem)
{
	BIO *memory = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL) : NULL;

	BIO_free(memory);
	return key;
}

static EVP_PKEY *key_of(const char *pem)
{
	EVP_PKEY *key;

	if (parsed.pem && strcmp(parsed.pem, pem) == 0)
		return parsed.key;
	key = parse(pem);
	if (!key)
		return NULL;
	if (parsed.pem)
		OPENSSL_cleanse(parsed.pem, strlen(parsed.pem));
	free(parsed.pem);
	EVP_PKEY_free(parsed.key);
	parsed.pem = must_strdup(pem);
	parsed.key = key;
	return key;
}

static bool fits(EVP_PKEY *key, enum jwt_algorithm algorithm)
{
	if (algorithm == JWT_RS256)
		return EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == JWT_ES256_BYTES / 2 * 8;
}

/* OpenSSL's DER becomes r and s of fixed width (RFC 7518 section 3.4). Returns the bytes, 0 on failure. */
static size_t raw_signature(unsigned char *bytes, size_t length)
{
	const unsigned char *at = bytes;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
	int half = JWT_ES256_BYTES / 2;
	bool done = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, half) == half &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + half, half) == half;

	ECDSA_SIG_free(signature);
	return done ? JWT_ES256_BYTES : 0;
}

/* The signature's bytes; 0 on failure. */
static size_t make_signature(EVP_PKEY *key, enum jwt_algorithm algorithm, const char *text,
			     unsigned char bytes[static SIGNATURE_MAX])
{
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	size_t length = SIGNATURE_MAX;

	if (!state || EVP_DigestSignInit(state, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(state, bytes, &length, (const unsigned char *)text, strlen(text)) != 1)
		length = 0;
	EVP_MD_CTX_free(state);
	return length > 0 && algorithm == JWT_ES256 ? raw_signature(bytes, length) : length;
}

static const char *make_header(struct context *ctx, const struct jwt_signer *signer)
{
	struct buffer header;

	buffer_init_arena(&header, &ctx->arena, HEADER_MAX);
	buffer_printf(&header, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":", signer->algorithm);
	buffer_append_json_string(&header, signer->kid);
	buffer_append_char(&header, '}');
	return buffer_failed(&header) ? NULL : base64url_encode(&ctx->arena, header.data, header.length);
}

const char *jwt_sign(struct context *ctx, const struct jwt_signer *signer, const char *claims)
{
	unsigned char signature[SIGNATURE_MAX];
	const char *header = make_header(ctx, signer), *signing = NULL;
	enum jwt_algorithm algorithm;
	size_t length = 0;
	EVP_PKEY *key = NULL;

	if (header && jwt_algorithm_from(signer->algorithm, &algorithm))
		key = key_of(signer->pem);
	if (key && fits(key, algorithm)) {
		signing =
		    arena_printf(&ctx->arena, "%s.%s", header, base64url_encode(&ctx->arena, claims, strlen(claims)));
		length = make_signature(key, algorithm, signing, signature);
	}
	ERR_clear_error(); /* the thread's queue is shared */
	if (length > 0)
		return arena_printf(&ctx->arena, "%s.%s", signing, base64url_encode(&ctx->arena, signature, length));
	(void)context_fail_internal(ctx, "cannot sign a token by %s", signer->algorithm);
	return NULL;
}
