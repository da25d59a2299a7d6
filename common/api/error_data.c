#include "api/internal.h"

#include "base/error.h"

#include <string.h>

/* The rules of a field that any schema may have: JSON Schema's keywords, "complexity", the bound of a validation, and
 * the faults that only I-JSON forbids (dispatch_params.c). */
static const char *const field_rules[] = {"required",
					  "additionalProperties",
					  "type",
					  "enum",
					  "const",
					  "format",
					  "pattern",
					  "minLength",
					  "maxLength",
					  "minimum",
					  "maximum",
					  "exclusiveMinimum",
					  "exclusiveMaximum",
					  "multipleOf",
					  "minItems",
					  "maxItems",
					  "uniqueItems",
					  "contains",
					  "minProperties",
					  "maxProperties",
					  "items",
					  "propertyNames",
					  "patternProperties",
					  "dependencies",
					  "allOf",
					  "anyOf",
					  "oneOf",
					  "not",
					  "if",
					  "additionalItems",
					  "false",
					  "complexity",
					  "noNul",
					  "pairedSurrogates",
					  "numberRange",
					  "uniqueNames"};

/* Values of rules are further members, so additional ones are allowed. */
static const char data_text[] =
    "{\"title\":\"" API_ERROR_DATA "\",\"description\":\"The data of an error.\",\"type\":\"object\",\"required\":["
    "\"code\",\"request_id\"],\"properties\":{\"code\":{\"description\":\"The kind of error, in one word.\"},"
    "\"request_id\":{\"type\":\"string\",\"description\":\"Finds the call in the logs.\"},"
    "\"reason\":{\"type\":\"string\",\"description\":\"Why, in one word, where a kind has several causes.\"},"
    "\"rule\":{\"type\":\"string\",\"description\":\"The rule that forbids it now (precondition_failed); its values "
    "stand beside it.\"},"
    "\"fields\":{\"type\":\"array\",\"description\":\"The parameters that are wrong (invalid_params), or make a result "
    "too large (too_large).\",\"items\":{"
    "\"type\":\"object\",\"required\":[\"path\",\"rule\"],\"properties\":{"
    "\"path\":{\"type\":\"string\",\"description\":\"JSON pointer of the member: /params/period/to. That of a missing "
    "member is where it should stand.\"},"
    "\"rule\":{\"type\":\"string\",\"description\":\"The rule that it breaks: a keyword of JSON Schema or one of "
    "ours.\"},"
    "\"expected\":{\"description\":\"What the rule demands: the keyword's value. Any JSON.\"}}}},"
    "\"retry_after_ms\":{\"type\":\"integer\",\"minimum\":1,\"description\":\"When to try again, in milliseconds.\"},"
    "\"max_age\":{\"type\":\"integer\",\"description\":\"How many seconds ago the user may have logged in at most "
    "(insufficient_user_authentication).\"}}}";

struct json_object *api_error_data_schema(void)
{
	static const char *const words[] = {
#define X(name, number, word) word,
	    ERROR_CODES(X)
#undef X
	};
	struct json_object *schema = json_tokener_parse(data_text), *list = json_object_new_array();
	struct json_object *code = json_object_object_get(json_object_object_get(schema, "properties"), "code");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		json_object_array_add(list, json_object_new_string(words[i]));
	json_object_object_add(code, "type", json_object_new_string("string"));
	json_object_object_add(code, "enum", list);
	return schema;
}

bool api_holds_word(struct json_object *words, const char *word)
{
	for (size_t i = 0; i < json_object_array_length(words); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(words, i)), word) == 0)
			return true;
	return false;
}

void api_add_word(struct json_object *words, const char *word)
{
	if (!api_holds_word(words, word))
		json_object_array_add(words, json_object_new_string(word));
}

static struct json_object *typed(const char *type)
{
	struct json_object *schema = json_object_new_object();
	json_object_object_add(schema, "type", json_object_new_string(type));
	return schema;
}

/* Takes the words over. */
static struct json_object *one_of(struct json_object *words)
{
	struct json_object *schema = typed("string");
	json_object_object_add(schema, "enum", words);
	return schema;
}

static struct json_object *words_of(const char *const *words, size_t count)
{
	struct json_object *list = json_object_new_array();
	for (size_t i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(words[i]));
	return list;
}

/* A precondition's rule stands beside code, with its values. */
static void add_rule_members(struct json_object *rules, struct json_object *properties)
{
	struct json_object *words = json_object_new_array();
	json_object_object_foreach(rules, rule, values)
	{
		json_object_array_add(words, json_object_new_string(rule));
		json_object_object_foreach(values, member, schema)
		{
			json_object_object_add(properties, member, json_object_get(schema));
		}
	}
	json_object_object_add(properties, "rule", one_of(words));
}

/* A parameter's rule stands in its field. words: those that any schema may have; taken over. */
static void add_field_rules(struct json_object *rules, struct json_object *words, struct json_object *properties)
{
	struct json_object *members = json_object_new_object();
	struct json_object *field = typed("object"), *fields = typed("array");
	json_object_object_foreach(rules, rule, values)
	{
		(void)values;
		api_add_word(words, rule);
	}
	json_object_object_add(members, "rule", one_of(words));
	json_object_object_add(field, "properties", members);
	json_object_object_add(fields, "items", field);
	json_object_object_add(properties, "fields", fields);
}

struct json_object *api_error_data_of(enum error_code code, struct json_object *reasons, struct json_object *rules)
{
	struct json_object *schema = json_object_new_object(), *parts = json_object_new_array();
	struct json_object *base = json_object_new_object(), *own = typed("object");
	struct json_object *properties = json_object_new_object(), *word = json_object_new_array();
	json_object_array_add(word, json_object_new_string(error_word(code)));
	json_object_object_add(properties, "code", one_of(word));
	if (json_object_array_length(reasons) > 0)
		json_object_object_add(properties, "reason", one_of(json_object_get(reasons)));
	if (code == ERROR_INVALID_PARAMS)
		add_field_rules(rules, words_of(field_rules, ARRAY_SIZE(field_rules)), properties);
	else if (code == ERROR_TOO_LARGE && json_object_object_length(rules) > 0)
		add_field_rules(rules, json_object_new_array(), properties);
	else if (json_object_object_length(rules) > 0)
		add_rule_members(rules, properties);
	json_object_object_add(own, "properties", properties);
	json_object_object_add(base, "$ref", json_object_new_string("#/components/schemas/" API_ERROR_DATA));
	json_object_array_add(parts, base);
	json_object_array_add(parts, own);
	json_object_object_add(schema, "allOf", parts);
	return schema;
}
