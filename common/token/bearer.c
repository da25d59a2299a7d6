#include "token/bearer.h"

#include <string.h>
#include <strings.h>

static const char SCHEME[] = "Bearer";

const char *bearer_token(const char *authorization)
{
	size_t length = sizeof(SCHEME) - 1;
	if (!authorization)
		return NULL;
	if (strncasecmp(authorization, SCHEME, length) != 0 || authorization[length] != ' ')
		return "";
	return authorization + length + strspn(authorization + length, " ");
}

/* Only these may stand in error_description. */
static void make_describable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			*text = '\'';
}

const char *bearer_challenge(struct context *ctx)
{
	const struct error *error = &ctx->error;
	if (strcmp(error->reason, "missing") == 0)
		return SCHEME;
	char *description = arena_strdup(&ctx->arena, error->message);
	make_describable(description);
	return arena_printf(&ctx->arena, "%s error=\"invalid_token\", error_description=\"%s\"", SCHEME, description);
}
