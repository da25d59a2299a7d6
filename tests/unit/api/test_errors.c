/* The errors of a method in the document: what its file says, and what follows from its access and parameters. */
#include "api/api_fixture.h"

#include <stdio.h>

/* The error with a number in the first method's list; NULL when it is not there. */
static struct json_object *listed(struct json_object *document, int code)
{
	struct json_object *errors, *value, *reference;
	assert_true(json_tree_pointer(document, "/methods/0/errors", &errors));
	for (size_t i = 0; i < json_object_array_length(errors); i++) {
		struct json_object *found = json_object_array_get_idx(errors, i);
		if (json_object_object_get_ex(found, "$ref", &reference))
			assert_true(json_tree_pointer(document, json_object_get_string(reference) + 1, &found));
		if (json_object_object_get_ex(found, "code", &value) && json_object_get_int(value) == code)
			return found;
	}
	return NULL;
}

/* Whether a member of the data of an error may be a word. */
static bool may_say(struct json_object *found, const char *member, const char *word)
{
	assert_non_null(found);
	char pointer[100];
	(void)snprintf(pointer, sizeof(pointer), "/data/allOf/1/properties/%s/enum", member);
	struct json_object *words;
	if (!json_tree_pointer(found, pointer, &words))
		return false;
	for (size_t i = 0; i < json_object_array_length(words); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(words, i)), word) == 0)
			return true;
	return false;
}

static struct json_object *document_with(const char *access, const char *errors)
{
	struct json_object *method = json_tokener_parse(METHOD("a.b.c")), *file = json_object_new_object();
	struct json_object *methods = json_object_new_array();
	json_object_object_add(method, "errors", json_tokener_parse(errors));
	json_object_object_add(method, "x-access", json_tokener_parse(access));
	json_object_array_add(methods, method);
	json_object_object_add(file, "methods", methods);
	struct api *api = load(json_object_to_json_string(file));
	if (!api)
		fail_msg("%s", error);
	struct json_object *document = parse(api_document(api));
	json_object_put(file);
	api_free(api);
	return document;
}

static void test_lists_what_follows_from_access(void **state)
{
	struct json_object *closed = document_with("[\"company:owner\"]", "[]");
	struct json_object *open = document_with("[\"public\"]", "[]");
	(void)state;
	assert_true(may_say(listed(closed, -32001), "reason", "missing"));
	assert_true(may_say(listed(closed, -32001), "reason", "expired"));
	assert_true(may_say(listed(closed, -32003), "reason", "access"));
	assert_true(may_say(listed(closed, -32003), "reason", "company_right"));
	assert_false(may_say(listed(closed, -32003), "reason", "impersonation"));
	assert_null(listed(open, -32001)); /* a void token is as none there */
	assert_false(may_say(listed(open, -32003), "reason", "access"));
	assert_true(may_say(listed(open, -32603), "code", "internal"));
	assert_true(may_say(listed(open, -32602), "fields/items/properties/rule", "maxLength"));
	assert_true(may_say(listed(open, -32029), "reason", "point"));
	assert_false(may_say(listed(open, -32029), "reason", "lane"));
	assert_false(may_say(listed(open, -32029), "reason", "write"));
	assert_string_equal(text_at(open, "/components/schemas/ErrorData/properties/reason/type"), "string");
	assert_string_equal(text_at(open, "/components/errors/internal/data/allOf/0/$ref"),
			    "#/components/schemas/ErrorData");
	json_object_put(closed);
	json_object_put(open);
}

static void test_lists_what_follows_from_parameters(void **state)
{
	struct json_object *method = parse(METHOD("a.b.c")), *whole = json_object_new_object();
	struct json_object *methods = json_object_new_array();
	(void)state;
	json_object_object_del(method, "errors");
	json_object_array_add(json_object_object_get(method, "params"),
			      parse("{\"name\":\"version\",\"schema\":{\"type\":\"integer\"}}"));
	json_object_array_add(methods, method);
	json_object_object_add(whole, "methods", methods);
	struct api *api = load(json_object_to_json_string(whole));
	if (!api)
		fail_msg("%s", error);
	struct json_object *document = parse(api_document(api));
	assert_non_null(listed(document, -32004));
	assert_true(may_say(listed(document, -32009), "reason", "stale_version"));
	assert_false(may_say(listed(document, -32009), "reason", "idempotency_key"));
	assert_null(listed(document, -32012));
	json_object_put(document);
	json_object_put(whole);
	api_free(api);
}

static void test_lists_reasons_and_rules(void **state)
{
	struct json_object *document = document_with(
	    "[\"user\"]",
	    "[{\"$ref\":\"#/components/errors/conflict\",\"x-reasons\":[\"booked\"]},{\"$ref\":\"#/components/errors/"
	    "precondition_failed\",\"x-rules\":{\"full\":{\"maximum\":{\"type\":\"integer\"}}}},{\"$ref\":\"#/"
	    "components/"
	    "errors/invalid_params\",\"x-rules\":{\"after\":{}}}]");
	(void)state;
	assert_string_equal(text_at(document, "/methods/0/errors/0/code"), "-32009");
	assert_true(may_say(listed(document, -32009), "reason", "booked"));
	assert_true(may_say(listed(document, -32009), "reason", "deadlock"));
	assert_true(may_say(listed(document, -32012), "rule", "full"));
	assert_string_equal(text_at(listed(document, -32012), "/data/allOf/1/properties/maximum/type"), "integer");
	assert_true(may_say(listed(document, -32602), "fields/items/properties/rule", "after"));
	assert_true(may_say(listed(document, -32602), "fields/items/properties/rule", "required"));
	assert_null(strstr(json_object_to_json_string(document), "x-reasons"));
	json_object_put(document);
}

static void test_refuses_unsound_errors(void **state)
{
	(void)state;
	assert_refused_with("errors", "[{\"code\":1,\"message\":\"m\"}]", "errors[0] is no $ref to");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/conflict\",\"x-reason\":[]}]",
			    "errors[0] has an unknown member x-reason");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/conflict\",\"x-reasons\":\"a\"}]",
			    "x-reasons must be an array of words");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/conflict\",\"x-reasons\":[1]}]",
			    "x-reasons must be an array of words");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/conflict\",\"x-rules\":{}}]",
			    "x-rules stand at invalid_params, precondition_failed and too_large alone");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/invalid_params\",\"x-rules\":[]}]",
			    "x-rules must be an object");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/invalid_params\",\"x-rules\":{\"a\":1}}]",
			    "x-rules: a must be an object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lists_what_follows_from_access),
	    cmocka_unit_test(test_lists_what_follows_from_parameters),
	    cmocka_unit_test(test_lists_reasons_and_rules),
	    cmocka_unit_test(test_refuses_unsound_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
