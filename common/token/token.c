#include "token/token.h"

#include "base/fatal.h"
#include "token/cache.h"
#include "token/claims.h"
#include "token/jwt.h"
#include "token/keys.h"
#include "token/revocation.h"

#include <stdlib.h>

#define CACHE_SIZE 4096

struct token_verifier {
	char *issuer, *audience;
	struct token_keys *keys;
	struct token_cache *cache;
	uint64_t hits, misses, failures;
};

static void forget_all(void *argument)
{
	struct token_verifier *verifier = argument;
	token_cache_clear(verifier->cache);
}

static void destroy(struct token_verifier *verifier)
{
	token_cache_free(verifier->cache);
	free(verifier->audience);
	free(verifier->issuer);
	free(verifier);
}

struct token_verifier *token_verifier_new(const struct token_verifier_options *options)
{
	struct token_verifier *verifier = must_calloc(1, sizeof(*verifier));
	verifier->issuer = must_strdup(options->issuer);
	verifier->audience = must_strdup(options->audience);
	verifier->cache = token_cache_new(options->cache_size ? options->cache_size : CACHE_SIZE);
	verifier->keys = token_keys_new(&(struct token_keys_options){.url = options->jwks_url,
								     .http = options->http,
								     .changed = forget_all,
								     .argument = verifier,
								     .lifetime = options->refetch});
	if (verifier->keys)
		return verifier;
	destroy(verifier);
	return NULL;
}

void token_verifier_free(struct token_verifier *verifier)
{
	if (!verifier)
		return;
	token_keys_free(verifier->keys);
	destroy(verifier);
}

int token_verifier_set_keys(struct token_verifier *verifier, struct context *ctx, const char *jwks, size_t length)
{
	return token_keys_set(verifier->keys, ctx, jwks, length);
}

void token_verifier_stats(const struct token_verifier *verifier, struct token_verifier_stats *ret)
{
	*ret = (struct token_verifier_stats){
	    .hits = verifier->hits,
	    .misses = verifier->misses,
	    .failures = verifier->failures,
	    .fetches = token_keys_fetches(verifier->keys),
	    .remembered = token_cache_count(verifier->cache),
	};
}

static int revoked(struct context *ctx)
{
	return context_fail(ctx, ERROR_UNAUTHENTICATED, "revoked", "the access token has been revoked");
}

/* A remembered token is looked up among the revocations only when there are new ones since its last use. */
static const struct identity *known(struct context *ctx, struct token_verifier *verifier, struct token_entry *entry)
{
	uint64_t revision = token_revocation_revision();
	if (entry->revision != revision) {
		if (token_revocation_has(&entry->identity)) {
			token_cache_remove(verifier->cache, entry);
			(void)revoked(ctx);
			return NULL;
		}
		entry->revision = revision;
	}
	verifier->hits++;
	return &entry->identity;
}

/* What the token says, when the key set names that, else the issuer of the settings. */
static const char *expected_issuer(const struct token_verifier *verifier, struct json_object *claims)
{
	struct json_object *said = json_object_object_get(claims, "iss");
	const char *known = json_object_is_type(said, json_type_string)
				? token_keys_issuer(verifier->keys, json_object_get_string(said))
				: NULL;
	return known ? known : verifier->issuer;
}

const char *token_verifier_issuer(const struct token_verifier *verifier)
{
	const char *first = token_keys_issuer(verifier->keys, NULL);
	return first ? first : verifier->issuer;
}

const char *token_verifier_jwks(struct context *ctx, struct token_verifier *verifier, size_t *ret_length)
{
	return token_keys_text(ctx, verifier->keys, ret_length);
}

static const struct identity *unknown(struct context *ctx, struct token_verifier *verifier,
				      const struct token_text *token)
{
	struct json_object *claims = NULL;
	EVP_PKEY *key;
	struct jwt_token jwt;
	if (jwt_parse(ctx, token->text, token->length, &jwt) != 0)
		return NULL;
	key = token_keys_get(ctx, verifier->keys, jwt.kid, jwt.algorithm);
	if (key)
		claims = jwt_verify(ctx, &jwt, key);
	const struct token_expectation expected = {expected_issuer(verifier, claims), verifier->audience, clock_wall()};
	struct identity identity;
	if (!claims || token_claims_read(ctx, claims, &expected, &identity) != 0)
		return NULL;
	uint64_t revision = token_revocation_revision();
	if (token_revocation_has(&identity)) {
		(void)revoked(ctx);
		return NULL;
	}
	struct token_entry *entry =
	    token_cache_add(ctx, verifier->cache, token, &identity, identity.expires + TOKEN_SKEW);
	entry->revision = revision;
	return &entry->identity;
}

static const struct identity *verify(struct context *ctx, struct token_verifier *verifier, const char *token,
				     size_t length)
{
	const struct token_text text = token_text_of(token, length);
	struct token_entry *entry = token_cache_find(ctx, verifier->cache, &text, clock_wall());
	if (entry)
		return known(ctx, verifier, entry);
	verifier->misses++;
	return unknown(ctx, verifier, &text);
}

const struct identity *token_verify(struct context *ctx, struct token_verifier *verifier, const char *token,
				    size_t length)
{
	const struct identity *identity;
	if (length == 0 || length > TOKEN_SIZE_MAX) {
		(void)context_fail(ctx, ERROR_UNAUTHENTICATED, "malformed", "%s",
				   length == 0 ? "Authorization must be Bearer and one access token"
					       : "the access token has no acceptable length");
		identity = NULL;
	} else {
		identity = verify(ctx, verifier, token, length);
	}
	verifier->failures += !identity;
	return identity;
}
