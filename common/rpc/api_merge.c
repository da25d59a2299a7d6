#include "rpc/api_internal.h"

#include "rpc/json_tree.h"
#include "rpc/json_walk.h"

#include <stdio.h>
#include <string.h>

#define SCHEMAS "#/components/schemas/"

/* Makes references to the source's schemas ones to their names in the merged document. */
static void rewrite_references(struct json_object *tree, const char *daemon, struct arena *arena)
{
	struct json_walk walk;
	enum json_walk_event event;
	json_walk_init(&walk, tree);
	while ((event = json_walk_next(&walk)) != WALK_END && event != WALK_TOO_DEEP) {
		const char *key = json_walk_key(&walk);
		if (event != WALK_SCALAR || key == NULL || strcmp(key, "$ref") != 0 ||
		    !json_object_is_type(walk.value, json_type_string))
			continue;
		const char *reference = json_object_get_string(walk.value);
		if (strncmp(reference, SCHEMAS, strlen(SCHEMAS)) != 0)
			continue;
		/* Changes the string, not the tree around it, so the walk goes on. */
		(void)json_object_set_string(walk.value,
					     arena_printf(arena, SCHEMAS "%s.%s", daemon, reference + strlen(SCHEMAS)));
	}
}

static bool merge_methods(struct json_object *merged, struct json_object *source, bool public_only)
{
	struct json_object *methods = api_member(source, "methods", json_type_array);
	struct json_object *all = json_object_object_get(merged, "methods");
	if (methods == NULL)
		return false;
	for (size_t i = 0; i < json_object_array_length(methods); i++) {
		struct json_object *method = json_object_array_get_idx(methods, i);
		struct json_object *access = api_member(method, "x-access", json_type_array);
		if (!public_only || api_access_read(access) != (unsigned)API_ACCESS_SERVICE)
			json_object_array_add(all, json_object_get(method));
	}
	return true;
}

static void merge_components(struct json_object *merged, struct json_object *source, const char *daemon,
			     struct arena *arena)
{
	struct json_object *all = json_object_object_get(merged, "components");
	struct json_object *components = api_member(source, "components", json_type_object);
	struct json_object *schemas = api_member(components, "schemas", json_type_object);
	struct json_object *errors = api_member(components, "errors", json_type_object);
	if (schemas != NULL) {
		json_object_object_foreach(schemas, name, schema)
		{
			json_object_object_add(json_object_object_get(all, "schemas"),
					       arena_printf(arena, "%s.%s", daemon, name), json_object_get(schema));
		}
	}
	if (errors != NULL) {
		json_object_object_foreach(errors, word, error)
		{
			json_object_object_add(json_object_object_get(all, "errors"), word, json_object_get(error));
		}
	}
}

static bool merge_source(struct json_object *merged, const struct api_source *source, bool public_only,
			 struct arena *arena, struct api_reader *reader)
{
	struct json_object *tree;
	struct json_error fault;
	reader->file = source->name;
	if (!json_tree_parse(source->text, source->length, JSON_DEPTH_MAX, 0, arena, &tree, &fault))
		return api_fail(reader, "no JSON: %s at byte %zu", json_fault_text(fault.fault), fault.offset);
	rewrite_references(tree, source->name, arena);
	bool taken = merge_methods(merged, tree, public_only);
	if (taken)
		merge_components(merged, tree, source->name, arena);
	json_object_put(tree);
	return taken || api_fail(reader, "no OpenRPC document");
}

bool api_merge_documents(const struct api_source *sources, size_t count, const char *title, const char *version,
			 bool public_only, struct arena *arena, struct buffer *target, char *error, size_t error_size)
{
	struct api_reader reader = {.error = error, .size = error_size, .file = "merged document"};
	struct json_object *merged = api_document_new(title, version);
	bool taken = true;
	for (size_t i = 0; taken && i < count; i++)
		taken = merge_source(merged, &sources[i], public_only, arena, &reader);
	if (taken)
		json_tree_write(merged, target);
	json_object_put(merged);
	return taken && (!buffer_failed(target) || api_fail(&reader, "larger than %zu bytes", target->limit));
}
