#include "schema/internal.h"
#include "json/tree.h"

#include <stdlib.h>
#include <string.h>

typedef bool compile_function(struct schema *schema, struct schema_operation *operation, struct json_object *value);

static bool fail(struct schema *schema, const struct schema_operation *operation, const char *rule)
{
	return schema_fail(schema->set, schema->place, "%s %s", operation->rule, rule);
}

static unsigned kind_named(const char *name)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} kinds[] = {
	    {"string", KIND(json_type_string)},
	    {"integer", KIND(json_type_int) | KIND_WHOLE},
	    {"number", KIND_NUMBER},
	    {"object", KIND(json_type_object)},
	    {"array", KIND(json_type_array)},
	    {"boolean", KIND(json_type_boolean)},
	    {"null", KIND(json_type_null)},
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kinds;
	return 0;
}

static bool add_kind(struct schema *schema, struct schema_operation *operation, struct json_object *name)
{
	unsigned kinds = json_object_is_type(name, json_type_string) ? kind_named(json_object_get_string(name)) : 0;
	operation->kinds |= kinds;
	return kinds != 0 || fail(schema, operation, "must name kinds of value");
}

static bool compile_type(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	operation->kinds = 0;
	if (!json_object_is_type(value, json_type_array))
		return add_kind(schema, operation, value);
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (!add_kind(schema, operation, json_object_array_get_idx(value, i)))
			return false;
	return operation->kinds != 0 || fail(schema, operation, "must name kinds of value");
}

static bool compile_flag(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_boolean))
		return fail(schema, operation, "must be a boolean");
	/* false asks for nothing */
	if (!json_object_get_boolean(value))
		operation->applies = 0;
	return true;
}

static bool compile_value(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)schema;
	operation->value = value;
	return true;
}

static bool compile_enum(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	operation->value = value;
	return json_object_is_type(value, json_type_array) || fail(schema, operation, "must be an array");
}

static bool is_number(struct json_object *value)
{
	return (KIND(json_object_get_type(value)) & KIND_NUMBER) != 0;
}

static bool compile_number(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	operation->value = value;
	return is_number(value) || fail(schema, operation, "must be a number");
}

static bool compile_step(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	if (!is_number(value) || !(json_object_get_double(value) > 0))
		return fail(schema, operation, "must be a number above 0");
	operation->step = schema_decimal_of(value);
	return true;
}

static bool compile_limit(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	if (!is_number(value) || !schema_is_whole(value) || json_object_get_double(value) < 0)
		return fail(schema, operation, "must be a whole number, 0 or more");
	operation->limit = (uint64_t)json_object_get_int64(value);
	return true;
}

static bool compile_pattern(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return fail(schema, operation, "must be a string");
	operation->pattern = schema_pattern_new(schema->set, json_object_get_string(value), schema->place);
	return operation->pattern != NULL;
}

static bool compile_format(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return fail(schema, operation, "must be a string");
	operation->format = schema_format_find(json_object_get_string(value));
	if (!operation->format)
		operation->applies = 0;
	return true;
}

static bool compile_members(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)value;
	return schema_compile_members(schema, operation);
}

static bool compile_items(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)value;
	return schema_compile_items(schema, operation);
}

static bool compile_dependencies(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)value;
	return schema_compile_dependencies(schema, operation);
}

static bool compile_condition(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)value;
	return schema_compile_condition(schema, operation);
}

static bool compile_list(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)value;
	return schema_compile_list(schema, operation);
}

static bool compile_one(struct schema *schema, struct schema_operation *operation, struct json_object *value)
{
	(void)value;
	return schema_compile_one(schema, operation);
}

#define STRING KIND(json_type_string)
#define ARRAY KIND(json_type_array)
#define OBJECT KIND(json_type_object)

static const struct keyword {
	const char *name;
	enum schema_code code;
	unsigned applies;
	compile_function *compile;
} keywords[] = {
    {"type", SCHEMA_TYPE, KIND_ANY, compile_type},
    {"x-trim", SCHEMA_TRIM, STRING, compile_flag},
    {"const", SCHEMA_CONST, KIND_ANY, compile_value},
    {"enum", SCHEMA_ENUM, KIND_ANY, compile_enum},
    {"minimum", SCHEMA_MINIMUM, KIND_NUMBER, compile_number},
    {"maximum", SCHEMA_MAXIMUM, KIND_NUMBER, compile_number},
    {"exclusiveMinimum", SCHEMA_EXCLUSIVE_MINIMUM, KIND_NUMBER, compile_number},
    {"exclusiveMaximum", SCHEMA_EXCLUSIVE_MAXIMUM, KIND_NUMBER, compile_number},
    {"multipleOf", SCHEMA_MULTIPLE_OF, KIND_NUMBER, compile_step},
    {"minLength", SCHEMA_MIN_LENGTH, STRING, compile_limit},
    {"maxLength", SCHEMA_MAX_LENGTH, STRING, compile_limit},
    {"pattern", SCHEMA_PATTERN, STRING, compile_pattern},
    {"format", SCHEMA_FORMAT, STRING, compile_format},
    {"minItems", SCHEMA_MIN_ITEMS, ARRAY, compile_limit},
    {"maxItems", SCHEMA_MAX_ITEMS, ARRAY, compile_limit},
    {"uniqueItems", SCHEMA_UNIQUE_ITEMS, ARRAY, compile_flag},
    {"minProperties", SCHEMA_MIN_PROPERTIES, OBJECT, compile_limit},
    {"maxProperties", SCHEMA_MAX_PROPERTIES, OBJECT, compile_limit},
    {"properties", SCHEMA_MEMBERS, OBJECT, compile_members},
    {"patternProperties", SCHEMA_MEMBERS, OBJECT, compile_members},
    {"additionalProperties", SCHEMA_MEMBERS, OBJECT, compile_members},
    {"required", SCHEMA_MEMBERS, OBJECT, compile_members},
    {"items", SCHEMA_ITEMS, ARRAY, compile_items},
    {"contains", SCHEMA_CONTAINS, ARRAY, compile_one},
    {"propertyNames", SCHEMA_PROPERTY_NAMES, OBJECT, compile_one},
    {"dependencies", SCHEMA_DEPENDENCIES, OBJECT, compile_dependencies},
    {"allOf", SCHEMA_ALL_OF, KIND_ANY, compile_list},
    {"anyOf", SCHEMA_ANY_OF, KIND_ANY, compile_list},
    {"oneOf", SCHEMA_ONE_OF, KIND_ANY, compile_list},
    {"not", SCHEMA_NOT, KIND_ANY, compile_one},
    {"if", SCHEMA_CONDITION, KIND_ANY, compile_condition},
};

static const struct keyword *find_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/* The keyword's value as an error shows it; NULL when that would be long. */
static const char *short_json(struct schema_set *set, struct json_object *value)
{
	struct buffer text;
	buffer_init_arena(&text, &set->work, SCHEMA_EXPECTED_MAX);
	json_tree_write(value, &text);
	return buffer_failed(&text) ? NULL : arena_strdup(&set->arena, buffer_text(&text));
}

bool schema_holds_value(const struct schema_operation *operation)
{
	return operation->code >= SCHEMA_CONST && operation->code <= SCHEMA_EXCLUSIVE_MAXIMUM;
}

static bool has_code(const struct schema *schema, enum schema_code code)
{
	for (uint32_t i = 0; i < schema->count; i++)
		if (schema->operations[i].code == code)
			return true;
	return false;
}

static bool compile_keyword(struct schema *schema, const struct keyword *keyword, struct json_object *value)
{
	struct schema_operation *operation = &schema->operations[schema->count];
	*operation =
	    (struct schema_operation){.code = keyword->code, .applies = keyword->applies, .rule = keyword->name};
	if (keyword->code < SCHEMA_LEAVES)
		operation->expected = short_json(schema->set, value);
	if (!keyword->compile(schema, operation, value))
		return false;
	if (operation->applies == 0)
		return true;
	schema->count++;
	if (schema_holds_value(operation))
		(void)json_object_get(operation->value);
	return true;
}

static int by_code(const void *one, const void *other)
{
	const struct schema_operation *first = one, *second = other;
	return (int)first->code - (int)second->code;
}

static bool compile_boolean(struct schema *schema)
{
	schema->operations = arena_alloc(&schema->set->arena, sizeof(struct schema_operation));
	schema->operations[0] =
	    (struct schema_operation){.code = SCHEMA_NEVER, .applies = KIND_ANY, .rule = "false", .expected = "false"};
	schema->count = schema->leaves = json_object_get_boolean(schema->source) ? 0 : 1;
	return true;
}

bool schema_compile_node(struct schema *schema)
{
	if (json_object_is_type(schema->source, json_type_boolean))
		return compile_boolean(schema);
	size_t members = (size_t)json_object_object_length(schema->source);
	schema->operations = arena_alloc(&schema->set->arena, (members + 1) * sizeof(struct schema_operation));
	json_object_object_foreach(schema->source, name, value)
	{
		const struct keyword *keyword = find_keyword(name);
		if (!keyword || has_code(schema, keyword->code))
			continue;
		if (!compile_keyword(schema, keyword, value))
			return false;
	}
	qsort(schema->operations, schema->count, sizeof(struct schema_operation), by_code);
	while (schema->leaves < schema->count && schema->operations[schema->leaves].code < SCHEMA_LEAVES)
		schema->leaves++;
	return true;
}
