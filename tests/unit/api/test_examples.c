/* Examples that refer to components: whole in the document, and refused where they cannot be made whole. */
#include "api/api_fixture.h"

#define REF(name) "{\"$ref\":\"#/components/examples/" name "\"}"
#define REF_WITH(name, members) "{\"$ref\":\"#/components/examples/" name "\",\"x-with\":" members "}"

/* A file with one method, whose example has this result, and with component examples. */
static struct json_object *file_with(const char *result, const char *examples)
{
	struct json_object *method = json_tokener_parse(METHOD("a.b.c"));
	struct json_object *whole = json_object_new_object(), *methods = json_object_new_array();
	struct json_object *components = json_object_new_object();
	struct json_object *example = json_object_array_get_idx(json_object_object_get(method, "examples"), 0);
	json_object_object_add(example, "result", parse(result));
	json_object_array_add(methods, method);
	json_object_object_add(components, "examples", parse(examples));
	json_object_object_add(whole, "methods", methods);
	json_object_object_add(whole, "components", components);
	return whole;
}

/* What the document says of the result of the example. */
static void assert_shown(const char *result, const char *examples, const char *expected)
{
	struct json_object *whole = file_with(result, examples), *shown = NULL, *wanted = parse(expected);
	struct api *api = load(json_object_to_json_string(whole));
	if (!api)
		fail_msg("%s", error);
	struct json_object *document = parse(api_document(api));
	assert_true(json_tree_pointer(document, "/methods/0/examples/0/result", &shown));
	if (!json_tree_equal(shown, wanted))
		fail_msg("%s instead of %s", json_object_to_json_string(shown), expected);
	assert_null(strstr(api_document(api), "#/components/examples/"));
	json_object_put(wanted);
	json_object_put(document);
	json_object_put(whole);
	api_free(api);
}

static void assert_unsound(const char *result, const char *examples, const char *expected)
{
	struct json_object *whole = file_with(result, examples);
	assert_refused(json_object_to_json_string(whole), expected);
	json_object_put(whole);
}

/* A file with a method that reads a Thing by its id and gives no example; more: of the method. */
#define READ(more, id)                                                                               \
	"{\"methods\":[{\"name\":\"a.b.get\",\"summary\":\"s\",\"params\":[{\"name\":\"" id          \
	"\",\"required\":true,\"schema\":{\"type\":\"string\"}},{\"name\":\"more\",\"schema\":{}}]," \
	"\"result\":{\"name\":\"thing\",\"schema\":{\"$ref\":\"#/components/schemas/Thing\"}},"      \
	"\"x-access\":[\"public\"]," more "\"x-cost\":1}],\"components\":{"                          \
	"\"examples\":{\"Thing\":{\"value\":{\"id\":\"y\",\"name\":\"n\"}}}}}"

static void test_a_read_is_shown_by_what_it_gives(void **state)
{
	(void)state;
	struct api *api = load(READ("", "id"));
	if (!api)
		fail_msg("%s", error);
	struct json_object *document = parse(api_document(api));
	assert_string_equal(text_at(document, "/methods/0/examples/0/params/0/name"), "id");
	assert_string_equal(text_at(document, "/methods/0/examples/0/params/0/value"), "y");
	assert_string_equal(text_at(document, "/methods/0/examples/0/result/name"), "thing");
	assert_string_equal(text_at(document, "/methods/0/examples/0/result/value/name"), "n");
	json_object_put(document);
	api_free(api);
	assert_refused(READ("", "key"), "a.b.get: has no example");
	assert_refused(READ("\"x-idempotent\":false,", "id"), "a.b.get: has no example");
}

static void test_a_result_may_be_a_reference(void **state)
{
	(void)state;
	assert_shown(REF("Thing"), "{\"Thing\":{\"value\":{\"id\":\"y\"}}}",
		     "{\"name\":\"thing\",\"value\":{\"id\":\"y\"}}");
	assert_shown(REF("None"), "{\"None\":{\"value\":null}}", "{\"name\":\"thing\",\"value\":null}");
	assert_shown(REF("Thing") " ", "{\"Thing\":{\"value\":" REF("Other") "},\"Other\":{\"value\":[1]}}",
		     "{\"name\":\"thing\",\"value\":[1]}");
}

static void test_what_differs_stands_beside_the_reference(void **state)
{
	(void)state;
	assert_shown(REF_WITH("Thing", "{\"id\":null,\"more\":{\"n\":1}}"),
		     "{\"Thing\":{\"value\":{\"id\":\"y\",\"more\":{\"m\":2},\"same\":3}}}",
		     "{\"name\":\"thing\",\"value\":{\"id\":null,\"more\":{\"n\":1},\"same\":3}}");
	assert_shown(
	    REF_WITH("Later", "{\"c\":3}"),
	    "{\"Later\":{\"value\":" REF_WITH("Thing", "{\"b\":2}") "},\"Thing\":{\"value\":{\"a\":1,\"b\":1}}}",
	    "{\"name\":\"thing\",\"value\":{\"a\":1,\"b\":2,\"c\":3}}");
}

static void test_references_stand_at_any_depth(void **state)
{
	(void)state;
	assert_shown("{\"name\":\"list\",\"value\":{\"items\":[" REF("Thing") "," REF_WITH(
			 "Thing", "{\"in\":" REF("Thing") "}") "]}}",
		     "{\"Thing\":{\"value\":{\"a\":1}}}",
		     "{\"name\":\"list\",\"value\":{\"items\":[{\"a\":1},{\"a\":1,\"in\":{\"a\":1}}]}}");
	struct json_object *whole = file_with(REF("Thing"), "{\"Thing\":{\"value\":\"y\"}}"), *value = NULL;
	assert_true(json_tree_pointer(whole, "/methods/0/examples/0/params/0", &value));
	json_object_object_add(value, "value", parse(REF("Thing")));
	struct api *api = load(json_object_to_json_string(whole));
	assert_non_null(api);
	struct json_object *document = parse(api_document(api));
	assert_string_equal(text_at(document, "/methods/0/examples/0/params/0/value"), "y");
	json_object_put(document);
	json_object_put(whole);
	api_free(api);
}

/* What x-with changes in one place is unchanged in the others. */
static void test_a_component_stays_as_it_is(void **state)
{
	(void)state;
	assert_shown("{\"name\":\"list\",\"value\":[" REF_WITH("Thing", "{\"a\":2}") "," REF("Thing") "]}",
		     "{\"Thing\":{\"value\":{\"a\":1}}}", "{\"name\":\"list\",\"value\":[{\"a\":2},{\"a\":1}]}");
}

static void test_refuses_what_cannot_be_made_whole(void **state)
{
	(void)state;
	assert_unsound(REF("Thin"), "{\"Thing\":{\"value\":1}}",
		       "things.json: a.b.c: example \"e\": #/components/examples/Thin: there is none of this name");
	assert_unsound(REF("Thing"), "{\"Thing\":{\"value\":{\"in\":" REF("Thing") "}}}",
		       "#/components/examples/Thing: refers to itself");
	assert_unsound(REF("One"), "{\"One\":{\"value\":" REF("Two") "},\"Two\":{\"value\":" REF("One") "}}",
		       "refers to itself");
	assert_unsound(REF_WITH("Thing", "{\"a\":1}"), "{\"Thing\":{\"value\":[1]}}",
		       "x-with and what it changes must be objects");
	assert_unsound(REF_WITH("Thing", "1"), "{\"Thing\":{\"value\":{}}}", "must be objects");
	assert_unsound(REF_WITH("Thing", "{\"a\":" REF("Nope") "}"), "{\"Thing\":{\"value\":{}}}",
		       "#/components/examples/Nope: there is none");
	assert_unsound("{\"$ref\":\"#/components/examples/Thing\",\"with\":{}}", "{\"Thing\":{\"value\":{}}}",
		       "a reference has $ref and x-with, nothing else");
	assert_unsound("{\"$ref\":\"#/components/example/Thing\"}", "{\"Thing\":{\"value\":{}}}", "has no result");
}

static void test_refuses_unsound_components(void **state)
{
	(void)state;
	assert_unsound(REF("Thing"), "{\"Thing\":1}", "component example Thing must be an object with value");
	assert_unsound(REF("Thing"), "{\"Thing\":{\"value\":1,\"name\":\"thing\"}}", "with value and nothing else");
	struct embedded_file files[] = {
	    file("examples.json", "{\"components\":{\"examples\":{\"One\":{\"value\":1}}}}"),
	    file("things.json", "{\"methods\":[],\"components\":{\"examples\":{\"One\":{\"value\":2}}}}"),
	    {NULL, NULL, NULL}};
	assert_null(api_load(files, &(struct api_about){"things", "1", NULL}, error, sizeof(error)));
	assert_string_equal(error, "things.json: component example One is defined twice");
	files[1] = file("schemas.json", "{\"methods\":[],\"components\":{\"schemas\":{}}}");
	assert_null(api_load(files, &(struct api_about){"things", "1", NULL}, error, sizeof(error)));
	assert_string_equal(error, "schemas.json: has components alone, methods stand in other files");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_read_is_shown_by_what_it_gives),
	    cmocka_unit_test(test_a_result_may_be_a_reference),
	    cmocka_unit_test(test_what_differs_stands_beside_the_reference),
	    cmocka_unit_test(test_references_stand_at_any_depth),
	    cmocka_unit_test(test_a_component_stays_as_it_is),
	    cmocka_unit_test(test_refuses_what_cannot_be_made_whole),
	    cmocka_unit_test(test_refuses_unsound_components),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
