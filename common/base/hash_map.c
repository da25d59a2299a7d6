#include "base/hash_map.h"

#include "base/fatal.h"
#include "base/hash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 16 };

struct slot {
	uint64_t hash;
	char *key; /* NULL: the slot is free */
	size_t length;
	void *value;
};

struct hash_map {
	struct slot *slots;
	size_t mask; /* slots - 1; their number is a power of two, at most three quarters of them are taken */
	size_t count;
	size_t limit;
	void (*free_value)(void *value);
};

struct hash_map *hash_map_new(size_t limit, void (*free_value)(void *value))
{
	struct hash_map *map = must_malloc(sizeof(*map));
	*map = (struct hash_map){
	    .slots = must_calloc(SLOTS_FIRST, sizeof(struct slot)),
	    .mask = SLOTS_FIRST - 1,
	    .limit = limit,
	    .free_value = free_value,
	};
	return map;
}

static void drop_value(const struct hash_map *map, void *value)
{
	if (map->free_value)
		map->free_value(value);
}

void hash_map_free(struct hash_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i <= map->mask; i++) {
		if (!map->slots[i].key)
			continue;
		drop_value(map, map->slots[i].value);
		free(map->slots[i].key);
	}
	free(map->slots);
	free(map);
}

/* The slot of the key, or the free one where it belongs. */
static struct slot *find(const struct hash_map *map, uint64_t hash, const void *key, size_t length)
{
	for (size_t i = hash;; i++) {
		struct slot *slot = &map->slots[i & map->mask];
		if (!slot->key)
			return slot;
		if (slot->hash == hash && slot->length == length &&
		    (length == 0 || memcmp(slot->key, key, length) == 0))
			return slot;
	}
}

void *hash_map_get(const struct hash_map *map, const void *key, size_t length)
{
	return find(map, hash_bytes(key, length), key, length)->value;
}

/* Moves all entries into twice as many slots. */
static void grow(struct hash_map *map)
{
	struct slot *old = map->slots;
	size_t old_count = map->mask + 1;
	map->slots = must_calloc(old_count * 2, sizeof(*map->slots));
	map->mask = old_count * 2 - 1;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].key)
			*find(map, old[i].hash, old[i].key, old[i].length) = old[i];
	}
	free(old);
}

bool hash_map_put(struct hash_map *map, const void *key, size_t length, void *value)
{
	if (!value)
		fatal("a map has no NULL values");
	uint64_t hash = hash_bytes(key, length);
	struct slot *slot = find(map, hash, key, length);
	if (slot->key) {
		void *replaced = slot->value;
		slot->value = value;
		if (replaced != value)
			drop_value(map, replaced);
		return true;
	}
	if (map->count >= map->limit)
		return false;
	if (map->count + 1 > (map->mask + 1) / 4 * 3) {
		grow(map);
		slot = find(map, hash, key, length);
	}
	char *copy = must_malloc(length + 1);
	if (length > 0)
		memcpy(copy, key, length);
	copy[length] = '\0';
	*slot = (struct slot){.hash = hash, .key = copy, .length = length, .value = value};
	map->count++;
	return true;
}

/* Frees the slot and moves later entries of its run forward, so that no search ends too early. */
static void vacate(struct hash_map *map, struct slot *slot)
{
	void *value = slot->value;
	free(slot->key);
	map->count--;
	size_t hole = (size_t)(slot - map->slots);
	for (size_t i = (hole + 1) & map->mask; map->slots[i].key; i = (i + 1) & map->mask) {
		size_t home = map->slots[i].hash & map->mask;
		bool reaches_hole = ((i - home) & map->mask) >= ((i - hole) & map->mask);
		if (!reaches_hole)
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole] = (struct slot){0};
	drop_value(map, value);
}

bool hash_map_remove(struct hash_map *map, const void *key, size_t length)
{
	struct slot *slot = find(map, hash_bytes(key, length), key, length);
	if (!slot->key)
		return false;
	vacate(map, slot);
	return true;
}

void *hash_map_get_text(const struct hash_map *map, const char *key)
{
	return hash_map_get(map, key, strlen(key));
}

bool hash_map_put_text(struct hash_map *map, const char *key, void *value)
{
	return hash_map_put(map, key, strlen(key), value);
}

bool hash_map_remove_text(struct hash_map *map, const char *key)
{
	return hash_map_remove(map, key, strlen(key));
}

size_t hash_map_count(const struct hash_map *map)
{
	return map->count;
}

/* Where a walk may begin so that no run of entries spans its end: just past a free slot. There is always one. */
static size_t past_free_slot(const struct hash_map *map)
{
	size_t free_slot = 0;
	while (map->slots[free_slot].key)
		free_slot++;
	return free_slot + 1;
}

void hash_map_each(struct hash_map *map, bool (*visit)(const void *key, size_t length, void *value, void *argument),
		   void *argument)
{
	size_t start = past_free_slot(map);
	for (size_t step = 0; step <= map->mask;) {
		struct slot *slot = &map->slots[(start + step) & map->mask];
		if (slot->key && !visit(slot->key, slot->length, slot->value, argument))
			vacate(map, slot); /* another entry may have moved here: the same slot again */
		else
			step++;
	}
}
