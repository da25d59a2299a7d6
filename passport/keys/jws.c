#include "keys/jws.h"

#include "base/base64url.h"

#include <errno.h>
#include <jwt.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define P256_BYTES 32
#define MAX_SIGNATURE 512 /* RSA of up to 4096 bits */

EVP_PKEY *jws_parse_key(const char *pem)
{
	BIO *memory = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL) : NULL;
	BIO_free(memory);
	return key;
}

/* The claims as libjwt writes them: each once, in order of their names. NULL when they are no JSON object. */
static const char *claims_text(struct context *ctx, const char *claims)
{
	jwt_t *token = NULL;
	const char *text = NULL;
	if (jwt_new(&token) == 0 && jwt_add_grants_json(token, claims) == 0) {
		char *all = jwt_get_grants_json(token, NULL);
		text = all ? arena_strdup(&ctx->arena, all) : NULL;
		free(all);
	}
	jwt_free(token);
	return text;
}

/* OpenSSL signs in DER; JWS wants r and s as 32 bytes each (RFC 7518 section 3.4). Returns the length, 0 on failure. */
static size_t der_to_raw(const unsigned char *der, size_t length, unsigned char raw[static 2 * P256_BYTES])
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
	bool fine = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, P256_BYTES) == P256_BYTES &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + P256_BYTES, P256_BYTES) == P256_BYTES;
	ECDSA_SIG_free(signature);
	return fine ? 2 * P256_BYTES : 0;
}

static size_t sign(const struct jws_key *key, const char *text, unsigned char signature[static MAX_SIGNATURE])
{
	unsigned char made[MAX_SIGNATURE];
	size_t length = sizeof(made);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool fine = digest && EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key->key) == 1 &&
		    EVP_DigestSign(digest, made, &length, (const unsigned char *)text, strlen(text)) == 1;
	EVP_MD_CTX_free(digest);
	if (!fine)
		return 0;
	if (strcmp(key->algorithm, "ES256") == 0)
		return der_to_raw(made, length, signature);
	memcpy(signature, made, length);
	return length;
}

const char *jws_sign(struct context *ctx, const struct jws_key *key, const char *claims)
{
	struct arena *arena = &ctx->arena;
	const char *payload = claims_text(ctx, claims);
	unsigned char signature[MAX_SIGNATURE];
	if (payload) {
		const char *header =
		    arena_printf(arena, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", key->algorithm, key->kid);
		const char *text = arena_printf(arena, "%s.%s", base64url_encode(arena, header, strlen(header)),
						base64url_encode(arena, payload, strlen(payload)));
		size_t length = sign(key, text, signature);
		if (length > 0)
			return arena_printf(arena, "%s.%s", text, base64url_encode(arena, signature, length));
	}
	context_fail_internal(ctx, "the access token cannot be signed");
	return NULL;
}
