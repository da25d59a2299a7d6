#include "json/tree.h"

#include "base/hash.h"
#include "json/walk.h"

#include <string.h>

#define INT64_LIMIT 9223372036854775808.0 /* 2^63 */

/* The whole number a double is; false when it is none of 64 bits. */
static bool whole(double number, int64_t *ret)
{
	if (!(number >= -INT64_LIMIT && number < INT64_LIMIT) || number != (double)(int64_t)number)
		return false;
	*ret = (int64_t)number;
	return true;
}

static bool is_number(enum json_type type)
{
	return type == json_type_int || type == json_type_double;
}

static bool equal_numbers(struct json_object *one, struct json_object *other)
{
	bool first_whole = json_object_get_type(one) == json_type_int;
	bool second_whole = json_object_get_type(other) == json_type_int;
	if (first_whole && second_whole)
		return json_object_get_int64(one) == json_object_get_int64(other) &&
		       json_object_get_uint64(one) == json_object_get_uint64(other);
	if (!first_whole && !second_whole)
		return json_object_get_double(one) == json_object_get_double(other);
	struct json_object *exact = first_whole ? one : other;
	int64_t number;
	return whole(json_object_get_double(first_whole ? other : one), &number) &&
	       json_object_get_int64(exact) == number;
}

/* Compares two values, of containers only kind and number of elements. */
static bool equal_values(struct json_object *one, struct json_object *other)
{
	enum json_type type = json_object_get_type(one), other_type = json_object_get_type(other);
	if (is_number(type) && is_number(other_type))
		return equal_numbers(one, other);
	if (type != other_type)
		return false;
	switch (type) {
	case json_type_boolean:
		return json_object_get_boolean(one) == json_object_get_boolean(other);
	case json_type_string:
		return json_object_get_string_len(one) == json_object_get_string_len(other) &&
		       memcmp(json_object_get_string(one), json_object_get_string(other),
			      (size_t)json_object_get_string_len(one)) == 0;
	case json_type_object:
		return json_object_object_length(one) == json_object_object_length(other);
	case json_type_array:
		return json_object_array_length(one) == json_object_array_length(other);
	default:
		return true;
	}
}

/* The element of container that stands where the walk is. False when there is none. */
static bool counterpart(const struct json_walk *walk, struct json_object *container, struct json_object **ret)
{
	const char *key = json_walk_key(walk);
	if (key)
		return json_object_object_get_ex(container, key, ret);
	*ret = json_object_array_get_idx(container, json_walk_index(walk));
	return true;
}

bool json_tree_equal(struct json_object *one, struct json_object *other)
{
	struct json_walk walk;
	json_walk_init(&walk, one);
	enum json_walk_event event;
	struct json_object *others[JSON_DEPTH_MAX];
	while ((event = json_walk_next(&walk)) != WALK_END) {
		struct json_object *value = other;
		if (event == WALK_CLOSE)
			continue;
		if (event == WALK_TOO_DEEP || (walk.depth > 0 && !counterpart(&walk, others[walk.depth - 1], &value)) ||
		    !equal_values(walk.value, value))
			return false;
		if (event == WALK_OPEN)
			others[walk.depth] = value;
	}
	return true;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

static uint64_t hash_scalar(struct json_object *value)
{
	struct {
		int64_t whole;
		double broken;
	} number = {0, 0};
	enum json_type type = json_object_get_type(value);
	switch (type) {
	case json_type_int:
		number.whole = json_object_get_int64(value);
		break;
	case json_type_double:
		if (!whole(json_object_get_double(value), &number.whole))
			number.broken = json_object_get_double(value);
		break;
	case json_type_string:
		return hash_bytes(json_object_get_string(value), (size_t)json_object_get_string_len(value));
	case json_type_boolean:
		return mix(1, json_object_get_boolean(value) ? 2 : 3);
	default:
		return mix(4, 5);
	}
	return hash_bytes(&number, sizeof(number));
}

/* Adds an element's hash to that of its container: order counts in arrays, not in objects. */
static uint64_t combine(const struct json_walk *walk, uint64_t container, uint64_t element)
{
	const char *key = json_walk_key(walk);
	if (!key)
		return mix(container, element);
	return container + mix(hash_bytes(key, strlen(key)), element);
}

uint64_t json_tree_hash(struct json_object *tree)
{
	uint64_t hashes[JSON_DEPTH_MAX], result = 0;
	struct json_walk walk;
	json_walk_init(&walk, tree);
	enum json_walk_event event;
	while ((event = json_walk_next(&walk)) != WALK_END && event != WALK_TOO_DEEP) {
		if (event == WALK_OPEN) {
			hashes[walk.depth] = json_object_get_type(walk.value) == json_type_object ? 6 : 7;
			continue;
		}
		uint64_t hash = event == WALK_CLOSE ? mix(hashes[walk.depth], 8) : hash_scalar(walk.value);
		if (walk.depth == 0)
			result = hash;
		else
			hashes[walk.depth - 1] = combine(&walk, hashes[walk.depth - 1], hash);
	}
	return result;
}
