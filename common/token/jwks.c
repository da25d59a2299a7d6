#include "token/jwks.h"

#include "base/fatal.h"
#include "token/jwk.h"
#include "json/tree.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* One key. */
struct jwks_key {
	char kid[JWT_KID_MAX + 1];
	enum jwt_algorithm algorithm;
	EVP_PKEY *key;
};

struct jwks {
	size_t count, issuer_count;
	char *issuers[JWKS_ISSUERS_MAX];
	struct jwks_key keys[JWKS_KEYS_MAX];
};

void jwks_free(struct jwks *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		EVP_PKEY_free(set->keys[i].key);
	for (size_t i = 0; i < set->issuer_count; i++)
		free(set->issuers[i]);
	free(set);
}

static const struct jwks_key *find(const struct jwks *set, const char *kid)
{
	for (size_t i = 0; set && i < set->count; i++) {
		if (strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	}
	return NULL;
}

bool jwks_has(const struct jwks *set, const char *kid)
{
	return find(set, kid) != NULL;
}

EVP_PKEY *jwks_find(const struct jwks *set, const char *kid, enum jwt_algorithm algorithm)
{
	const struct jwks_key *found = find(set, kid);
	return found && found->algorithm == algorithm ? found->key : NULL;
}

const char *jwks_issuer(const struct jwks *set, const char *issuer)
{
	for (size_t i = 0; set && i < set->issuer_count; i++) {
		if (!issuer || strcmp(set->issuers[i], issuer) == 0)
			return set->issuers[i];
	}
	return NULL;
}

bool jwks_includes(const struct jwks *fresh, const struct jwks *old)
{
	for (size_t i = 0; old && i < old->count; i++) {
		const struct jwks_key *was = &old->keys[i], *is = find(fresh, was->kid);
		if (!is || is->algorithm != was->algorithm || EVP_PKEY_eq(is->key, was->key) != 1)
			return false;
	}
	for (size_t i = 0; old && i < old->issuer_count; i++)
		if (!jwks_issuer(fresh, old->issuers[i]))
			return false;
	return true;
}

static void take_issuers(struct jwks *set, struct json_object *issuers)
{
	size_t count = json_object_is_type(issuers, json_type_array) ? json_object_array_length(issuers) : 0;
	for (size_t i = 0; i < count && set->issuer_count < JWKS_ISSUERS_MAX; i++) {
		struct json_object *issuer = json_object_array_get_idx(issuers, i);
		if (json_object_is_type(issuer, json_type_string) && json_object_get_string_len(issuer) > 0)
			set->issuers[set->issuer_count++] = must_strdup(json_object_get_string(issuer));
	}
}

/* Takes a key into the set unless it is of no use; of two with one kid the first counts. */
static void take(struct context *ctx, struct jwks *set, struct json_object *jwk)
{
	struct jwks_key *next = &set->keys[set->count];
	const char *kid = jwk_text(jwk, "kid");
	if (!kid || !*kid || strlen(kid) > JWT_KID_MAX || find(set, kid))
		return;
	next->key = jwk_public_key(ctx, jwk, &next->algorithm);
	if (!next->key)
		return;
	memcpy(next->kid, kid, strlen(kid) + 1);
	set->count++;
}

static struct jwks *take_all(struct context *ctx, struct json_object *keys)
{
	struct jwks *set = must_calloc(1, sizeof(*set));
	size_t count = json_object_array_length(keys);
	for (size_t i = 0; i < count && set->count < JWKS_KEYS_MAX; i++)
		take(ctx, set, json_object_array_get_idx(keys, i));
	if (set->count > 0)
		return set;
	jwks_free(set);
	return NULL;
}

struct jwks *jwks_parse(struct context *ctx, const char *text, size_t length)
{
	struct json_object *tree = NULL, *keys;
	struct jwks *set = NULL;
	struct json_error error;
	if (length <= JWKS_SIZE_MAX && json_tree_parse(text, length, JWT_DEPTH_MAX, 0, &ctx->arena, &tree, &error) &&
	    json_object_is_type(tree, json_type_object) && json_object_object_get_ex(tree, "keys", &keys) &&
	    json_object_is_type(keys, json_type_array))
		set = take_all(ctx, keys);
	if (set)
		take_issuers(set, json_object_object_get(tree, "issuers"));
	(void)json_object_put(tree);
	if (!set) {
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "keys", "the keys of access tokens are not available");
		error_set_cause(&ctx->error, "not a JWKS with a usable key (%zu bytes)", length);
	}
	return set;
}
