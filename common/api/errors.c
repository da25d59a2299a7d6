#include "api/internal.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 64
#define REFERENCE "#/components/errors/"
#define REASONS "x-reasons"
#define RULES "x-rules"

/* The parts of a method that decide whether it can answer an error. */
struct error_case {
	const struct api_method *method;
	struct json_object *params;
};

typedef bool applies_function(const struct error_case *at);

static bool at_any(const struct error_case *at)
{
	(void)at;
	return true;
}

static bool at_closed(const struct error_case *at)
{
	return (at->method->access & API_ACCESS_PUBLIC) == 0;
}

static bool at_fresh(const struct error_case *at)
{
	return at->method->auth_max_age_us > 0;
}

static bool at_company(const struct error_case *at)
{
	return (at->method->access & API_ACCESS_COMPANY) != 0;
}

static bool takes(const struct error_case *at, const char *param)
{
	for (size_t i = 0; i < json_object_array_length(at->params); i++) {
		const char *name = api_text(json_object_array_get_idx(at->params, i), "name");
		if (name && strcmp(name, param) == 0)
			return true;
	}
	return false;
}

static bool at_repeatable(const struct error_case *at)
{
	return takes(at, "idempotency_key");
}

static bool at_list(const struct error_case *at)
{
	return takes(at, "cursor");
}

static bool at_version(const struct error_case *at)
{
	return takes(at, "version");
}

static bool at_id(const struct error_case *at)
{
	return takes(at, "id");
}

static bool at_point(const struct error_case *at)
{
	return at->method->lane == API_LANE_POINT;
}

static bool at_lane(const struct error_case *at)
{
	return at->method->lane != API_LANE_POINT;
}

static bool at_write(const struct error_case *at)
{
	return at->method->writes;
}

/* The errors that no API file lists, since they follow from access and parameters, or any method can answer them. The
 * gate check_errors.py holds this table against the code of common. */
static const struct derived_error {
	enum error_code code;
	const char *reason; /* of invalid_params the rule; NULL: it has none */
	applies_function *applies;
} derived[] = {
    {ERROR_INVALID_PARAMS, NULL, at_any},
    {ERROR_INVALID_PARAMS, "cursor", at_list},
    {ERROR_UNAUTHENTICATED, "missing", at_closed},
    {ERROR_UNAUTHENTICATED, "insufficient_user_authentication", at_fresh},
    {ERROR_UNAUTHENTICATED, "expired", at_closed},
    {ERROR_UNAUTHENTICATED, "revoked", at_closed},
    {ERROR_UNAUTHENTICATED, "unknown_key", at_closed},
    {ERROR_UNAUTHENTICATED, "malformed", at_closed},
    {ERROR_UNAUTHENTICATED, "algorithm", at_closed},
    {ERROR_UNAUTHENTICATED, "type", at_closed},
    {ERROR_UNAUTHENTICATED, "signature", at_closed},
    {ERROR_UNAUTHENTICATED, "issuer", at_closed},
    {ERROR_UNAUTHENTICATED, "audience", at_closed},
    {ERROR_UNAUTHENTICATED, "not_yet_valid", at_closed},
    {ERROR_FORBIDDEN, "scope", at_any},
    {ERROR_FORBIDDEN, "access", at_closed},
    {ERROR_FORBIDDEN, "impersonation", at_fresh},
    {ERROR_FORBIDDEN, "company_right", at_company},
    {ERROR_NOT_FOUND, NULL, at_id},
    {ERROR_CONFLICT, "stale_version", at_version},
    {ERROR_CONFLICT, "idempotency_key", at_repeatable},
    {ERROR_CONFLICT, "deadlock", at_any},
    {ERROR_CONFLICT, "serialization", at_any},
    {ERROR_TOO_LARGE, "request", at_any},
    {ERROR_TOO_LARGE, "answer", at_any},
    {ERROR_TOO_LARGE, "page", at_list},
    {ERROR_RATE_LIMITED, "point", at_point},
    {ERROR_RATE_LIMITED, "lane", at_lane},
    {ERROR_RATE_LIMITED, "write", at_write},
    {ERROR_UNAVAILABLE, "starting", at_any},
    {ERROR_UNAVAILABLE, "stopping", at_any},
    {ERROR_UNAVAILABLE, "cancelled", at_any},
    {ERROR_UNAVAILABLE, "database", at_any},
    {ERROR_UNAVAILABLE, "keys", at_any},
    {ERROR_UNAVAILABLE, "not_configured", at_any},
    {ERROR_UNAVAILABLE, "not_sent", at_any},
    {ERROR_UNAVAILABLE, "connection_lost", at_any},
    {ERROR_UNAVAILABLE, "service_token", at_any},
    {ERROR_UNAVAILABLE, "peer", at_any},
    {ERROR_UNAVAILABLE, "answer", at_any},
    {ERROR_DEADLINE_EXCEEDED, NULL, at_any},
    {ERROR_OVERLOADED, "database", at_any},
    {ERROR_OVERLOADED, "lane", at_lane},
    {ERROR_OVERLOADED, "coroutines", at_any},
    {ERROR_OVERLOADED, "in_flight", at_any},
    {ERROR_OVERLOADED, "offload", at_any},
    {ERROR_INTERNAL, NULL, at_any},
};

/* --- an error being put together: {"x-reasons": [words], "x-rules": {rule: {member: schema}}} --- */

/* The error with a word among those told, made when it is not there. */
static struct json_object *told_error(struct json_object *told, const char *word)
{
	struct json_object *error;
	if (json_object_object_get_ex(told, word, &error))
		return error;
	error = json_object_new_object();
	json_object_object_add(error, REASONS, json_object_new_array());
	json_object_object_add(error, RULES, json_object_new_object());
	json_object_object_add(told, word, error);
	return error;
}

static void derive(struct json_object *told, const struct error_case *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(derived); i++) {
		if (!derived[i].applies(at))
			continue;
		struct json_object *error = told_error(told, error_word(derived[i].code));
		if (derived[i].code == ERROR_INVALID_PARAMS && derived[i].reason)
			json_object_object_add(json_object_object_get(error, RULES), derived[i].reason,
					       json_object_new_object());
		else if (derived[i].reason)
			api_add_word(json_object_object_get(error, REASONS), derived[i].reason);
	}
}

/* --- reading what a file says --- */

/* The code that a reference leads to; ERROR_NONE for none. */
static enum error_code referred(const char *reference)
{
	static const enum error_code all[] = {
#define X(name, number, word) ERROR_##name,
	    ERROR_CODES(X)
#undef X
	};
	if (!reference || strncmp(reference, REFERENCE, strlen(REFERENCE)) != 0)
		return ERROR_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(reference + strlen(REFERENCE), error_word(all[i])) == 0)
			return all[i];
	return ERROR_NONE;
}

static bool read_reasons(struct api_reader *reader, struct json_object *reasons, struct json_object *error)
{
	if (!json_object_is_type(reasons, json_type_array))
		return api_fail(reader, REASONS " must be an array of words");
	for (size_t i = 0; i < json_object_array_length(reasons); i++) {
		struct json_object *word = json_object_array_get_idx(reasons, i);
		if (!json_object_is_type(word, json_type_string) || json_object_get_string_len(word) == 0)
			return api_fail(reader, REASONS " must be an array of words");
		api_add_word(json_object_object_get(error, REASONS), json_object_get_string(word));
	}
	return true;
}

static bool read_rules(struct api_reader *reader, enum error_code code, struct json_object *rules,
		       struct json_object *error)
{
	if (code != ERROR_INVALID_PARAMS && code != ERROR_PRECONDITION_FAILED && code != ERROR_TOO_LARGE)
		return api_fail(reader, RULES " stand at invalid_params, precondition_failed and too_large alone");
	if (!json_object_is_type(rules, json_type_object))
		return api_fail(reader, RULES " must be an object of rules, each with the schemas of its values");
	json_object_object_foreach(rules, rule, values)
	{
		if (!json_object_is_type(values, json_type_object))
			return api_fail(reader, RULES ": %s must be an object of the schemas of its values", rule);
		json_object_object_add(json_object_object_get(error, RULES), rule, json_object_get(values));
	}
	return true;
}

static bool read_error(struct api_reader *reader, struct json_object *told, size_t index, struct json_object *object)
{
	enum error_code code = referred(api_text(object, "$ref"));
	if (code == ERROR_NONE)
		return api_fail(reader, "errors[%zu] is no $ref to " REFERENCE "<word>", index);
	struct json_object *error = told_error(told, error_word(code));
	json_object_object_foreach(object, name, value)
	{
		bool sound = strcmp(name, "$ref") == 0;
		if (strcmp(name, REASONS) == 0)
			sound = read_reasons(reader, value, error);
		else if (strcmp(name, RULES) == 0)
			sound = read_rules(reader, code, value, error);
		else if (!sound)
			(void)api_fail(reader, "errors[%zu] has an unknown member %s", index, name);
		if (!sound)
			return false;
	}
	return true;
}

/* --- writing --- */

/* "not_found" as "Not found". */
static void sentence(const char *word, char target[static MESSAGE_SIZE])
{
	(void)snprintf(target, MESSAGE_SIZE, "%s", word);
	for (char *character = target; *character != '\0'; character++)
		if (*character == '_')
			*character = ' ';
	target[0] = (char)(target[0] & ~0x20);
}

static struct json_object *error_object(enum error_code code, struct json_object *told)
{
	struct json_object *error = json_object_new_object();
	char message[MESSAGE_SIZE];
	sentence(error_word(code), message);
	json_object_object_add(error, "code", json_object_new_int(error_number(code)));
	json_object_object_add(error, "message", json_object_new_string(message));
	json_object_object_add(
	    error, "data",
	    api_error_data_of(code, json_object_object_get(told, REASONS), json_object_object_get(told, RULES)));
	return error;
}

static bool same_words(struct json_object *these, struct json_object *those)
{
	if (json_object_array_length(these) != json_object_array_length(those))
		return false;
	for (size_t i = 0; i < json_object_array_length(these); i++)
		if (!api_holds_word(those, json_object_get_string(json_object_array_get_idx(these, i))))
			return false;
	return true;
}

/* A reference to the component where the method can answer what most can; where it is more or less, an object of its
 * own. */
static struct json_object *reference_or_object(enum error_code code, struct json_object *told,
					       struct json_object *anywhere)
{
	struct json_object *common = told_error(anywhere, error_word(code));
	bool same = same_words(json_object_object_get(told, REASONS), json_object_object_get(common, REASONS));
	if (!same || json_object_object_length(json_object_object_get(told, RULES)) > 0)
		return error_object(code, told);
	struct json_object *reference = json_object_new_object();
	char text[sizeof(REFERENCE) + MESSAGE_SIZE];
	(void)snprintf(text, sizeof(text), REFERENCE "%s", error_word(code));
	json_object_object_add(reference, "$ref", json_object_new_string(text));
	return reference;
}

/* What most methods may answer: those that want a token. */
static struct json_object *told_anywhere(void)
{
	static const struct api_method usual = {.access = API_ACCESS_USER};
	struct json_object *told = json_object_new_object(), *params = json_object_new_array();
	derive(told, &(struct error_case){.method = &usual, .params = params});
	json_object_put(params);
	return told;
}

static struct json_object *written(struct json_object *told)
{
	struct json_object *errors = json_object_new_array(), *anywhere = told_anywhere();
	json_object_object_foreach(told, word, error)
	{
		char reference[sizeof(REFERENCE) + MESSAGE_SIZE];
		(void)snprintf(reference, sizeof(reference), REFERENCE "%s", word);
		json_object_array_add(errors, reference_or_object(referred(reference), error, anywhere));
	}
	json_object_put(anywhere);
	return errors;
}

bool api_errors_read(struct api_reader *reader, struct json_object *object, const struct api_method *method,
		     struct json_object *params)
{
	struct json_object *errors = NULL, *told = json_object_new_object();
	bool given = json_object_object_get_ex(object, "errors", &errors);
	bool sound =
	    !given || json_object_is_type(errors, json_type_array) || api_fail(reader, "errors must be an array");
	for (size_t i = 0; given && sound && i < json_object_array_length(errors); i++)
		sound = read_error(reader, told, i, json_object_array_get_idx(errors, i));
	if (sound) {
		derive(told, &(struct error_case){.method = method, .params = params});
		json_object_object_add(object, "errors", written(told));
	}
	json_object_put(told);
	return sound;
}

void api_errors_components(struct json_object *components)
{
	struct json_object *errors = json_object_new_object(), *anywhere = told_anywhere();
#define X(name, number, word) \
	json_object_object_add(errors, word, error_object(ERROR_##name, told_error(anywhere, word)));
	ERROR_CODES(X)
#undef X
	json_object_put(anywhere);
	json_object_object_add(json_object_object_get(components, "schemas"), API_ERROR_DATA, api_error_data_schema());
	json_object_object_add(components, "errors", errors);
}
