#include "api/internal.h"

#include "base/clock.h"
#include "json/tree.h"

#include <string.h>

#define DEADLINE_READ_MS 3000
#define DEADLINE_WRITE_MS 5000
#define DEADLINE_MAX_MS 600000
#define COST_MAX 100000
#define AUTH_MAX_AGE_MAX 86400 /* seconds */
#define PARAMS_MAX 100

/* Lower-case words of letters, digits and underscores, separated by dots: two at least. */
static bool is_method_name(const char *name)
{
	size_t parts = 1, length = strlen(name);
	for (const char *character = name; *character != '\0'; character++) {
		bool first = character == name || character[-1] == '.';
		bool letter = *character >= 'a' && *character <= 'z';
		bool digit = *character >= '0' && *character <= '9';
		if (*character == '.')
			parts++;
		if (first ? !letter : !letter && !digit && *character != '_' && *character != '.')
			return false;
	}
	return parts >= 2 && name[length - 1] != '.' && length <= API_NAME_MAX;
}

static void set_default(struct json_object *object, const char *name, struct json_object *value)
{
	if (json_object_object_get_ex(object, name, NULL))
		json_object_put(value);
	else
		json_object_object_add(object, name, value);
}

/* By default a method reads, so it is idempotent. A method that writes has a longer deadline. Without a description the
 * summary is used. */
static void set_defaults(struct json_object *object)
{
	if (api_text(object, "summary"))
		set_default(object, "description", json_object_new_string(api_text(object, "summary")));
	set_default(object, "x-idempotent", json_object_new_boolean(1));
	bool writes = !json_object_get_boolean(json_object_object_get(object, "x-idempotent")) ||
		      json_object_get_boolean(json_object_object_get(object, "x-writes"));
	set_default(object, "x-deadline-ms", json_object_new_int64(writes ? DEADLINE_WRITE_MS : DEADLINE_READ_MS));
}

static bool check_texts(struct api_reader *reader, struct json_object *object)
{
	if (!api_text(object, "summary"))
		return api_fail(reader, "has no summary");
	return api_text(object, "description") || api_fail(reader, "has no description");
}

/* Only members of OpenRPC and extensions are allowed, so that a misspelt one is found. */
static bool check_members(struct api_reader *reader, struct json_object *object)
{
	static const char *const known[] = {"name",	  "summary",	  "description", "tags",  "paramStructure",
					    "params",	  "result",	  "errors",	 "links", "examples",
					    "deprecated", "externalDocs", "servers"};
	json_object_object_foreach(object, name, value)
	{
		bool found = strncmp(name, "x-", 2) == 0;
		(void)value;
		for (size_t i = 0; !found && i < ARRAY_SIZE(known); i++)
			found = strcmp(name, known[i]) == 0;
		if (!found)
			return api_fail(reader, "has an unknown member %s", name);
	}
	return true;
}

static bool read_number(struct api_reader *reader, struct json_object *object, const char *name, int64_t least,
			int64_t most, int64_t *ret)
{
	struct json_object *number = api_member(object, name, json_type_int);
	int64_t value = number ? json_object_get_int64(number) : least - 1;
	if (value < least || value > most)
		return api_fail(reader, "%s must be a whole number from %lld to %lld", name, (long long)least,
				(long long)most);
	*ret = value;
	return true;
}

static bool read_lane(struct api_reader *reader, struct json_object *object, enum api_lane *ret)
{
	struct json_object *word = NULL;
	if (!json_object_object_get_ex(object, "x-lane", &word))
		return true;
	*ret =
	    json_object_is_type(word, json_type_string) ? api_lane_find(json_object_get_string(word)) : API_LANE_COUNT;
	return *ret != API_LANE_COUNT || api_fail(reader, "x-lane must be search or export");
}

static bool read_extensions(struct api_reader *reader, struct json_object *object, struct api_method *method)
{
	int64_t deadline_ms = 0, cost = 0, auth_max_age = 0;
	struct json_object *idempotent = api_member(object, "x-idempotent", json_type_boolean);
	struct json_object *long_poll = NULL, *writes = NULL;
	method->access = api_access_read(api_member(object, "x-access", json_type_array));
	if (method->access == 0)
		return api_fail(reader, "x-access must list who may call: public, user, moderator, admin, service, "
					"client, company:owner, company:manager, company:staff");
	if (!idempotent)
		return api_fail(reader, "x-idempotent must be a boolean");
	if (!read_number(reader, object, "x-deadline-ms", 1, DEADLINE_MAX_MS, &deadline_ms) ||
	    !read_number(reader, object, "x-cost", 1, COST_MAX, &cost))
		return false;
	if (json_object_object_get_ex(object, "x-auth-max-age", NULL) &&
	    !read_number(reader, object, "x-auth-max-age", 1, AUTH_MAX_AGE_MAX, &auth_max_age))
		return false;
	method->auth_max_age_us = auth_max_age * CLOCK_SECOND;
	if (json_object_object_get_ex(object, "x-long-poll", &long_poll) &&
	    !json_object_is_type(long_poll, json_type_boolean))
		return api_fail(reader, "x-long-poll must be a boolean");
	if (json_object_object_get_ex(object, "x-writes", &writes) &&
	    (!json_object_is_type(writes, json_type_boolean) || !json_object_get_boolean(idempotent)))
		return api_fail(reader, "x-writes must be a boolean, and of a method that is x-idempotent");
	if (!read_lane(reader, object, &method->lane))
		return false;
	method->writes = !json_object_get_boolean(idempotent) || json_object_get_boolean(writes);
	method->idempotent = json_object_get_boolean(idempotent);
	method->long_poll = json_object_get_boolean(long_poll);
	method->deadline_us = deadline_ms * 1000;
	method->cost = (unsigned)cost;
	return true;
}

static bool is_schema(struct json_object *descriptor)
{
	return api_member(descriptor, "schema", json_type_object) ||
	       api_member(descriptor, "schema", json_type_boolean);
}

/* Adds one parameter to the object schema. */
static bool add_param(struct api_reader *reader, struct json_object *param, struct json_object *properties,
		      struct json_object *required)
{
	const char *name = api_text(param, "name");
	if (!name)
		return api_fail(reader, "a parameter has no name");
	if (!is_schema(param))
		return api_fail(reader, "parameter %s has no schema", name);
	if (json_object_object_get_ex(properties, name, NULL))
		return api_fail(reader, "parameter %s stands twice", name);
	json_object_object_add(properties, name, json_object_get(json_object_object_get(param, "schema")));
	struct json_object *flag = NULL;
	if (json_object_object_get_ex(param, "required", &flag) && !json_object_is_type(flag, json_type_boolean))
		return api_fail(reader, "parameter %s: required must be a boolean", name);
	if (!json_object_get_boolean(flag))
		return true;
	if (json_object_array_length(required) + 1 != (size_t)json_object_object_length(properties))
		return api_fail(reader, "parameter %s is required and must stand before those that are not", name);
	json_object_array_add(required, json_object_new_string(name));
	return true;
}

/* The parameters as one object schema. */
static bool make_params(struct api_reader *reader, struct json_object *params, struct json_object **ret)
{
	struct json_object *schema = json_object_new_object();
	struct json_object *properties = json_object_new_object(), *required = json_object_new_array();
	json_object_object_add(schema, "type", json_object_new_string("object"));
	json_object_object_add(schema, "properties", properties);
	json_object_object_add(schema, "required", required);
	json_object_object_add(schema, "additionalProperties", json_object_new_boolean(0));
	for (size_t i = 0; i < json_object_array_length(params); i++) {
		if (!add_param(reader, json_object_array_get_idx(params, i), properties, required)) {
			json_object_put(schema);
			return false;
		}
	}
	*ret = schema;
	return true;
}

/* A page of a list says what is in it, {"x-page-of": schema}; what all pages have is added here. */
static bool expand_page(struct api_reader *reader, struct json_object *result)
{
	static const char page[] =
	    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],\"additionalProperties\":false,\"properties\":{"
	    "\"items\":{\"type\":\"array\"},\"next_cursor\":{\"$ref\":\"#/components/schemas/NextCursor\"}}}";
	struct json_object *said = json_object_object_get(result, "schema"), *item = NULL, *items = NULL;
	if (!json_object_object_get_ex(said, "x-page-of", &item))
		return true;
	if (json_object_object_length(said) != 1)
		return api_fail(reader, "the schema of a result has x-page-of alone, or not at all");
	struct json_object *schema = json_tokener_parse(page);
	if (json_tree_pointer(schema, "/properties/items", &items))
		json_object_object_add(items, "items", json_object_get(item));
	json_object_object_add(result, "schema", schema);
	return true;
}

static bool check_structure(struct api_reader *reader, struct json_object *object)
{
	struct json_object *structure;
	if (json_object_object_get_ex(object, "paramStructure", &structure) &&
	    strcmp(json_object_get_string(structure), "by-name") != 0)
		return api_fail(reader, "paramStructure can only be by-name");
	json_object_object_add(object, "paramStructure", json_object_new_string("by-name"));
	return true;
}

bool api_method_read(struct api_reader *reader, struct json_object *object, struct api_method *method,
		     struct json_object **ret_params)
{
	const char *name = api_text(object, "name");
	if (!name)
		return api_fail(reader, "a method has no name");
	reader->method = name;
	if (!is_method_name(name))
		return api_fail(reader, "a name is <daemon>.<resource>.<verb> in lower case, at most %d characters",
				API_NAME_MAX);
	struct json_object *params = api_member(object, "params", json_type_array);
	struct json_object *result = api_member(object, "result", json_type_object);
	set_defaults(object);
	if (!check_texts(reader, object) || !check_members(reader, object))
		return false;
	if (!params || json_object_array_length(params) > PARAMS_MAX)
		return api_fail(reader, "params must be an array of at most %d", PARAMS_MAX);
	if (!result || !api_text(result, "name") || !is_schema(result))
		return api_fail(reader, "result must have a name and a schema");
	if (!expand_page(reader, result) || !check_structure(reader, object) ||
	    !read_extensions(reader, object, method) || !api_errors_read(reader, object, method, params) ||
	    !make_params(reader, params, ret_params))
		return false;
	method->name = name;
	method->name_length = strlen(name);
	return true;
}
