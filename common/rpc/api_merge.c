#include "rpc/api.h"

#include "rpc/json_tree.h"

#include <stdio.h>
#include <string.h>

#define DOCUMENT_DEPTH 64
#define SCHEMA_REFERENCE "#/components/schemas/"

/* The documents being merged, and the one being made. */
struct merge {
	struct arena *arena;
	struct json_object *methods, *schemas, *errors;
	bool public_only;
	char *error;
	size_t error_size;
};

static struct json_object *component(struct json_object *document, const char *kind)
{
	return json_object_object_get(json_object_object_get(document, "components"), kind);
}

/* A reference to a schema gets the daemon's prefix; everything else stays. */
static struct json_object *rewritten(const struct merge *merge, const char *daemon, struct json_object *value)
{
	const char *text = json_object_get_string(value);
	if (strncmp(text, SCHEMA_REFERENCE, strlen(SCHEMA_REFERENCE)) != 0)
		return json_object_get(value);
	return json_object_new_string(
	    arena_printf(merge->arena, SCHEMA_REFERENCE "%s.%s", daemon, text + strlen(SCHEMA_REFERENCE)));
}

/* Copies a tree of ours with its references rewritten. The depth is that of the parsed document, so it is bounded. */
static struct json_object *copy(const struct merge *merge, const char *daemon, struct json_object *tree)
{
	struct json_object *made;
	if (json_object_is_type(tree, json_type_array)) {
		made = json_object_new_array();
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			json_object_array_add(made, copy(merge, daemon, json_object_array_get_idx(tree, i)));
		return made;
	}
	if (!json_object_is_type(tree, json_type_object))
		return json_object_get(tree);
	made = json_object_new_object();
	json_object_object_foreach(tree, name, value)
	{
		bool reference = strcmp(name, "$ref") == 0 && json_object_is_type(value, json_type_string);
		json_object_object_add(made, name,
				       reference ? rewritten(merge, daemon, value) : copy(merge, daemon, value));
	}
	return made;
}

static bool only_for_services(struct json_object *method)
{
	struct json_object *access = json_object_object_get(method, "x-access");
	return json_object_is_type(access, json_type_array) && json_object_array_length(access) == 1 &&
	       strcmp(json_object_get_string(json_object_array_get_idx(access, 0)), "service") == 0;
}

static void take(const struct merge *merge, const char *daemon, struct json_object *document)
{
	struct json_object *methods = json_object_object_get(document, "methods");
	struct json_object *schemas = component(document, "schemas"), *errors = component(document, "errors");
	for (size_t i = 0; i < json_object_array_length(methods); i++) {
		struct json_object *method = json_object_array_get_idx(methods, i);
		if (!merge->public_only || !only_for_services(method))
			json_object_array_add(merge->methods, copy(merge, daemon, method));
	}
	if (schemas != NULL) {
		json_object_object_foreach(schemas, name, schema)
		{
			json_object_object_add(merge->schemas, arena_printf(merge->arena, "%s.%s", daemon, name),
					       copy(merge, daemon, schema));
		}
	}
	if (errors == NULL)
		return;
	json_object_object_foreach(errors, word, error)
	{
		json_object_object_add(merge->errors, word, json_object_get(error));
	}
}

static bool merge_source(const struct merge *merge, const struct api_source *source)
{
	struct json_error fault = {0};
	struct json_object *document = NULL;
	bool parsed = json_tree_parse(source->text, source->length, DOCUMENT_DEPTH, 0, merge->arena, &document, &fault);
	bool fine = parsed && json_object_is_type(json_object_object_get(document, "methods"), json_type_array);
	if (fine)
		take(merge, source->name, document);
	else
		(void)snprintf(merge->error, merge->error_size, "%s: %s", source->name,
			       parsed ? "no OpenRPC document" : json_fault_text(fault.fault));
	json_object_put(document);
	return fine;
}

static struct json_object *assemble(const struct merge *merge, const char *title, const char *version)
{
	struct json_object *document = json_object_new_object(), *info = json_object_new_object();
	struct json_object *components = json_object_new_object();
	json_object_object_add(info, "title", json_object_new_string(title));
	json_object_object_add(info, "version", json_object_new_string(version));
	json_object_object_add(document, "openrpc", json_object_new_string("1.2.6"));
	json_object_object_add(document, "info", info);
	json_object_object_add(document, "methods", merge->methods);
	json_object_object_add(components, "schemas", merge->schemas);
	json_object_object_add(components, "errors", merge->errors);
	json_object_object_add(document, "components", components);
	return document;
}

bool api_merge_documents(const struct api_source *sources, size_t count, const char *title, const char *version,
			 bool public_only, struct arena *arena, struct buffer *target, char *error, size_t error_size)
{
	bool fine = true;
	struct merge merge = {
	    .arena = arena,
	    .methods = json_object_new_array(),
	    .schemas = json_object_new_object(),
	    .errors = json_object_new_object(),
	    .public_only = public_only,
	    .error = error,
	    .error_size = error_size,
	};
	for (size_t i = 0; i < count && fine; i++)
		fine = merge_source(&merge, &sources[i]);
	struct json_object *document = assemble(&merge, title, version);
	if (fine)
		json_tree_write(document, target);
	json_object_put(document);
	return fine && !buffer_failed(target);
}
