#include "keys/sealing.h"

#include "base/base64url.h"
#include "base/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16

static int parse_bytes(struct context *ctx, const char *setting, const char *text,
		       unsigned char ret[static MASTER_KEY_SIZE])
{
	size_t length = 0;
	void *bytes = base64url_decode(&ctx->arena, text, strlen(text), &length);
	if (!bytes || length != MASTER_KEY_SIZE)
		return context_fail_internal(ctx, "%s is not 32 bytes of base64url", setting);
	memcpy(ret, bytes, MASTER_KEY_SIZE);
	OPENSSL_cleanse(bytes, length);
	return 0;
}

int master_key_parse(struct context *ctx, const char *text, const char *previous, struct master_key *ret)
{
	*ret = (struct master_key){0};
	if (previous && *previous) {
		ret->has_previous = true;
		if (parse_bytes(ctx, "master_key_previous", previous, ret->previous))
			return -1;
	}
	return parse_bytes(ctx, "master_key", text, ret->bytes);
}

bool master_key_previous(const struct master_key *key, struct master_key *ret)
{
	*ret = (struct master_key){0};
	if (key->has_previous)
		memcpy(ret->bytes, key->previous, MASTER_KEY_SIZE);
	return key->has_previous;
}

static bool encrypt(EVP_CIPHER_CTX *cipher, const struct master_key *key, const char *label, const void *bytes,
		    int length, unsigned char *out)
{
	int written = 0;
	unsigned char *body = out + NONCE_SIZE;
	return EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key->bytes, out) == 1 &&
	       EVP_EncryptUpdate(cipher, NULL, &written, (const unsigned char *)label, (int)strlen(label)) == 1 &&
	       EVP_EncryptUpdate(cipher, body, &written, bytes, length) == 1 &&
	       EVP_EncryptFinal_ex(cipher, body + written, &written) == 1 &&
	       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, body + length) == 1;
}

unsigned char *seal(struct context *ctx, const struct master_key *key, const char *label, const void *bytes,
		    size_t length, size_t *ret_length)
{
	unsigned char *out = arena_alloc(&ctx->arena, NONCE_SIZE + length + TAG_SIZE);
	random_bytes(out, NONCE_SIZE);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	bool sealed = cipher && encrypt(cipher, key, label, bytes, (int)length, out);
	EVP_CIPHER_CTX_free(cipher);
	if (!sealed) {
		context_fail_internal(ctx, "cannot seal %s", label);
		return NULL;
	}
	*ret_length = NONCE_SIZE + length + TAG_SIZE;
	return out;
}

static bool decrypt(EVP_CIPHER_CTX *cipher, const unsigned char *key, const char *label, const unsigned char *sealed,
		    int length, unsigned char *out)
{
	int written = 0;
	const unsigned char *body = sealed + NONCE_SIZE;
	unsigned char tag[TAG_SIZE];
	memcpy(tag, body + length, TAG_SIZE);
	return EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
	       EVP_DecryptUpdate(cipher, NULL, &written, (const unsigned char *)label, (int)strlen(label)) == 1 &&
	       EVP_DecryptUpdate(cipher, out, &written, body, length) == 1 &&
	       EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
	       EVP_DecryptFinal_ex(cipher, out + written, &written) == 1;
}

char *unseal(struct context *ctx, const struct master_key *key, const char *label, const unsigned char *sealed,
	     size_t length, size_t *ret_length)
{
	bool opened = false;
	size_t plain = length < NONCE_SIZE + TAG_SIZE ? 0 : length - NONCE_SIZE - TAG_SIZE;
	unsigned char *out = arena_zalloc(&ctx->arena, plain + 1);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	if (cipher && length >= NONCE_SIZE + TAG_SIZE)
		opened = decrypt(cipher, key->bytes, label, sealed, (int)plain, out) ||
			 (key->has_previous && decrypt(cipher, key->previous, label, sealed, (int)plain, out));
	EVP_CIPHER_CTX_free(cipher);
	if (!opened) {
		context_fail_internal(ctx, "cannot open the sealed %s: another master key?", label);
		return NULL;
	}
	*ret_length = plain;
	return (char *)out;
}

void master_key_derive(const struct master_key *key, const char *label, const void *bytes, size_t length,
		       unsigned char ret[static 32])
{
	unsigned char inner[32];
	unsigned int size = sizeof(inner);
	HMAC(EVP_sha256(), key->bytes, MASTER_KEY_SIZE, (const unsigned char *)label, strlen(label), inner, &size);
	HMAC(EVP_sha256(), inner, (int)sizeof(inner), bytes, length, ret, &size);
	OPENSSL_cleanse(inner, sizeof(inner));
}
