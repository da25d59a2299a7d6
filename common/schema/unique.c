#include "schema/internal.h"
#include "json/tree.h"

#include <stdlib.h>

#define PAIRWISE_MAX 6 /* so few are compared without hashing */

struct hashed {
	uint64_t hash;
	struct json_object *item;
};

static bool all_pairs_differ(struct json_object *array, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (json_tree_equal(json_object_array_get_idx(array, i), json_object_array_get_idx(array, j)))
				return false;
	return true;
}

static int by_hash(const void *one, const void *other)
{
	uint64_t first = ((const struct hashed *)one)->hash, second = ((const struct hashed *)other)->hash;
	return (first > second) - (first < second);
}

bool schema_all_different(struct json_object *array, struct arena *arena)
{
	size_t count = json_object_array_length(array);
	if (count <= PAIRWISE_MAX)
		return all_pairs_differ(array, count);
	struct hashed *items = arena_alloc(arena, count * sizeof(*items));
	for (size_t i = 0; i < count; i++) {
		items[i].item = json_object_array_get_idx(array, i);
		items[i].hash = json_tree_hash(items[i].item);
	}
	qsort(items, count, sizeof(*items), by_hash);
	/* Hashes are keyed: that many equal ones of different items do not happen. */
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && items[j - 1].hash == items[i].hash; j--)
			if (json_tree_equal(items[i].item, items[j - 1].item))
				return false;
	return true;
}
