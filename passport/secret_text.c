#include "secret_text.h"

#include "base/base64url.h"
#include "base/ids.h"

#include <openssl/sha.h>
#include <string.h>

const char *secret_make(struct context *ctx)
{
	unsigned char bytes[SECRET_BYTES];
	random_bytes(bytes, sizeof(bytes));
	return base64url_encode(&ctx->arena, bytes, sizeof(bytes));
}

void secret_hash(const char *text, char ret[static SECRET_HASH_SIZE])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	SHA256((const unsigned char *)text, strlen(text), digest);
	hex_encode(digest, sizeof(digest), ret);
}
