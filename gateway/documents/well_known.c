#include "documents/well_known.h"

#include "base/buffer.h"
#include "base/fatal.h"
#include "http/representation.h"
#include "rpc/http_endpoint.h"
#include "token/token.h"

#include <stdlib.h>
#include <string.h>

/* For those who keep it: longer than a burst of requests, much shorter than a key is published before it signs. */
#define CACHE_CONTROL "public, max-age=60"
#define METADATA_LIMIT 8192

struct well_known {
	struct token_verifier *verifier;
	const char *public_url;
	struct http_representation keys, metadata;
};

struct well_known *well_known_new(struct token_verifier *verifier, const char *public_url)
{
	struct well_known *well_known = must_calloc(1, sizeof(*well_known));
	well_known->verifier = verifier;
	well_known->public_url = public_url;
	return well_known;
}

void well_known_free(struct well_known *well_known)
{
	if (!well_known)
		return;
	http_representation_done(&well_known->keys);
	http_representation_done(&well_known->metadata);
	free(well_known);
}

/* The key set, or NULL after having answered that there is none yet. */
static const char *find_keys(struct http_exchange *exchange, const struct well_known *well_known, size_t *ret_length)
{
	const char *keys = token_verifier_jwks(exchange->ctx, well_known->verifier, ret_length);
	if (keys)
		return keys;
	error_clear(&exchange->ctx->error);
	context_fail(exchange->ctx, ERROR_UNAVAILABLE, "keys", "the keys of access tokens are not available yet");
	rpc_http_fail(exchange, 503);
	return NULL;
}

void well_known_keys(struct http_exchange *exchange, void *argument)
{
	struct well_known *well_known = argument;
	size_t length;
	const char *keys = find_keys(exchange, well_known, &length);
	if (keys)
		http_representation_reply(&well_known->keys, exchange, "application/jwk-set+json", CACHE_CONTROL, keys,
					  length);
}

static void append_url(struct buffer *text, const char *name, const char *base, const char *path, struct arena *arena)
{
	size_t length = strlen(base);
	while (length > 0 && base[length - 1] == '/')
		length--;
	buffer_printf(text, ",\"%s\":", name);
	buffer_append_json_string(text, arena_printf(arena, "%.*s%s", (int)length, base, path));
}

/* No grant of OAuth is to be had here, so the lists that RFC 8414 section 2 wants are empty, and endpoints, which it
 * wants only for grants, are absent. */
static const char *metadata_of(struct context *ctx, const struct well_known *well_known)
{
	struct buffer text;
	buffer_init_arena(&text, &ctx->arena, METADATA_LIMIT);
	buffer_append_text(&text, "{\"issuer\":");
	buffer_append_json_string(&text, token_verifier_issuer(well_known->verifier));
	append_url(&text, "jwks_uri", well_known->public_url, WELL_KNOWN_KEYS, &ctx->arena);
	append_url(&text, "service_documentation", well_known->public_url, "/docs", &ctx->arena);
	buffer_append_text(&text, ",\"response_types_supported\":[],\"grant_types_supported\":[],"
				  "\"token_endpoint_auth_methods_supported\":[],"
				  "\"access_token_signing_alg_values_supported\":[\"ES256\",\"RS256\"]}");
	return buffer_text(&text);
}

void well_known_metadata(struct http_exchange *exchange, void *argument)
{
	struct well_known *well_known = argument;
	size_t length;
	if (!find_keys(exchange, well_known, &length))
		return;
	const char *text = metadata_of(exchange->ctx, well_known);
	http_representation_reply(&well_known->metadata, exchange, "application/json", CACHE_CONTROL, text,
				  strlen(text));
}
