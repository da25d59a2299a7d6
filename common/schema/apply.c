/* Compiles the keywords that apply other schemas. */
#include "schema/internal.h"

#include <stdio.h>
#include <string.h>

static bool fail(struct schema *schema, const char *keyword, const char *rule)
{
	return schema_fail(schema->set, schema->place, "%s %s", keyword, rule);
}

/* The value of a keyword of the schema; false when it has none. */
static bool keyword_value(const struct schema *schema, const char *name, struct json_object **ret)
{
	return json_object_object_get_ex(schema->source, name, ret);
}

bool schema_compile_one(struct schema *schema, struct schema_operation *operation)
{
	struct json_object *value;
	if (!keyword_value(schema, operation->rule, &value))
		return false;
	operation->schema = schema_child(schema, value, operation->rule, "");
	return operation->schema != NULL;
}

/* Compiles an array of schemas. */
static bool compile_array(struct schema *schema, const char *keyword, struct json_object *array,
			  struct schema_list *ret_list)
{
	struct arena *arena = &schema->set->arena;
	size_t count = json_object_array_length(array);
	ret_list->schemas = arena_alloc(arena, (count + 1) * sizeof(void *));
	ret_list->count = (uint32_t)count;
	char index[24];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(index, sizeof(index), "%zu", i);
		ret_list->schemas[i] = schema_child(schema, json_object_array_get_idx(array, i), keyword, index);
		if (!ret_list->schemas[i])
			return false;
	}
	return true;
}

bool schema_compile_list(struct schema *schema, struct schema_operation *operation)
{
	struct schema_list *list = arena_zalloc(&schema->set->arena, sizeof(*list));
	operation->list = list;
	struct json_object *value;
	if (!keyword_value(schema, operation->rule, &value) || !json_object_is_type(value, json_type_array) ||
	    json_object_array_length(value) == 0)
		return fail(schema, operation->rule, "must be an array of schemas");
	return compile_array(schema, operation->rule, value, list);
}

bool schema_compile_condition(struct schema *schema, struct schema_operation *operation)
{
	static const char *const names[] = {"if", "then", "else"};
	struct schema_condition *condition = arena_zalloc(&schema->set->arena, sizeof(*condition));
	struct schema **schemas[] = {&condition->test, &condition->then, &condition->otherwise};
	operation->condition = condition;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct json_object *value;
		if (!keyword_value(schema, names[i], &value))
			continue;
		*schemas[i] = schema_child(schema, value, names[i], "");
		if (!*schemas[i])
			return false;
	}
	return true;
}

static bool is_false(struct json_object *value)
{
	return json_object_is_type(value, json_type_boolean) && !json_object_get_boolean(value);
}

bool schema_compile_items(struct schema *schema, struct schema_operation *operation)
{
	struct schema_items *items = arena_zalloc(&schema->set->arena, sizeof(*items));
	operation->items = items;
	struct json_object *value, *additional;
	if (!keyword_value(schema, "items", &value))
		return false;
	if (!json_object_is_type(value, json_type_array)) {
		items->every = schema_child(schema, value, "items", "");
		return items->every != NULL;
	}
	if (!compile_array(schema, "items", value, &items->list))
		return false;
	if (!keyword_value(schema, "additionalItems", &additional))
		return true;
	items->closed = is_false(additional);
	if (!items->closed)
		items->every = schema_child(schema, additional, "additionalItems", "");
	return items->closed || items->every;
}

/* Compiles an array of member names. */
static bool compile_names(struct schema *schema, const char *keyword, struct json_object *array,
			  struct schema_dependency *dependency)
{
	size_t count = json_object_array_length(array);
	dependency->names = arena_alloc(&schema->set->arena, (count + 1) * sizeof(*dependency->names));
	dependency->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		struct json_object *name = json_object_array_get_idx(array, i);
		if (!json_object_is_type(name, json_type_string))
			return fail(schema, keyword, "must list names");
		dependency->names[i] = arena_strdup(&schema->set->arena, json_object_get_string(name));
	}
	return true;
}

bool schema_compile_dependencies(struct schema *schema, struct schema_operation *operation)
{
	struct schema_dependencies *dependencies = arena_zalloc(&schema->set->arena, sizeof(*dependencies));
	operation->dependencies = dependencies;
	struct json_object *all;
	if (!keyword_value(schema, "dependencies", &all) || !json_object_is_type(all, json_type_object))
		return fail(schema, "dependencies", "must be an object");
	size_t count = (size_t)json_object_object_length(all);
	dependencies->items = arena_zalloc(&schema->set->arena, (count + 1) * sizeof(*dependencies->items));
	dependencies->schemas.schemas = arena_zalloc(&schema->set->arena, (count + 1) * sizeof(struct schema *));
	json_object_object_foreach(all, name, value)
	{
		struct schema_dependency *dependency = &dependencies->items[dependencies->count++];
		dependency->name = arena_strdup(&schema->set->arena, name);
		if (json_object_is_type(value, json_type_array)) {
			if (!compile_names(schema, "dependencies", value, dependency))
				return false;
			continue;
		}
		struct schema *child = schema_child(schema, value, "dependencies", name);
		if (!child)
			return false;
		dependency->schema = child;
		dependencies->schemas.schemas[dependencies->schemas.count++] = child;
	}
	return true;
}

static struct schema_member *find_member(struct arena *arena, const struct schema_members *members, const char *name)
{
	size_t length = strlen(name);
	uint32_t at = schema_name_hash(name, length) & members->mask;
	while (members->table[at].name && strcmp(members->table[at].name, name) != 0)
		at = (at + 1) & members->mask;
	if (!members->table[at].name)
		members->table[at].name = arena_strndup(arena, name, length);
	members->table[at].length = length;
	return &members->table[at];
}

static bool add_properties(struct schema *schema, struct schema_members *members, struct json_object *properties)
{
	json_object_object_foreach(properties, name, value)
	{
		struct schema_member *member = find_member(&schema->set->arena, members, name);
		member->schema = schema_child(schema, value, "properties", name);
		if (!member->schema)
			return false;
	}
	return true;
}

static bool add_required(struct schema *schema, struct schema_members *members, struct json_object *required)
{
	struct schema_dependency names = {.name = NULL};
	if (!compile_names(schema, "required", required, &names))
		return false;
	for (uint32_t i = 0; i < names.count; i++) {
		struct schema_member *member = find_member(&schema->set->arena, members, names.names[i]);
		members->required += member->required ? 0 : 1;
		member->required = true;
	}
	return true;
}

static bool add_patterns(struct schema *schema, struct schema_members *members, struct json_object *patterns)
{
	size_t count = (size_t)json_object_object_length(patterns);
	members->patterns = arena_alloc(&schema->set->arena, (count + 1) * sizeof(*members->patterns));
	json_object_object_foreach(patterns, text, value)
	{
		struct schema_pattern_member *member = &members->patterns[members->pattern_count++];
		member->pattern = schema_pattern_new(schema->set, text, schema->place);
		member->schema = schema_child(schema, value, "patternProperties", text);
		if (!member->pattern || !member->schema)
			return false;
	}
	return true;
}

static void make_table(struct arena *arena, struct schema_members *members, size_t names)
{
	uint32_t size = 4;
	while (size < names * 2 + 1)
		size *= 2;
	members->mask = size - 1;
	members->table = arena_zalloc(arena, size * sizeof(*members->table));
}

static bool add_additional(struct schema *schema, struct schema_members *members, struct json_object *value)
{
	members->closed = is_false(value);
	if (!members->closed)
		members->additional = schema_child(schema, value, "additionalProperties", "");
	return members->closed || members->additional;
}

/* A keyword's value of the type that it must have; NULL when it is absent, with an error when it has another type. */
static struct json_object *typed_value(struct schema *schema, const char *keyword, enum json_type type)
{
	struct json_object *value;
	if (!keyword_value(schema, keyword, &value))
		return NULL;
	if (json_object_is_type(value, type))
		return value;
	(void)fail(schema, keyword, type == json_type_array ? "must be an array" : "must be an object");
	return NULL;
}

bool schema_compile_members(struct schema *schema, struct schema_operation *operation)
{
	struct schema_members *members = arena_zalloc(&schema->set->arena, sizeof(*members));
	struct json_object *properties = typed_value(schema, "properties", json_type_object);
	struct json_object *patterns = typed_value(schema, "patternProperties", json_type_object);
	struct json_object *required = typed_value(schema, "required", json_type_array);
	operation->members = members;
	operation->rule = "properties";
	if (schema->set->failed)
		return false;
	size_t names = properties ? (size_t)json_object_object_length(properties) : 0;
	names += required ? json_object_array_length(required) : 0;
	make_table(&schema->set->arena, members, names);
	if ((properties && !add_properties(schema, members, properties)) ||
	    (required && !add_required(schema, members, required)) ||
	    (patterns && !add_patterns(schema, members, patterns)))
		return false;
	struct json_object *additional;
	return !keyword_value(schema, "additionalProperties", &additional) ||
	       add_additional(schema, members, additional);
}
