/*
 * A map from bytes to pointers: open addressing, linear probing, keys hashed under the process's random key.
 *
 * Purpose: tables by name or id whose keys may come from outside.
 * Ownership: keys are copied in; values are borrowed, unless a function to free them is given at birth: then it runs
 * for each value that leaves the map by being replaced, removed or at hash_map_free. Invariants: never more entries
 * than the limit given at birth; no entry with a NULL value; lookups allocate nothing. Not thread-safe: use it from one
 * thread, or under a lock.
 */
#ifndef EVENTLOOP_BASE_HASH_MAP_H
#define EVENTLOOP_BASE_HASH_MAP_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct hash_map;

/* Makes an empty map for at most limit entries. free_value: see above; NULL when values are not the map's. */
struct hash_map *hash_map_new(size_t limit, void (*free_value)(void *value));

/* Frees the map, its keys, and its values when they are its own. NULL is fine. */
void hash_map_free(struct hash_map *map);

/* The value of the key (length bytes), NULL when there is none. */
void *hash_map_get(const struct hash_map *map, const void *key, size_t length);

/* Sets the value (not NULL) of the key, replacing an older one. False when the key is new and the map is full; the
 * value is then still the caller's. */
bool hash_map_put(struct hash_map *map, const void *key, size_t length, void *value) MUST_CHECK;

/* Removes the key. False when there was none. */
bool hash_map_remove(struct hash_map *map, const void *key, size_t length);

/* The same for keys that are NUL-terminated texts. */
void *hash_map_get_text(const struct hash_map *map, const char *key);
bool hash_map_put_text(struct hash_map *map, const char *key, void *value) MUST_CHECK;
bool hash_map_remove_text(struct hash_map *map, const char *key);

/* How many entries there are. */
size_t hash_map_count(const struct hash_map *map);

/* Calls visit for every entry, in no order. Entries for which it returns false are removed after it; it must not change
 * the map otherwise. The key is followed by a NUL. */
void hash_map_each(struct hash_map *map, bool (*visit)(const void *key, size_t length, void *value, void *argument),
		   void *argument);

#endif
