#include "rpc/api.h"

#include "base/error.h"
#include "base/fatal.h"
#include "base/hash_map.h"
#include "rpc/api_check.h"
#include "rpc/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_METHODS 1024
#define MAX_DOCUMENT (16 << 20)
#define FILE_DEPTH 64
#define OPENRPC_VERSION "1.2.6"

struct api {
	struct json_object *document; /* OpenRPC */
	struct json_object *programs; /* what schemas are compiled from: components, params, results */
	struct schema_set *schemas;
	struct hash_map *by_name;
	struct api_method *methods;
	size_t count;
	struct buffer text;
};

/* Where a fault is reported. */
struct report {
	char *error;
	size_t size;
	const char *file;
};

static int fail(const struct report *report, const char *place, const char *rule)
{
	(void)snprintf(report->error, report->size, "%s: %s: %s", report->file, place, rule);
	return -1;
}

const char *api_access_word(enum api_access access)
{
	switch (access) {
#define X(name, word)           \
	case API_ACCESS_##name: \
		return word;
		API_ACCESS(X)
#undef X
	default:
		return NULL;
	}
}

static struct json_object *error_object(int number, const char *word)
{
	struct json_object *error = json_object_new_object();
	json_object_object_add(error, "code", json_object_new_int(number));
	json_object_object_add(error, "message", json_object_new_string(word));
	return error;
}

static struct json_object *all_errors(void)
{
	struct json_object *errors = json_object_new_object();
#define X(name, number, word) json_object_object_add(errors, word, error_object(number, word));
	ERROR_CODES(X)
#undef X
	return errors;
}

static struct json_object *new_document(const char *title, const char *version)
{
	struct json_object *document = json_object_new_object(), *info = json_object_new_object();
	struct json_object *components = json_object_new_object();
	json_object_object_add(info, "title", json_object_new_string(title));
	json_object_object_add(info, "version", json_object_new_string(version));
	json_object_object_add(document, "openrpc", json_object_new_string(OPENRPC_VERSION));
	json_object_object_add(document, "info", info);
	json_object_object_add(document, "methods", json_object_new_array());
	json_object_object_add(components, "schemas", json_object_new_object());
	json_object_object_add(components, "errors", all_errors());
	json_object_object_add(document, "components", components);
	return document;
}

static struct json_object *component(struct json_object *document, const char *kind)
{
	return json_object_object_get(json_object_object_get(document, "components"), kind);
}

static int take_schemas(struct api *api, struct json_object *file, const struct report *report)
{
	struct json_object *from = component(file, "schemas"), *to = component(api->document, "schemas");
	if (from == NULL)
		return 0;
	json_object_object_foreach(from, name, schema)
	{
		if (json_object_object_get_ex(to, name, NULL))
			return fail(report, name, "another file has a schema of this name");
		json_object_object_add(to, name, json_object_get(schema));
	}
	return 0;
}

static int take_methods(struct api *api, struct json_object *file, const struct report *report)
{
	struct json_object *from = json_object_object_get(file, "methods");
	if (!json_object_is_type(from, json_type_array))
		return fail(report, "methods", "must be an array");
	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *method = json_object_array_get_idx(from, i);
		const char *fault = api_check_method(method, component(api->document, "errors"));
		const char *name = json_object_get_string(json_object_object_get(method, "name"));
		if (fault != NULL)
			return fail(report, name != NULL ? name : "a method", fault);
		json_object_object_add(method, "paramStructure", json_object_new_string("by-name"));
		json_object_array_add(json_object_object_get(api->document, "methods"), json_object_get(method));
	}
	return 0;
}

static int take_file(struct api *api, const struct embedded_file *embedded, const struct report *report)
{
	struct arena arena = {0};
	struct json_error error;
	struct json_object *file = NULL;
	int status = 0;
	if (!json_tree_parse(embedded->start, (size_t)(embedded->end - embedded->start), FILE_DEPTH, 0, &arena, &file,
			     &error))
		status = fail(report, "JSON", json_fault_text(error.fault));
	if (status == 0)
		status = take_schemas(api, file, report);
	if (status == 0)
		status = take_methods(api, file, report);
	json_object_put(file);
	arena_done(&arena);
	return status;
}

/* The by-name parameters as one object schema that allows no others. */
static struct json_object *params_schema(struct json_object *params)
{
	struct json_object *schema = json_object_new_object(), *properties = json_object_new_object();
	struct json_object *required = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(params); i++) {
		struct json_object *param = json_object_array_get_idx(params, i);
		const char *name = json_object_get_string(json_object_object_get(param, "name"));
		json_object_object_add(properties, name, json_object_get(json_object_object_get(param, "schema")));
		if (json_object_get_boolean(json_object_object_get(param, "required")))
			json_object_array_add(required, json_object_new_string(name));
	}
	json_object_object_add(schema, "type", json_object_new_string("object"));
	json_object_object_add(schema, "properties", properties);
	json_object_object_add(schema, "required", required);
	json_object_object_add(schema, "additionalProperties", json_object_new_boolean(false));
	return schema;
}

/* One document with every schema, so that references find each other. */
static void gather_programs(struct api *api, struct json_object *methods)
{
	struct json_object *params = json_object_new_array(), *results = json_object_new_array();
	for (size_t i = 0; i < api->count; i++) {
		struct json_object *method = json_object_array_get_idx(methods, i);
		struct json_object *result = json_object_object_get(method, "result");
		json_object_array_add(params, params_schema(json_object_object_get(method, "params")));
		json_object_array_add(results, json_object_get(json_object_object_get(result, "schema")));
	}
	api->programs = json_object_new_object();
	json_object_object_add(api->programs, "components",
			       json_object_get(json_object_object_get(api->document, "components")));
	json_object_object_add(api->programs, "params", params);
	json_object_object_add(api->programs, "results", results);
	api->schemas = schema_set_new(api->programs);
}

static const struct schema *compile(struct api *api, const char *list, size_t index, const struct report *report)
{
	char pointer[64], error[300];
	(void)snprintf(pointer, sizeof(pointer), "/%s/%zu", list, index);
	const struct schema *schema = schema_set_compile(api->schemas, pointer, error, sizeof(error));
	if (schema == NULL)
		(void)fail(report, list, error);
	return schema;
}

static int make_method(struct api *api, struct json_object *object, size_t index, const struct report *report)
{
	struct api_method *method = &api->methods[index];
	struct json_object *name = json_object_object_get(object, "name");
	struct report at = {report->error, report->size, json_object_get_string(name)};
	*method = (struct api_method){
	    .name = json_object_get_string(name),
	    .name_length = (size_t)json_object_get_string_len(name),
	    .index = index,
	    .access = api_check_access(object),
	    .idempotent = json_object_get_boolean(json_object_object_get(object, "x-idempotent")),
	    .deadline_us = json_object_get_int64(json_object_object_get(object, "x-deadline-ms")) * 1000,
	    .cost = (unsigned)json_object_get_int(json_object_object_get(object, "x-cost")),
	    .examples = json_object_object_get(object, "examples"),
	    .object = object,
	};
	if (hash_map_get(api->by_name, method->name, method->name_length) != NULL)
		return fail(&at, "name", "another method has it");
	method->params = compile(api, "params", index, &at);
	method->result = method->params != NULL ? compile(api, "results", index, &at) : NULL;
	if (method->result == NULL)
		return -1;
	return hash_map_put(api->by_name, method->name, method->name_length, method)
		   ? 0
		   : fail(&at, "methods", "too many methods");
}

static int make_methods(struct api *api, const struct report *report)
{
	struct json_object *methods = json_object_object_get(api->document, "methods");
	api->count = json_object_array_length(methods);
	api->methods = must_calloc(api->count + 1, sizeof(*api->methods));
	gather_programs(api, methods);
	for (size_t i = 0; i < api->count; i++)
		if (make_method(api, json_object_array_get_idx(methods, i), i, report))
			return -1;
	json_tree_write(api->document, &api->text);
	return buffer_failed(&api->text) ? fail(report, "document", "too large") : 0;
}

struct api *api_load(const struct embedded_file *files, const char *title, const char *version, char *error,
		     size_t error_size)
{
	struct api *api = must_calloc(1, sizeof(*api));
	struct report report = {error, error_size, "api"};
	int status = 0;
	api->document = new_document(title, version);
	api->by_name = hash_map_new(MAX_METHODS, NULL);
	buffer_init(&api->text, MAX_DOCUMENT);
	for (const struct embedded_file *file = files; file->name != NULL && status == 0; file++) {
		report.file = file->name;
		status = take_file(api, file, &report);
	}
	if (status == 0)
		status = make_methods(api, &report);
	if (status == 0)
		return api;
	api_free(api);
	return NULL;
}

void api_free(struct api *api)
{
	if (api == NULL)
		return;
	schema_set_free(api->schemas);
	json_object_put(api->programs);
	json_object_put(api->document);
	hash_map_free(api->by_name);
	buffer_done(&api->text);
	free(api->methods);
	free(api);
}

const struct api_method *api_find(const struct api *api, const char *name, size_t length)
{
	return hash_map_get(api->by_name, name, length);
}

size_t api_count(const struct api *api)
{
	return api->count;
}

const struct api_method *api_at(const struct api *api, size_t index)
{
	return &api->methods[index];
}

const char *api_document(const struct api *api)
{
	return buffer_text(&api->text);
}
