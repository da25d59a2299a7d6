#include "outside.h"

#include "token/token.h"

const struct identity *outside_identity(struct context *ctx, struct token_verifier *verifier, const char *token,
					size_t length)
{
	const struct identity *identity = token_verify(ctx, verifier, token, length);
	if (!identity || identity->kind != IDENTITY_SERVICE)
		return identity;
	(void)context_fail(ctx, ERROR_FORBIDDEN, "access", "not for services: they call the daemons themselves");
	return NULL;
}
