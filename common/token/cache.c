#include "token/cache.h"

#include "base/fatal.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8

/* A place; entry NULL: free. */
struct place {
	uint64_t hash;
	uint64_t used; /* value of the cache's clock at the last use */
	struct token_entry *entry;
};

struct token_cache {
	uint64_t clock; /* counts uses */
	size_t sets;	/* a power of 2 */
	size_t count;
	struct place places[];
};

struct token_cache *token_cache_new(size_t size)
{
	size_t sets = 1;
	while (sets * WAYS < size)
		sets *= 2;
	struct token_cache *cache;
	cache = must_calloc(1, sizeof(*cache) + sets * WAYS * sizeof(struct place));
	cache->sets = sets;
	return cache;
}

static void release(void *argument)
{
	struct token_entry *entry = argument;
	if (--entry->references == 0)
		free(entry);
}

static struct token_entry *hold(struct context *ctx, struct token_entry *entry)
{
	entry->references++;
	context_defer(ctx, release, entry);
	return entry;
}

static void empty(struct token_cache *cache, struct place *place)
{
	if (!place->entry)
		return;
	release(place->entry);
	place->entry = NULL;
	cache->count--;
}

void token_cache_clear(struct token_cache *cache)
{
	for (size_t i = 0; i < cache->sets * WAYS; i++)
		empty(cache, &cache->places[i]);
}

void token_cache_free(struct token_cache *cache)
{
	if (!cache)
		return;
	token_cache_clear(cache);
	free(cache);
}

static struct place *set_of(struct token_cache *cache, uint64_t hash)
{
	return &cache->places[(hash & (cache->sets - 1)) * WAYS];
}

struct token_text token_text_of(const char *token, size_t length)
{
	return (struct token_text){.text = token, .length = length, .hash = hash_bytes(token, length)};
}

struct token_entry *token_cache_find(struct context *ctx, struct token_cache *cache, const struct token_text *token,
				     int64_t now)
{
	struct place *set = set_of(cache, token->hash);
	for (size_t i = 0; i < WAYS; i++) {
		struct token_entry *entry = set[i].entry;
		if (!entry || set[i].hash != token->hash || entry->length != token->length ||
		    memcmp(entry->token, token->text, token->length) != 0)
			continue;
		if (entry->expires <= now) {
			empty(cache, &set[i]);
			return NULL;
		}
		set[i].used = ++cache->clock;
		return hold(ctx, entry);
	}
	return NULL;
}

/* The place to evict. */
static struct place *victim(struct place *set, int64_t now)
{
	struct place *best = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (!set[i].entry || set[i].entry->expires <= now)
			return &set[i];
		if (set[i].used < best->used)
			best = &set[i];
	}
	return best;
}

struct token_entry *token_cache_add(struct context *ctx, struct token_cache *cache, const struct token_text *token,
				    const struct identity *identity, int64_t expires)
{
	size_t length = token->length;
	size_t scope = identity->scope ? strlen(identity->scope) + 1 : 0;
	struct token_entry *entry = must_malloc(sizeof(*entry) + length + scope);
	struct place *place = victim(set_of(cache, token->hash), clock_wall());
	char *copy = (char *)(entry + 1);
	*entry = (struct token_entry){
	    .identity = *identity, .expires = expires, .references = 1, .length = length, .token = copy};
	memcpy(copy, token->text, length);
	if (scope > 0)
		entry->identity.scope = memcpy(copy + length, identity->scope, scope);
	empty(cache, place);
	*place = (struct place){.hash = token->hash, .used = ++cache->clock, .entry = entry};
	cache->count++;
	return hold(ctx, entry);
}

void token_cache_remove(struct token_cache *cache, const struct token_entry *entry)
{
	struct place *set = set_of(cache, hash_bytes(entry->token, entry->length));
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].entry == entry)
			empty(cache, &set[i]);
	}
}

size_t token_cache_count(const struct token_cache *cache)
{
	return cache->count;
}
