#include "schema/internal.h"
#include "json/tree.h"

#include "base/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMAS_MAX 100000 /* schemas and URIs of one document */
#define REFERENCES_MAX 64  /* $ref that lead to $ref */

struct schema_set *schema_set_new(struct json_object *document)
{
	struct schema_set *set = must_calloc(1, sizeof(*set));
	arena_init(&set->arena);
	arena_init(&set->index);
	arena_init(&set->work);
	set->document = json_object_get(document);
	set->by_source = hash_map_new(SCHEMAS_MAX, NULL);
	set->by_uri = hash_map_new(SCHEMAS_MAX, NULL);
	return set;
}

void schema_set_finish(struct schema_set *set)
{
	hash_map_free(set->by_source);
	hash_map_free(set->by_uri);
	json_object_put(set->document);
	arena_done(&set->index);
	arena_done(&set->work);
	set->by_source = NULL;
	set->by_uri = NULL;
	set->document = NULL;
}

static void put_values(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->count; i++)
		if (schema_holds_value(&schema->operations[i]))
			json_object_put(schema->operations[i].value);
}

void schema_set_free(struct schema_set *set)
{
	if (!set)
		return;
	for (const struct schema *schema = set->schemas; schema; schema = schema->next)
		put_values(schema);
	schema_patterns_free(set->patterns);
	schema_set_finish(set);
	arena_done(&set->arena);
	free(set);
}

bool schema_fail(struct schema_set *set, const char *place, const char *format, ...)
{
	va_list values;
	if (set->failed)
		return false;
	set->failed = true;
	va_start(values, format);
	const char *text = arena_vprintf(&set->work, format, values);
	va_end(values);
	(void)snprintf(set->error, set->error_size, "%s: %s", place, text);
	return false;
}

static const char *reference_of(struct json_object *source)
{
	struct json_object *reference;
	if (!json_object_is_type(source, json_type_object) || !json_object_object_get_ex(source, "$ref", &reference) ||
	    !json_object_is_type(reference, json_type_string))
		return NULL;
	return json_object_get_string(reference);
}

/* Goes along $ref to the schema that has rules. False on an error. */
static bool follow_references(struct schema_set *set, struct schema_resource *target, const char *place)
{
	const char *reference;
	for (int i = 0; (reference = reference_of(target->value)); i++) {
		if (i == REFERENCES_MAX)
			return schema_fail(set, place, "endless $ref");
		const char *base = schema_base(set, target->value, target->base);
		if (!schema_resolve(set, base, reference, place, target))
			return false;
	}
	return true;
}

static struct schema *known(struct schema_set *set, struct json_object *source)
{
	return hash_map_get(set->by_source, &source, sizeof(void *));
}

struct schema *schema_node(struct schema_set *set, struct json_object *source, const char *base, const char *place)
{
	struct schema_resource target = {.value = source, .base = base};
	if (!follow_references(set, &target, place))
		return NULL;
	struct schema *schema = known(set, target.value);
	if (schema)
		return schema;
	enum json_type type = json_object_get_type(target.value);
	if (type != json_type_object && type != json_type_boolean) {
		(void)schema_fail(set, place, "a schema must be an object or a boolean");
		return NULL;
	}
	schema = arena_zalloc(&set->arena, sizeof(*schema));
	schema->set = set;
	schema->source = target.value;
	schema->base = schema_base(set, target.value, target.base);
	schema->place = place;
	schema->next = set->schemas;
	if (!hash_map_put(set->by_source, &target.value, sizeof(void *), schema)) {
		(void)schema_fail(set, place, "too many schemas");
		return NULL;
	}
	set->schemas = schema;
	return schema;
}

struct schema *schema_child(const struct schema *schema, struct json_object *source, const char *keyword,
			    const char *name)
{
	struct arena *work = &schema->set->work;
	const char *place = arena_printf(work, "%s/%s%s%s", schema->place, keyword, name[0] == '\0' ? "" : "/", name);
	return schema_node(schema->set, source, schema->base, place);
}

/* Compiles what is queued; compiling may queue more, in front. */
static bool compile_queue(struct schema_set *set)
{
	bool again = true;
	while (again) {
		again = false;
		for (struct schema *schema = set->schemas; schema && !schema->compiled; schema = schema->next) {
			schema->compiled = true;
			again = true;
			if (!schema_compile_node(schema))
				return false;
		}
	}
	return true;
}

/* The schemas that an operation applies to the same value; found is room for them. */
static struct schema_list in_place(const struct schema_operation *operation, struct schema *found[static 3])
{
	struct schema_list list = {found, 0};
	switch (operation->code) {
	case SCHEMA_ALL_OF:
	case SCHEMA_ANY_OF:
	case SCHEMA_ONE_OF:
		return *operation->list;
	case SCHEMA_DEPENDENCIES:
		return operation->dependencies->schemas;
	case SCHEMA_NOT:
		found[list.count++] = operation->schema;
		break;
	case SCHEMA_CONDITION:
		found[list.count++] = operation->condition->test;
		found[list.count++] = operation->condition->then;
		found[list.count++] = operation->condition->otherwise;
		break;
	default:
		break;
	}
	return list;
}

/* Calls visit for each schema that is applied to the same value as this one, but settled ones. */
static void each_in_place(const struct schema *schema, void (*visit)(struct schema *schema, void *argument),
			  void *argument)
{
	struct schema *found[3];
	for (uint32_t i = schema->leaves; i < schema->count; i++) {
		struct schema_list list = in_place(&schema->operations[i], found);
		for (uint32_t j = 0; j < list.count; j++)
			if (list.schemas[j] && !list.schemas[j]->settled)
				visit(list.schemas[j], argument);
	}
}

static void count_incoming(struct schema *schema, void *argument)
{
	(void)argument;
	schema->incoming++;
}

/* Schemas that nothing unfinished refers to. */
struct ready {
	struct schema **items;
	size_t count;
};

static void finish(struct schema *schema, void *argument)
{
	struct ready *ready = argument;
	if (--schema->incoming == 0)
		ready->items[ready->count++] = schema;
}

/* The newest schemas are those that no earlier check has settled: what was compiled before does not refer to them. */
static struct schema *unsettled(struct schema *schema)
{
	return schema && !schema->settled ? schema : NULL;
}

static bool settle(struct schema_set *set)
{
	struct schema *schema;
	for (schema = unsettled(set->schemas); schema; schema = unsettled(schema->next))
		if (schema->incoming > 0)
			return schema_fail(set, schema->place, "endless $ref");
	for (schema = unsettled(set->schemas); schema; schema = unsettled(schema->next))
		schema->settled = true;
	return true;
}

/* A schema that applies itself to the same value again would never end. Source: A. B. Kahn's topological sort, 1962. */
static bool refuse_cycles(struct schema_set *set)
{
	struct ready ready = {NULL, 0};
	size_t total = 0, finished = 0;
	struct schema *schema;
	for (schema = unsettled(set->schemas); schema; schema = unsettled(schema->next), total++)
		each_in_place(schema, count_incoming, NULL);
	ready.items = must_malloc((total + 1) * sizeof(struct schema *));
	for (schema = unsettled(set->schemas); schema; schema = unsettled(schema->next))
		if (schema->incoming == 0)
			ready.items[ready.count++] = schema;
	while (finished < ready.count)
		each_in_place(ready.items[finished++], finish, &ready);
	free(ready.items);
	return settle(set);
}

/* Its texts stay; those of one compilation go with it. */
static bool make_index(struct schema_set *set)
{
	if (hash_map_count(set->by_uri) != 0)
		return true;
	bool made = schema_index_uris(set);
	set->index = set->work;
	arena_init(&set->work);
	return made;
}

static struct schema *compile(struct schema_set *set, const char *pointer)
{
	struct schema_resource target = {.value = set->document, .base = ""};
	if (!make_index(set))
		return NULL;
	const char *reference = arena_printf(&set->work, "#%s", pointer);
	struct json_object *root = set->document;
	if (pointer[0] != '\0' && !schema_resolve(set, schema_base(set, root, ""), reference, pointer, &target))
		return NULL;
	struct schema *schema = schema_node(set, target.value, target.base, reference);
	if (!schema || !compile_queue(set) || !refuse_cycles(set))
		return NULL;
	return schema;
}

const struct schema *schema_set_compile(struct schema_set *set, const char *pointer, char *error, size_t error_size)
{
	if (!set->document)
		fatal("a schema is compiled after schema_set_finish");
	/* A set that failed once has schemas half made; it answers the same again. */
	if (!set->failed) {
		set->error = error;
		set->error_size = error_size;
		const struct schema *schema = compile(set, pointer);
		arena_reset(&set->work); /* all that was new is compiled: nobody asks for its place or base again */
		if (schema)
			return schema;
	}
	if (set->error != error)
		(void)snprintf(error, error_size, "an earlier schema of the document failed");
	return NULL;
}
