#include "schema/internal.h"
#include "json/tree.h"
#include "json/walk.h"

#include <string.h>

#define URIS_MAX 100000

static const char *string_member(struct json_object *value, const char *name)
{
	struct json_object *member;
	if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, name, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	return json_object_get_string(member);
}

const char *schema_base(struct schema_set *set, struct json_object *value, const char *base)
{
	const char *id = string_member(value, "$id");
	if (!id || id[0] == '#' || string_member(value, "$ref"))
		return base;
	const char *uri = schema_uri_resolve(&set->work, base, id);
	/* A fragment names a place, it is no part of a base. */
	return arena_strndup(&set->work, uri, strcspn(uri, "#"));
}

static bool add_uri(struct schema_set *set, const char *uri, struct json_object *value, const char *base)
{
	struct schema_resource *resource = arena_alloc(&set->work, sizeof(*resource));
	*resource = (struct schema_resource){.value = value, .base = base};
	if (hash_map_get_text(set->by_uri, uri))
		return schema_fail(set, uri, "$id is used twice");
	return hash_map_put_text(set->by_uri, uri, resource) || schema_fail(set, uri, "too many $id");
}

/* True for keywords whose value is data, in which $id means nothing. */
static bool holds_data(const char *key)
{
	return key && (strcmp(key, "enum") == 0 || strcmp(key, "const") == 0 || strcmp(key, "default") == 0 ||
		       strcmp(key, "examples") == 0);
}

/* Notes the names that one object gives itself. */
static bool index_object(struct schema_set *set, struct json_object *value, const char *outer, const char *base)
{
	const char *id = string_member(value, "$id");
	if (!id || string_member(value, "$ref"))
		return true;
	const char *uri = schema_uri_resolve(&set->work, outer, id);
	if (base != outer && !add_uri(set, base, value, outer))
		return false;
	return !strchr(uri, '#') || add_uri(set, uri, value, outer);
}

bool schema_index_uris(struct schema_set *set)
{
	const char *bases[JSON_DEPTH_MAX + 1] = {""};
	uint32_t data_depth = JSON_DEPTH_MAX;
	struct json_walk walk;
	json_walk_init(&walk, set->document);
	enum json_walk_event event;
	while ((event = json_walk_next(&walk)) != WALK_END) {
		if (event == WALK_TOO_DEEP)
			return schema_fail(set, "#", "nested deeper than %d", JSON_DEPTH_MAX);
		if (event == WALK_CLOSE && walk.depth == data_depth)
			data_depth = JSON_DEPTH_MAX;
		if (event != WALK_OPEN)
			continue;
		if (data_depth == JSON_DEPTH_MAX && holds_data(json_walk_key(&walk)))
			data_depth = walk.depth;
		const char *outer = bases[walk.depth];
		bool named = data_depth == JSON_DEPTH_MAX;
		const char *base = named ? schema_base(set, walk.value, outer) : outer;
		bases[walk.depth + 1] = base;
		if (walk.depth == 0 && base == outer && !add_uri(set, "", walk.value, ""))
			return false;
		if (named && !index_object(set, walk.value, outer, base))
			return false;
	}
	return true;
}

/* Goes down a pointer (with its slash in front). The base becomes that around the value found. */
static bool follow(struct schema_set *set, const char *pointer, struct schema_resource *place)
{
	char *prefix = arena_printf(&set->work, "#%s", pointer);
	size_t length = strlen(prefix);
	struct json_object *start = place->value;
	for (size_t i = 2; i <= length; i++) {
		if (prefix[i] != '/' && prefix[i] != '\0')
			continue;
		char end = prefix[i];
		prefix[i] = '\0';
		place->base = schema_base(set, place->value, place->base);
		bool found = json_tree_pointer(start, prefix, &place->value);
		prefix[i] = end;
		if (!found)
			return false;
	}
	return true;
}

bool schema_resolve(struct schema_set *set, const char *base, const char *reference, const char *place,
		    struct schema_resource *ret)
{
	const char *uri = schema_uri_resolve(&set->work, base, reference);
	size_t length = strcspn(uri, "#");
	bool pointer = uri[length] == '#' && uri[length + 1] == '/';
	const char *name = pointer ? arena_strndup(&set->work, uri, length) : uri;
	const struct schema_resource *resource = hash_map_get_text(set->by_uri, name);
	if (!resource)
		return schema_fail(set, place, "$ref \"%s\" is not in this document", reference);
	*ret = *resource;
	if (pointer && !follow(set, uri + length + 1, ret))
		return schema_fail(set, place, "$ref \"%s\" leads nowhere", reference);
	return true;
}
