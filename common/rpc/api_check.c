#include "rpc/api_check.h"

#include "rpc/api.h"

#include <string.h>

#define ERROR_REFERENCE "#/components/errors/"

static struct json_object *member(struct json_object *object, const char *name, enum json_type type)
{
	struct json_object *value = json_object_object_get(object, name);
	return json_object_is_type(value, type) ? value : NULL;
}

static bool has_text(struct json_object *object, const char *name)
{
	struct json_object *text = member(object, name, json_type_string);
	return text != NULL && json_object_get_string_len(text) > 0;
}

/* Segments of lower case letters, digits and underscores, at least two, between dots. */
static bool name_fits(const char *name)
{
	size_t dots = 0;
	for (const char *at = name; *at != '\0'; at++) {
		bool first = at == name || at[-1] == '.';
		bool letter = *at >= 'a' && *at <= 'z';
		bool rest = (*at >= '0' && *at <= '9') || *at == '_';
		if (*at == '.' && !first && at[1] != '\0')
			dots++;
		else if (!letter && (first || !rest))
			return false;
	}
	return dots >= 1;
}

/* An array of content descriptors (name and schema). */
static bool are_descriptors(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		if (!has_text(item, "name") || member(item, "schema", json_type_object) == NULL)
			return false;
	}
	return true;
}

static bool are_known_errors(struct json_object *list, struct json_object *errors)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *reference = member(json_object_array_get_idx(list, i), "$ref", json_type_string);
		const char *text = reference != NULL ? json_object_get_string(reference) : "";
		if (strncmp(text, ERROR_REFERENCE, strlen(ERROR_REFERENCE)) != 0 ||
		    json_object_object_get(errors, text + strlen(ERROR_REFERENCE)) == NULL)
			return false;
	}
	return true;
}

static unsigned access_flag(const char *word)
{
	for (unsigned flag = 1; api_access_word((enum api_access)flag) != NULL; flag <<= 1)
		if (strcmp(api_access_word((enum api_access)flag), word) == 0)
			return flag;
	return 0;
}

unsigned api_check_access(struct json_object *method)
{
	struct json_object *words = member(method, "x-access", json_type_array);
	unsigned access = 0;
	for (size_t i = 0; words != NULL && i < json_object_array_length(words); i++) {
		unsigned flag = access_flag(json_object_get_string(json_object_array_get_idx(words, i)));
		if (flag == 0)
			return 0;
		access |= flag;
	}
	return access;
}

static const char *check_extensions(struct json_object *method)
{
	if (api_check_access(method) == 0)
		return "x-access must be a list of known callers";
	if (member(method, "x-idempotent", json_type_boolean) == NULL)
		return "x-idempotent must be true or false";
	if (json_object_get_int64(member(method, "x-deadline-ms", json_type_int)) < 1)
		return "x-deadline-ms must be a positive integer";
	if (member(method, "x-cost", json_type_int) == NULL ||
	    json_object_get_int64(json_object_object_get(method, "x-cost")) < 0)
		return "x-cost must be an integer from 0";
	return NULL;
}

const char *api_check_method(struct json_object *method, struct json_object *errors)
{
	struct json_object *name = member(method, "name", json_type_string);
	struct json_object *params = member(method, "params", json_type_array);
	struct json_object *result = member(method, "result", json_type_object);
	struct json_object *references = member(method, "errors", json_type_array);
	struct json_object *examples = member(method, "examples", json_type_array);
	if (name == NULL || !name_fits(json_object_get_string(name)))
		return "name must be snake_case segments with dots between";
	if (!has_text(method, "summary") || !has_text(method, "description"))
		return "summary and description are required";
	if (params == NULL || !are_descriptors(params))
		return "params must be a list of {name, schema}";
	if (result == NULL || !has_text(result, "name") || member(result, "schema", json_type_object) == NULL)
		return "result must be {name, schema}";
	if (references == NULL || !are_known_errors(references, errors))
		return "errors must be a list of references to " ERROR_REFERENCE "<word>";
	if (examples == NULL || json_object_array_length(examples) == 0)
		return "at least one example is required";
	return check_extensions(method);
}
