#include "api/internal.h"

#include "json/tree.h"
#include "json/walk.h"

#include <stdio.h>
#include <string.h>

#define SCHEMAS "#/components/schemas/"

/* Moves the schemas that the tree refers to from the pool to taken, and notes them in the queue. */
static void take_referred(struct json_object *tree, struct json_object *pool, struct json_object *taken,
			  struct json_object *queue)
{
	struct json_walk walk;
	json_walk_init(&walk, tree);
	enum json_walk_event event;
	while ((event = json_walk_next(&walk)) != WALK_END && event != WALK_TOO_DEEP) {
		const char *key = json_walk_key(&walk);
		if (event != WALK_SCALAR || !key || strcmp(key, "$ref") != 0 ||
		    !json_object_is_type(walk.value, json_type_string))
			continue;
		const char *reference = json_object_get_string(walk.value);
		struct json_object *schema;
		if (strncmp(reference, SCHEMAS, strlen(SCHEMAS)) != 0 ||
		    !json_object_object_get_ex(pool, reference + strlen(SCHEMAS), &schema) ||
		    json_object_object_get_ex(taken, reference + strlen(SCHEMAS), NULL))
			continue;
		json_object_object_add(taken, reference + strlen(SCHEMAS), json_object_get(schema));
		json_object_array_add(queue, json_object_get(schema));
	}
}

void api_take_schemas(struct json_object *document, struct json_object *pool)
{
	struct json_object *components = json_object_object_get(document, "components");
	struct json_object *queue = json_object_new_array(), *taken = json_object_new_object();
	api_members_add(pool, json_object_object_get(components, "schemas"));
	take_referred(json_object_object_get(document, "methods"), pool, taken, queue);
	take_referred(json_object_object_get(components, "errors"), pool, taken, queue);
	take_referred(json_object_object_get(document, API_FACTS), pool, taken, queue);
	take_referred(json_object_object_get(document, API_CONSUMES), pool, taken, queue);
	for (size_t i = 0; i < json_object_array_length(queue); i++)
		take_referred(json_object_array_get_idx(queue, i), pool, taken, queue);
	json_object_object_add(components, "schemas", taken);
	json_object_put(queue);
}

static bool merge_methods(struct json_object *merged, struct json_object *source, bool public_only)
{
	struct json_object *methods = api_member(source, "methods", json_type_array);
	struct json_object *all = json_object_object_get(merged, "methods");
	if (!methods)
		return false;
	for (size_t i = 0; i < json_object_array_length(methods); i++) {
		struct json_object *method = json_object_array_get_idx(methods, i);
		struct json_object *access = api_member(method, "x-access", json_type_array);
		if (!public_only || api_access_read(access) != (unsigned)API_ACCESS_SERVICE)
			json_object_array_add(all, json_object_get(method));
	}
	return true;
}

static bool merge_source(struct json_object *merged, struct json_object *pool, const struct api_source *source,
			 bool public_only, struct arena *arena, struct api_reader *reader)
{
	reader->file = source->name;
	struct json_error fault;
	struct json_object *tree;
	if (!json_tree_parse(source->text, source->length, JSON_DEPTH_MAX, 0, arena, &tree, &fault))
		return api_fail(reader, "no JSON: %s at byte %zu", json_fault_text(fault.fault), fault.offset);
	bool taken = merge_methods(merged, tree, public_only);
	api_facts_merge(merged, tree, source->name);
	struct json_object *components = api_member(tree, "components", json_type_object);
	api_members_add(pool, api_member(components, "schemas", json_type_object));
	api_members_add(json_object_object_get(json_object_object_get(merged, "components"), "errors"),
			api_member(components, "errors", json_type_object));
	json_object_put(tree);
	return taken || api_fail(reader, "no OpenRPC document");
}

bool api_merge_documents(const struct api_source *sources, size_t count, const struct api_about *about,
			 bool public_only, struct arena *arena, struct buffer *target, char *error, size_t error_size)
{
	struct api_reader reader = {.error = error, .size = error_size, .file = "merged document"};
	struct json_object *merged = api_document_new(about), *pool = json_object_new_object();
	bool taken = true;
	for (size_t i = 0; taken && i < count; i++)
		taken = merge_source(merged, pool, &sources[i], public_only, arena, &reader);
	if (taken) {
		api_facts_name_consumers(merged);
		api_take_schemas(merged, pool);
		json_tree_write(merged, target);
	}
	json_object_put(pool);
	json_object_put(merged);
	return taken && (!buffer_failed(target) || api_fail(&reader, "larger than %zu bytes", target->limit));
}
