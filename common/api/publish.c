#include "api/publish.h"

#include "base/fatal.h"
#include "base/hash_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMAS "#/components/schemas/"
#define NAME_SIZE 300
#define NAMES_MAX 20000

struct publisher {
	struct api_reader *reader;
	struct hash_map *taken; /* names of types in generated code: what has them */
	char prefix[NAME_SIZE]; /* of the daemon: "Events" */
};

static char capital(char letter)
{
	return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

/* Appends the words of a name, parted by dots or underscores, each with a capital: "listing.search" as "ListingSearch".
 */
static void append_words(char target[static NAME_SIZE], const char *words)
{
	size_t length = strlen(target), part;
	for (; length < NAME_SIZE - 1 && (part = strcspn(words, "._")) > 0; words += part + (words[part] != '\0')) {
		(void)snprintf(target + length, NAME_SIZE - length, "%.*s", (int)part, words);
		target[length] = capital(target[length]);
		length += strlen(target + length);
	}
}

/* A name may be of one thing only. */
static bool take_name(struct publisher *publisher, const char *name, const char *owner)
{
	const char *other = hash_map_get_text(publisher->taken, name);
	if (other)
		return api_fail(publisher->reader, "programs would call both %s and %s %s: rename one", other, owner,
				name);
	return hash_map_put_text(publisher->taken, name, must_strdup(owner)) ||
	       api_fail(publisher->reader, "more than %d names", NAMES_MAX);
}

/* The kind of value as draft-07 names it. */
static const char *kind_of(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "boolean";
	case json_type_int:
	case json_type_double:
		return "number";
	case json_type_string:
		return "string";
	case json_type_array:
		return "array";
	default:
		return "object";
	}
}

static bool lists_text(struct json_object *list, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text) == 0)
			return true;
	return false;
}

/* Adds the type of an enum's values. */
static void add_type(struct json_object *schema)
{
	struct json_object *values = api_member(schema, "enum", json_type_array);
	if (!values || json_object_object_get_ex(schema, "type", NULL))
		return;
	struct json_object *kinds = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(values); i++) {
		const char *kind = kind_of(json_object_array_get_idx(values, i));
		if (!lists_text(kinds, kind))
			json_object_array_add(kinds, json_object_new_string(kind));
	}
	if (json_object_array_length(kinds) == 1) {
		json_object_object_add(schema, "type", json_object_get(json_object_array_get_idx(kinds, 0)));
		json_object_put(kinds);
	} else {
		json_object_object_add(schema, "type", kinds);
	}
}

/* Formats of ours get a name of ours: validators refuse schemas with a format that they do not know. */
static void rename_format(struct json_object *schema)
{
	static const char *const standard[] = {
	    "date-time",     "date",	     "time",	      "email",
	    "idn-email",     "hostname",     "idn-hostname",  "ipv4",
	    "ipv6",	     "uri",	     "uri-reference", "iri",
	    "iri-reference", "uri-template", "json-pointer",  "relative-json-pointer",
	    "regex",	     "uuid"};
	const char *format = api_text(schema, "format");
	if (!format)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(standard); i++)
		if (strcmp(format, standard[i]) == 0)
			return;
	json_object_object_add(schema, "x-format", json_object_new_string(format));
	json_object_object_del(schema, "format");
}

/* Every document has it, the merged one once. */
static bool is_shared(const char *name)
{
	return strcmp(name, API_ERROR_DATA) == 0;
}

static void prefix_reference(const struct publisher *publisher, struct json_object *schema)
{
	struct json_object *reference = api_member(schema, "$ref", json_type_string);
	if (!reference || strncmp(json_object_get_string(reference), SCHEMAS, strlen(SCHEMAS)) != 0 ||
	    is_shared(json_object_get_string(reference) + strlen(SCHEMAS)))
		return;
	char text[2 * NAME_SIZE + sizeof(SCHEMAS)];
	(void)snprintf(text, sizeof(text), SCHEMAS "%s%.*s", publisher->prefix, NAME_SIZE - 1,
		       json_object_get_string(reference) + strlen(SCHEMAS));
	(void)json_object_set_string(reference, text);
}

static void publish_schema(const struct publisher *publisher, struct json_object *schema);

static void publish_all(const struct publisher *publisher, struct json_object *container)
{
	if (json_object_is_type(container, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(container); i++)
			publish_schema(publisher, json_object_array_get_idx(container, i));
	} else if (json_object_is_type(container, json_type_object)) {
		json_object_object_foreach(container, name, schema)
		{
			(void)name;
			publish_schema(publisher, schema);
		}
	}
}

/* The schema and those in it. What JSON nests is bounded by JSON_DEPTH_MAX, so is this. */
static void publish_schema(const struct publisher *publisher, struct json_object *schema)
{
	static const char *const one[] = {
	    "items", "additionalItems", "additionalProperties", "propertyNames", "contains", "not", "if", "then",
	    "else"};
	static const char *const several[] = {
	    "items", "allOf", "anyOf", "oneOf", "properties", "patternProperties", "dependencies"};
	if (!json_object_is_type(schema, json_type_object))
		return;
	add_type(schema);
	rename_format(schema);
	prefix_reference(publisher, schema);
	for (size_t i = 0; i < ARRAY_SIZE(one); i++)
		publish_schema(publisher, json_object_object_get(schema, one[i]));
	for (size_t i = 0; i < ARRAY_SIZE(several); i++) {
		struct json_object *container = json_object_object_get(schema, several[i]);
		if (strcmp(several[i], "items") != 0 || json_object_is_type(container, json_type_array))
			publish_all(publisher, container);
	}
}

/* Publishes the schema of a parameter or result, and gives it a name unless it is only a reference. */
static bool publish_described(struct publisher *publisher, struct json_object *descriptor, const char *method,
			      const char *suffix)
{
	struct json_object *schema = json_object_object_get(descriptor, "schema");
	publish_schema(publisher, schema);
	if (!json_object_is_type(schema, json_type_object) || json_object_object_get_ex(schema, "$ref", NULL))
		return true;
	char title[NAME_SIZE] = "", owner[2 * NAME_SIZE];
	append_words(title, method);
	append_words(title, api_text(descriptor, "name"));
	append_words(title, suffix);
	(void)snprintf(owner, sizeof(owner), "%s of %s", api_text(descriptor, "name"), method);
	json_object_object_add(schema, "title", json_object_new_string(title));
	return take_name(publisher, title, owner);
}

/* Whatever precedes the verb groups methods: "events.listing". */
static void add_tags(struct json_object *method, const char *name)
{
	struct json_object *tags = json_object_new_array(), *tag = json_object_new_object();
	int length = (int)(strrchr(name, '.') - name);
	json_object_object_add(tag, "name", json_object_new_string_len(name, length));
	json_object_array_add(tags, tag);
	json_object_object_add(method, "tags", tags);
}

/* The schemas of what errors carry. */
static void publish_errors(const struct publisher *publisher, struct json_object *errors)
{
	for (size_t i = 0; i < json_object_array_length(errors); i++)
		publish_schema(publisher, json_object_object_get(json_object_array_get_idx(errors, i), "data"));
}

static struct json_object *named(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *object = json_object_array_get_idx(list, i);
		if (strcmp(api_text(object, "name"), name) == 0)
			return object;
	}
	return NULL;
}

/* Appends those of the list whose names are in wanted (NULL: all) and not in target yet. */
static void append_named(struct json_object *target, struct json_object *list, struct json_object *wanted)
{
	for (size_t i = 0; i < json_object_array_length(wanted ? wanted : list); i++) {
		const char *name = api_text(json_object_array_get_idx(wanted ? wanted : list, i), "name");
		struct json_object *object = named(list, name);
		if (object && !named(target, name))
			json_object_array_add(target, json_object_get(object));
	}
}

/* Some programs take an example's parameters by position, whatever paramStructure says. So those that examples give
 * come first, after the required ones, and an example gives them in the same order. */
static void order_params(struct json_object *method)
{
	struct json_object *params = json_object_object_get(method, "params");
	struct json_object *examples = json_object_object_get(method, "examples"), *ordered = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(params); i++) {
		struct json_object *param = json_object_array_get_idx(params, i);
		if (json_object_get_boolean(json_object_object_get(param, "required")))
			json_object_array_add(ordered, json_object_get(param));
	}
	for (size_t i = 0; i < json_object_array_length(examples); i++)
		append_named(ordered, params, json_object_object_get(json_object_array_get_idx(examples, i), "params"));
	append_named(ordered, params, NULL);
	for (size_t i = 0; i < json_object_array_length(examples); i++) {
		struct json_object *example = json_object_array_get_idx(examples, i), *values = json_object_new_array();
		append_named(values, json_object_object_get(example, "params"), ordered);
		json_object_object_add(example, "params", values);
	}
	json_object_object_add(method, "params", ordered);
}

static bool publish_method(struct publisher *publisher, struct json_object *method)
{
	order_params(method);
	struct json_object *params = json_object_object_get(method, "params");
	const char *name = api_text(method, "name");
	char alias[NAME_SIZE] = "";
	append_words(alias, name);
	if (!take_name(publisher, alias, name) ||
	    !publish_described(publisher, json_object_object_get(method, "result"), name, "Result"))
		return false;
	for (size_t i = 0; i < json_object_array_length(params); i++) {
		struct json_object *param = json_object_array_get_idx(params, i);
		if (!publish_described(publisher, param, name, "Param"))
			return false;
		if (!json_object_object_get_ex(param, "required", NULL))
			json_object_object_add(param, "required", json_object_new_boolean(0));
	}
	publish_errors(publisher, json_object_object_get(method, "errors"));
	if (!json_object_object_get_ex(method, "tags", NULL))
		add_tags(method, name);
	return true;
}

/* The components that are used, under the names that they have outside. */
static bool publish_components(struct publisher *publisher, struct json_object *document)
{
	struct json_object *components = json_object_object_get(document, "components");
	struct json_object *own = json_object_object_get(components, "schemas"), *named = json_object_new_object();
	bool published = true;
	json_object_object_foreach(own, name, schema)
	{
		char title[2 * NAME_SIZE];
		(void)snprintf(title, sizeof(title), "%s%.*s", is_shared(name) ? "" : publisher->prefix, NAME_SIZE - 1,
			       name);
		published = published && take_name(publisher, title, name);
		publish_schema(publisher, schema);
		if (json_object_is_type(schema, json_type_object) && !json_object_object_get_ex(schema, "$ref", NULL))
			json_object_object_add(schema, "title", json_object_new_string(title));
		json_object_object_add(named, title, json_object_get(schema));
	}
	api_take_schemas(document, named);
	json_object_put(named);
	return published;
}

static void publish_payloads(const struct publisher *publisher, struct json_object *facts)
{
	for (size_t i = 0; facts && i < json_object_array_length(facts); i++)
		publish_schema(publisher, json_object_object_get(json_object_array_get_idx(facts, i), "payload"));
}

static bool publish(struct publisher *publisher, struct json_object *document)
{
	publish_payloads(publisher, json_object_object_get(document, API_FACTS));
	publish_payloads(publisher, json_object_object_get(document, API_CONSUMES));
	struct json_object *methods = json_object_object_get(document, "methods");
	for (size_t i = 0; i < json_object_array_length(methods); i++)
		if (!publish_method(publisher, json_object_array_get_idx(methods, i)))
			return false;
	return publish_components(publisher, document);
}

/* The first word of the methods' names, with a capital. */
static void find_prefix(struct publisher *publisher, struct json_object *document)
{
	struct json_object *methods = json_object_object_get(document, "methods");
	if (json_object_array_length(methods) == 0)
		return;
	char word[NAME_SIZE];
	(void)snprintf(word, sizeof(word), "%s", api_text(json_object_array_get_idx(methods, 0), "name"));
	word[strcspn(word, ".")] = '\0';
	append_words(publisher->prefix, word);
}

bool api_publish(struct api_reader *reader, struct json_object *document)
{
	struct publisher publisher = {.reader = reader, .taken = hash_map_new(NAMES_MAX, free)};
	find_prefix(&publisher, document);
	bool published = publish(&publisher, document);
	hash_map_free(publisher.taken);
	return published;
}
