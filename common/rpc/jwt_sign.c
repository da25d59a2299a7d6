#include "rpc/jwt_sign.h"

#include <errno.h>
#include <jwt.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* Fills the token; 0 or an errno value, as libjwt says it. */
static int fill(jwt_t *token, const struct jwt_signer *signer, const char *claims)
{
	jwt_alg_t algorithm = jwt_str_alg(signer->algorithm);
	int error;

	if (algorithm != JWT_ALG_ES256 && algorithm != JWT_ALG_RS256)
		return EINVAL;
	error = jwt_set_alg(token, algorithm, (const unsigned char *)signer->pem, (int)strlen(signer->pem));
	if (error == 0)
		error = jwt_add_header(token, "typ", "at+jwt");
	if (error == 0)
		error = jwt_add_header(token, "kid", signer->kid);
	return error ? error : jwt_add_grants_json(token, claims);
}

const char *jwt_sign(struct context *ctx, const struct jwt_signer *signer, const char *claims)
{
	jwt_t *token = NULL;
	const char *result = NULL;
	char *text = NULL;
	int error = jwt_new(&token);

	if (error == 0)
		error = fill(token, signer, claims);
	if (error == 0) {
		errno = 0;
		text = jwt_encode_str(token);
		error = text ? 0 : errno;
	}
	if (text)
		result = arena_strdup(&ctx->arena, text);
	else
		(void)context_fail_internal(ctx, "cannot sign a token by %s: %s", signer->algorithm, strerror(error));
	free(text);
	jwt_free(token);
	ERR_clear_error(); /* the thread's queue is shared */
	return result;
}
