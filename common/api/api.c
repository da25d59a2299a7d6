#include "api/internal.h"

#include "api/dates.h"
#include "api/facts.h"
#include "api/publish.h"
#include "base/fatal.h"
#include "base/hash_map.h"
#include "json/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METHODS_MAX 1000
#define COMPONENTS_MAX 1000
#define DOCUMENT_MAX (16U << 20)

struct api {
	struct arena arena;	      /* names of methods and of their files */
	struct arena work;	      /* these four only while loading */
	struct json_object *document; /* what becomes the text */
	struct json_object *model;    /* what schemas are compiled from: components, methods, x-params */
	struct json_object *examples; /* the component examples: what methods' examples are made of */
	struct schema_set *schemas;
	struct hash_map *by_name;
	struct hash_map *components; /* schemas by the component's name */
	struct api_facts *facts;
	struct api_method *methods;
	const char **files; /* of each method */
	size_t count, capacity;
	struct buffer text;
};

/* Gives back what was needed for loading. */
static void forget_sources(struct api *api)
{
	json_object_put(api->model);
	json_object_put(api->document);
	json_object_put(api->examples);
	api->model = NULL;
	api->document = NULL;
	api->examples = NULL;
	arena_done(&api->work);
}

void api_free(struct api *api)
{
	if (!api)
		return;
	forget_sources(api);
	buffer_done(&api->text);
	hash_map_free(api->by_name);
	hash_map_free(api->components);
	api_facts_free(api->facts);
	schema_set_free(api->schemas);
	free(api->methods);
	free(api->files);
	arena_done(&api->arena);
	free(api);
}

static struct api *api_new(const struct api_about *about)
{
	struct api *api = must_calloc(1, sizeof(*api));
	arena_init(&api->arena);
	arena_init(&api->work);
	buffer_init(&api->text, DOCUMENT_MAX);
	api->document = api_document_new(about);
	api->examples = json_object_new_object();
	api->model = json_object_new_object();
	json_object_object_add(api->model, "x-params", json_object_new_array());
	json_object_object_add(api->model, "methods",
			       json_object_get(json_object_object_get(api->document, "methods")));
	json_object_object_add(api->model, "components",
			       json_object_get(json_object_object_get(api->document, "components")));
	api->by_name = hash_map_new(METHODS_MAX, NULL);
	api->components = hash_map_new(COMPONENTS_MAX, NULL);
	api->facts = api_facts_new();
	return api;
}

static struct json_object *schemas_of(struct json_object *document)
{
	return json_object_object_get(json_object_object_get(document, "components"), "schemas");
}

static bool add_schemas(struct api *api, struct api_reader *reader, struct json_object *schemas)
{
	struct json_object *all = schemas_of(api->document);
	json_object_object_foreach(schemas, name, schema)
	{
		if (json_object_object_get_ex(all, name, NULL))
			return api_fail(reader, "component schema %s is defined twice", name);
		json_object_object_add(all, name, json_object_get(schema));
	}
	return true;
}

static bool add_examples(struct api *api, struct api_reader *reader, struct json_object *examples)
{
	json_object_object_foreach(examples, name, example)
	{
		if (json_object_object_get_ex(api->examples, name, NULL))
			return api_fail(reader, "component example %s is defined twice", name);
		if (!json_object_is_type(example, json_type_object) || json_object_object_length(example) != 1 ||
		    !json_object_object_get_ex(example, "value", NULL))
			return api_fail(reader, "component example %s must be an object with value and nothing else",
					name);
		json_object_object_add(api->examples, name, json_object_get(example));
	}
	return true;
}

static bool add_components(struct api *api, struct api_reader *reader, struct json_object *file)
{
	struct json_object *components = NULL;
	if (!json_object_object_get_ex(file, "components", &components))
		return true;
	struct json_object *schemas = api_member(components, "schemas", json_type_object);
	struct json_object *examples = api_member(components, "examples", json_type_object);
	int known = (schemas ? 1 : 0) + (examples ? 1 : 0);
	if (known == 0 || json_object_object_length(components) != known)
		return api_fail(reader, "components must be an object with schemas, examples and nothing else");
	return (!schemas || add_schemas(api, reader, schemas)) && (!examples || add_examples(api, reader, examples));
}

static struct api_method *next_method(struct api *api, const char *file)
{
	if (api->count == api->capacity) {
		api->capacity = api->capacity == 0 ? 32 : api->capacity * 2;
		api->methods = must_realloc(api->methods, api->capacity * sizeof(*api->methods));
		api->files = must_realloc(api->files, api->capacity * sizeof(*api->files));
	}
	api->files[api->count] = arena_strdup(&api->arena, file);
	api->methods[api->count] = (struct api_method){.index = api->count};
	return &api->methods[api->count];
}

static bool add_method(struct api *api, struct api_reader *reader, struct json_object *object)
{
	struct api_method *method = next_method(api, reader->file);
	if (api->count == METHODS_MAX)
		return api_fail(reader, "more than %d methods", METHODS_MAX);
	struct json_object *params;
	if (!api_method_read(reader, object, method, &params))
		return false;
	for (size_t i = 0; i < api->count; i++) {
		if (strcmp(api->methods[i].name, method->name) == 0) {
			json_object_put(params);
			return api_fail(reader, "stands also in %s", api->files[i]);
		}
	}
	method->name = arena_strndup(&api->arena, method->name, method->name_length);
	json_object_array_add(json_object_object_get(api->document, "methods"), json_object_get(object));
	json_object_array_add(json_object_object_get(api->model, "x-params"), params);
	api->count++;
	reader->method = NULL;
	return true;
}

/* Files of components or facts alone, by name; all others have methods. */
static bool has_methods(const char *file)
{
	return strcmp(file, "schemas.json") != 0 && strcmp(file, "examples.json") != 0 &&
	       strcmp(file, "facts.json") != 0;
}

static bool is_known_member(const char *name)
{
	static const char *const names[] = {"methods", "components", "facts", "consumes"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool add_document(struct api *api, struct api_reader *reader, struct json_object *file)
{
	struct json_object *methods = api_member(file, "methods", json_type_array);
	json_object_object_foreach(file, name, value)
	{
		(void)value;
		if (!is_known_member(name))
			return api_fail(reader, "unknown member %s, a file has methods, components, facts, consumes",
					name);
	}
	if (!add_components(api, reader, file) || !api_facts_read(reader, api->document, file))
		return false;
	if (!has_methods(reader->file))
		return !json_object_object_get_ex(file, "methods", NULL) ||
		       api_fail(reader, "has components alone, methods stand in other files");
	if (!methods)
		return api_fail(reader, "methods must be an array");
	for (size_t i = 0; i < json_object_array_length(methods); i++)
		if (!add_method(api, reader, json_object_array_get_idx(methods, i)))
			return false;
	return true;
}

static bool add_file(struct api *api, struct api_reader *reader, const struct embedded_file *file)
{
	reader->file = file->name;
	reader->method = NULL;
	struct json_error fault;
	struct json_object *tree;
	if (!json_tree_parse(file->start, (size_t)(file->end - file->start), JSON_DEPTH_MAX, 0, &api->work, &tree,
			     &fault))
		return api_fail(reader, "no JSON: %s at byte %zu", json_fault_text(fault.fault), fault.offset);
	bool added = json_object_is_type(tree, json_type_object) ? add_document(api, reader, tree)
								 : api_fail(reader, "must be an object");
	json_object_put(tree);
	arena_reset(&api->work);
	return added;
}

static const struct schema *compile(struct api *api, struct api_reader *reader, const char *pointer)
{
	char text[300];
	const struct schema *schema = schema_set_compile(api->schemas, pointer, text, sizeof(text));
	if (!schema)
		(void)api_fail(reader, "%s", text);
	return schema;
}

/* True when null fits the schema of a parameter. */
static bool takes_null(struct api *api, struct api_reader *reader, const struct api_method *method, const char *name)
{
	const char *pointer = arena_printf(&api->work, "/x-params/%zu/properties/%s", method->index, name);
	const struct schema *schema = compile(api, reader, pointer);
	struct schema_result result;
	return schema && schema_validate(schema, NULL, "", 0, &api->work, &result);
}

static bool is_listed(struct json_object *names, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(names, i)), name) == 0)
			return true;
	return false;
}

/* Finds out which parameters need not be given. */
static void read_optional(struct api *api, struct api_reader *reader, struct api_method *method)
{
	struct json_object *params =
	    json_object_array_get_idx(json_object_object_get(api->model, "x-params"), method->index);
	struct json_object *required = json_object_object_get(params, "required");
	struct json_object *properties = json_object_object_get(params, "properties");
	const char **names =
	    arena_alloc(&api->arena, ((size_t)json_object_object_length(properties) + 1) * sizeof(*names));
	size_t count = 0;
	json_object_object_foreach(properties, name, schema)
	{
		(void)schema;
		if (!is_listed(required, name) && !takes_null(api, reader, method, name))
			names[count++] = arena_strdup(&api->arena, name);
	}
	method->none_required = json_object_array_length(required) == 0;
	method->droppable = names;
	method->droppable_count = count;
}

/* Once all files are read, since component examples may stand in any. */
static bool read_examples(struct api *api, struct api_reader *reader)
{
	struct json_object *methods = json_object_object_get(api->document, "methods");
	for (size_t i = 0; i < api->count; i++) {
		reader->file = api->files[i];
		reader->method = api->methods[i].name;
		if (!api_examples_read(reader, json_object_array_get_idx(methods, i), api->examples))
			return false;
	}
	return api_facts_examples(reader, api->document, api->examples);
}

static bool compile_methods(struct api *api, struct api_reader *reader)
{
	char pointer[64];
	for (size_t i = 0; i < api->count; i++) {
		struct api_method *method = &api->methods[i];
		reader->file = api->files[i];
		reader->method = method->name;
		(void)snprintf(pointer, sizeof(pointer), "/x-params/%zu", i);
		method->params = compile(api, reader, pointer);
		(void)snprintf(pointer, sizeof(pointer), "/methods/%zu/result/schema", i);
		if (!method->params || !(method->result = compile(api, reader, pointer)))
			return false;
		read_optional(api, reader, method);
		/* The array of methods does not grow any more, so pointers into it stay. */
		if (!hash_map_put(api->by_name, method->name, method->name_length, method))
			return api_fail(reader, "more than %d methods", METHODS_MAX);
	}
	return true;
}

/* Also those that no method uses, so that a broken one is found when it is written. */
static bool compile_components(struct api *api, struct api_reader *reader)
{
	reader->file = "components";
	reader->method = NULL;
	json_object_object_foreach(schemas_of(api->document), name, value)
	{
		(void)value;
		if (strpbrk(name, "/~%"))
			return api_fail(reader, "a schema's name must not have / ~ or %%: %s", name);
		const struct schema *schema =
		    compile(api, reader, arena_printf(&api->work, "/components/schemas/%s", name));
		if (!schema)
			return false;
		if (!hash_map_put(api->components, name, strlen(name), (void *)schema))
			return api_fail(reader, "more than %d component schemas", COMPONENTS_MAX);
	}
	return true;
}

static void add_facts_to_model(struct api *api)
{
	static const char *const lists[] = {API_FACTS, API_CONSUMES};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct json_object *list = json_object_object_get(api->document, lists[i]);
		if (list)
			json_object_object_add(api->model, lists[i], json_object_get(list));
	}
}

static bool load(struct api *api, struct api_reader *reader, const struct embedded_file *files)
{
	for (; files->name; files++)
		if (!add_file(api, reader, files))
			return false;
	add_facts_to_model(api);
	api->schemas = schema_set_new(api->model);
	if (!read_examples(api, reader) || !compile_methods(api, reader) || !compile_components(api, reader) ||
	    !api_facts_compile(reader, api->document, api->schemas, api->facts))
		return false;
	schema_set_finish(api->schemas);
	reader->file = "document";
	reader->method = NULL;
	if (!api_publish(reader, api->document))
		return false;
	json_tree_write(api->document, &api->text);
	forget_sources(api);
	return !buffer_failed(&api->text) || api_fail(reader, "larger than %u bytes", DOCUMENT_MAX);
}

struct api *api_load(const struct embedded_file *files, const struct api_about *about, char *error, size_t error_size)
{
	struct api_reader reader = {.error = error, .size = error_size};
	struct api *api = api_new(about);
	if (load(api, &reader, files))
		return api;
	api_free(api);
	return NULL;
}

const struct api_method *api_find(const struct api *api, const char *name, size_t length)
{
	return hash_map_get(api->by_name, name, length);
}

const struct schema *api_component(const struct api *api, const char *name)
{
	return hash_map_get(api->components, name, strlen(name));
}

size_t api_count(const struct api *api)
{
	return api->count;
}

const struct api_method *api_at(const struct api *api, size_t index)
{
	return index < api->count ? &api->methods[index] : NULL;
}

const struct schema *api_published(const struct api *api, const char *topic)
{
	return api_facts_published(api->facts, topic);
}

const struct schema *api_consumed(const struct api *api, const char *topic)
{
	return api_facts_consumed(api->facts, topic);
}

size_t api_consumed_count(const struct api *api)
{
	return api_facts_consumed_count(api->facts);
}

const char *api_document(const struct api *api)
{
	return buffer_text(&api->text);
}

const char *api_document_at(const struct api *api, int64_t now, struct arena *arena)
{
	char *text = arena_strndup(arena, buffer_text(&api->text), api->text.length);
	api_dates_move(text, api->text.length, now);
	return text;
}
