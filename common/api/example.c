#include "api/internal.h"

#include <stdio.h>
#include <string.h>

#define REFERENCE "#/components/examples/"
#define SCHEMAS "#/components/schemas/"
#define WITH "x-with"
#define NAME_SIZE 200
#define DEPTH_MAX 16 /* of examples that refer to others */

struct resolver {
	struct api_reader *reader;
	struct json_object *components; /* name: {"value": ...} */
	const char *title;		/* of the example of the method */
	unsigned depth;			/* of examples under way */
};

/* Makes the whole value of one that has references, for the caller to own: the same object, changed, when it is none
 * itself. */
static bool resolve(struct resolver *resolver, struct json_object *value, struct json_object **ret);

static bool fail(struct resolver *resolver, const char *component, const char *text)
{
	return api_fail(resolver->reader, "example \"%s\": " REFERENCE "%s: %s", resolver->title, component, text);
}

/* The name of the component that an object refers to; NULL when it is no reference. */
static const char *referred(struct json_object *value)
{
	const char *reference = api_text(value, "$ref");
	return reference && strncmp(reference, REFERENCE, strlen(REFERENCE)) == 0 ? reference + strlen(REFERENCE)
										  : NULL;
}

static bool resolve_members(struct resolver *resolver, struct json_object *object)
{
	json_object_object_foreach(object, name, value)
	{
		struct json_object *whole = NULL;
		if (!resolve(resolver, value, &whole))
			return false;
		json_object_object_add(object, name, whole);
	}
	return true;
}

static bool resolve_items(struct resolver *resolver, struct json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *whole = NULL;
		if (!resolve(resolver, json_object_array_get_idx(array, i), &whole))
			return false;
		json_object_array_put_idx(array, i, whole);
	}
	return true;
}

/* What a component shows, whole. */
static bool component_value(struct resolver *resolver, const char *name, struct json_object **ret)
{
	struct json_object *component = json_object_object_get(resolver->components, name);
	if (!component)
		return fail(resolver, name, "there is none of this name");
	if (resolver->depth == DEPTH_MAX)
		return fail(resolver, name, "refers to itself");
	resolver->depth++;
	bool resolved = resolve(resolver, json_object_object_get(component, "value"), ret);
	resolver->depth--;
	return resolved;
}

/* The members of an object, with others instead or besides; a new one, for what a component shows stands in several
 * places. */
static struct json_object *with(struct json_object *object, struct json_object *others)
{
	struct json_object *changed = json_object_new_object();
	api_members_add(changed, object);
	api_members_add(changed, others);
	return changed;
}

static bool resolve_reference(struct resolver *resolver, struct json_object *reference, const char *name,
			      struct json_object **ret)
{
	struct json_object *shown = NULL, *others = NULL;
	bool has_others = json_object_object_get_ex(reference, WITH, &others);
	if (json_object_object_length(reference) != (has_others ? 2 : 1))
		return fail(resolver, name, "a reference has $ref and " WITH ", nothing else");
	if (!component_value(resolver, name, &shown))
		return false;
	if (!has_others) {
		*ret = shown;
		return true;
	}
	bool objects = json_object_is_type(shown, json_type_object) && json_object_is_type(others, json_type_object);
	bool sound = objects ? resolve_members(resolver, others)
			     : fail(resolver, name, WITH " and what it changes must be objects");
	if (sound)
		*ret = with(shown, others);
	json_object_put(shown);
	return sound;
}

static bool resolve(struct resolver *resolver, struct json_object *value, struct json_object **ret)
{
	const char *name = referred(value);
	if (name)
		return resolve_reference(resolver, value, name, ret);
	if (json_object_is_type(value, json_type_object) && !resolve_members(resolver, value))
		return false;
	if (json_object_is_type(value, json_type_array) && !resolve_items(resolver, value))
		return false;
	*ret = json_object_get(value);
	return true;
}

/* A result that is a reference has the name that the method gives its result. */
static bool resolve_result(struct resolver *resolver, struct json_object *example, const char *result_name)
{
	struct json_object *result = json_object_object_get(example, "result"), *value = NULL;
	if (!referred(result))
		return true;
	if (!resolve(resolver, result, &value))
		return false;
	struct json_object *named = json_object_new_object();
	json_object_object_add(named, "name", json_object_new_string(result_name));
	json_object_object_add(named, "value", value);
	json_object_object_add(example, "result", named);
	return true;
}

static bool has_param(struct json_object *params, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(params); i++) {
		const char *other = api_text(json_object_array_get_idx(params, i), "name");
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

/* An example names parameters of the method and has a result. */
static bool check(struct api_reader *reader, const char *title, struct json_object *example, struct json_object *params)
{
	struct json_object *values = api_member(example, "params", json_type_array);
	struct json_object *result = api_member(example, "result", json_type_object);
	if (!values)
		return api_fail(reader, "example \"%s\" has no params", title);
	for (size_t i = 0; i < json_object_array_length(values); i++) {
		struct json_object *value = json_object_array_get_idx(values, i);
		const char *name = api_text(value, "name");
		if (!name || !json_object_object_get_ex(value, "value", NULL))
			return api_fail(reader, "example \"%s\": params[%zu] needs name and value", title, i);
		if (!has_param(params, name))
			return api_fail(reader, "example \"%s\" has %s, which is no parameter", title, name);
	}
	if (!result || !api_text(result, "name") || !json_object_object_get_ex(result, "value", NULL))
		return api_fail(reader, "example \"%s\" has no result with name and value", title);
	return true;
}

static bool read_example(struct api_reader *reader, struct json_object *example, struct json_object *method,
			 struct json_object *components)
{
	struct resolver resolver = {.reader = reader, .components = components, .title = api_text(example, "name")};
	if (!resolver.title)
		return api_fail(reader, "an example has no name");
	const char *result_name = api_text(json_object_object_get(method, "result"), "name");
	return resolve_result(&resolver, example, result_name) && resolve_members(&resolver, example) &&
	       check(reader, resolver.title, example, json_object_object_get(method, "params"));
}

/* The component whose example shows the result: the one named as the schema that the result refers to. */
static const char *shown_by(struct json_object *method)
{
	struct json_object *schema = json_object_object_get(json_object_object_get(method, "result"), "schema");
	const char *reference = api_text(schema, "$ref");
	return reference && strncmp(reference, SCHEMAS, strlen(SCHEMAS)) == 0 ? reference + strlen(SCHEMAS) : NULL;
}

/* The values of the required parameters, as the result has them. NULL when it lacks one. */
static struct json_object *params_of(struct json_object *method, struct json_object *shown)
{
	struct json_object *params = json_object_object_get(method, "params"), *values = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(params); i++) {
		struct json_object *param = json_object_array_get_idx(params, i), *value = NULL;
		const char *name = api_text(param, "name");
		if (!json_object_get_boolean(json_object_object_get(param, "required")))
			continue;
		if (!name || !json_object_object_get_ex(shown, name, &value)) {
			json_object_put(values);
			return NULL;
		}
		struct json_object *named = json_object_new_object();
		json_object_object_add(named, "name", json_object_new_string(name));
		json_object_object_add(named, "value", json_object_get(value));
		json_object_array_add(values, named);
	}
	return values;
}

/* The example of a read that has none of its own: what its result refers to, found by what stands in it. */
static void derive_example(struct json_object *method, struct json_object *components)
{
	const char *component = shown_by(method);
	struct json_object *shown = component ? json_object_object_get(components, component) : NULL;
	bool reads = json_object_get_boolean(json_object_object_get(method, "x-idempotent"));
	struct json_object *params = shown && reads ? params_of(method, json_object_object_get(shown, "value")) : NULL;
	if (!params)
		return;
	struct json_object *examples = json_object_new_array(), *example = json_object_new_object();
	struct json_object *result = json_object_new_object();
	char reference[NAME_SIZE + sizeof(REFERENCE)];
	(void)snprintf(reference, sizeof(reference), REFERENCE "%s", component);
	json_object_object_add(result, "$ref", json_object_new_string(reference));
	json_object_object_add(example, "name", json_object_new_string(component));
	json_object_object_add(example, "params", params);
	json_object_object_add(example, "result", result);
	json_object_array_add(examples, example);
	json_object_object_add(method, "examples", examples);
}

bool api_examples_read(struct api_reader *reader, struct json_object *method, struct json_object *components)
{
	if (!json_object_object_get_ex(method, "examples", NULL))
		derive_example(method, components);
	struct json_object *examples = api_member(method, "examples", json_type_array);
	if (!examples || json_object_array_length(examples) == 0)
		return api_fail(reader, "has no example");
	for (size_t i = 0; i < json_object_array_length(examples); i++)
		if (!read_example(reader, json_object_array_get_idx(examples, i), method, components))
			return false;
	return true;
}

bool api_example_read(struct api_reader *reader, const char *title, struct json_object *holder,
		      struct json_object *components)
{
	struct resolver resolver = {.reader = reader, .components = components, .title = title};
	struct json_object *whole = NULL;
	if (!resolve(&resolver, json_object_object_get(holder, "example"), &whole))
		return false;
	json_object_object_add(holder, "example", whole);
	return true;
}
