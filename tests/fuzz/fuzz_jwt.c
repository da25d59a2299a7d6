/* Access tokens from anybody: nothing may be accepted that the one key did not sign. The first byte says what the rest
 * is: a whole token, or header and payload texts (split by a NUL) to be encoded, with a signature by a key or made up.
 */
#include "base/base64url.h"
#include "base/fatal.h"
#include "token/jwks.h"
#include "token/jwt.h"
#include "token/token.h"

#include <string.h>

/* RFC 7515 appendix A.3: a key whose private half this program does not have. */
#define JWKS                                                                \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":" \
	"\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                  \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct token_verifier *make_verifier(void)
{
	struct token_verifier *verifier =
	    token_verifier_new(&(struct token_verifier_options){.issuer = "i", .audience = "a"});
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	if (token_verifier_set_keys(verifier, &ctx, JWKS, strlen(JWKS)) != 0)
		fatal("the key was refused");
	context_done(&ctx);
	return verifier;
}

static const char *encode_parts(struct context *ctx, const char *text, size_t length)
{
	const char *end = text + length, *payload = memchr(text, '\0', length);
	size_t header_length = payload ? (size_t)(payload - text) : length;
	const char *rest = payload ? payload + 1 : end;
	static const unsigned char signature[JWT_ES256_BYTES] = {1};
	return arena_printf(&ctx->arena, "%s.%s.%s", base64url_encode(&ctx->arena, text, header_length),
			    base64url_encode(&ctx->arena, rest, (size_t)(end - rest)),
			    base64url_encode(&ctx->arena, signature, sizeof(signature)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct token_verifier *verifier;
	const char *text = (const char *)data + 1;
	size_t length = size - 1;
	if (size == 0)
		return 0;
	if (!verifier)
		verifier = make_verifier();
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct jwks *set;
	switch (data[0] % 3) {
	case 0:
		text = encode_parts(&ctx, text, length);
		length = strlen(text);
		break;
	case 1:
		set = jwks_parse(&ctx, text, length);
		error_clear(&ctx.error);
		jwks_free(set);
		break;
	default:
		break;
	}
	if (token_verify(&ctx, verifier, text, length))
		fatal("accepted");
	if (ctx.error.code != ERROR_UNAUTHENTICATED || ctx.error.reason[0] == '\0')
		fatal("refused without saying why");
	context_done(&ctx);
	return 0;
}
