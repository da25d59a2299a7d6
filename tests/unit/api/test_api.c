/* The catalogue from API files: what loads, what is refused and how it is named, the documents made of it. */
#include "api/api_fixture.h"
#include "base/clock.h"
#include "base/error.h"

static void test_finds_methods(void **state)
{
	struct api *api = load("{\"methods\":[" METHOD("a.thing.get") "," METHOD("a.thing.list") "]}");
	(void)state;
	if (!api)
		fail_msg("%s", error);
	assert_int_equal(api_count(api), 2);
	const struct api_method *method = api_find(api, "a.thing.list-and-more", strlen("a.thing.list"));
	assert_non_null(method);
	assert_ptr_equal(method, api_at(api, 1));
	assert_string_equal(method->name, "a.thing.list");
	assert_int_equal(method->index, 1);
	assert_int_equal(method->access, API_ACCESS_USER | API_ACCESS_COMPANY_OWNER);
	assert_true(method->idempotent);
	assert_int_equal(method->deadline_us, 1500000);
	assert_int_equal(method->cost, 3);
	assert_null(api_find(api, "a.thing.drop", strlen("a.thing.drop")));
	assert_null(api_find(api, "", 0));
	assert_null(api_at(api, 2));
	assert_int_equal(method->auth_max_age_us, 0);
	assert_string_equal(api_access_word(API_ACCESS_COMPANY_STAFF), "company:staff");
	assert_string_equal(api_access_word(API_ACCESS_CLIENT), "client");
	api_free(api);
}

static void test_reads_how_fresh_an_authentication_must_be(void **state)
{
	struct api *api =
	    load("{\"methods\":[" METHOD_PARTS("a.thing.drop", EXTENSIONS("\"user\"") ",\"x-auth-max-age\":600") "]}");
	(void)state;
	if (!api)
		fail_msg("%s", error);
	assert_int_equal(api_at(api, 0)->auth_max_age_us, 600000000);
	assert_non_null(strstr(api_document(api), "\"x-auth-max-age\":600"));
	api_free(api);
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"x-auth-max-age\":0") "]}",
		       "a.b.c: x-auth-max-age must be a whole number from 1");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"x-auth-max-age\":\"1h\"") "]}",
		       "a.b.c: x-auth-max-age must be a whole number from 1");
}

static void test_knows_what_writes(void **state)
{
	struct api *api = load("{\"methods\":[" METHOD_PARTS(
	    "a.thing.drop", EXTENSIONS("\"user\"") ",\"x-writes\":true") "," METHOD("a.thing.get") "]}");
	(void)state;
	if (!api)
		fail_msg("%s", error);
	assert_true(api_at(api, 0)->writes);
	assert_false(api_at(api, 1)->writes);
	api_free(api);
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"x-writes\":1") "]}",
		       "a.b.c: x-writes must be a boolean");
}

/* What reads says nothing of it; what writes may take longer. */
static void test_takes_a_method_for_one_that_reads(void **state)
{
	struct api *api =
	    load("{\"methods\":[" METHOD_PARTS("a.b.get", "\"x-access\":[\"user\"],\"x-cost\":1") "," METHOD_PARTS(
		"a.b.put", "\"x-access\":[\"user\"],\"x-idempotent\":false,\"x-cost\":1") "]}");
	(void)state;
	if (!api)
		fail_msg("%s", error);
	assert_true(api_at(api, 0)->idempotent && !api_at(api, 0)->writes);
	assert_int_equal(api_at(api, 0)->deadline_us, 3000000);
	assert_true(!api_at(api, 1)->idempotent && api_at(api, 1)->writes);
	assert_int_equal(api_at(api, 1)->deadline_us, 5000000);
	struct json_object *document = parse(api_document(api));
	assert_string_equal(text_at(document, "/methods/0/x-idempotent"), "true");
	assert_string_equal(text_at(document, "/methods/1/x-deadline-ms"), "5000");
	json_object_put(document);
	api_free(api);
}

static void test_reads_what_waits(void **state)
{
	struct api *api = load("{\"methods\":[" METHOD_PARTS(
	    "a.thing.watch", EXTENSIONS("\"user\"") ",\"x-long-poll\":true") "," METHOD("a.thing.get") "]}");
	(void)state;
	if (!api)
		fail_msg("%s", error);
	assert_true(api_at(api, 0)->long_poll);
	assert_false(api_at(api, 1)->long_poll);
	api_free(api);
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"x-long-poll\":1") "]}",
		       "a.b.c: x-long-poll must be a boolean");
}

static void test_reads_what_work_grows_with(void **state)
{
	struct api *api = load("{\"methods\":[" METHOD_PARTS(
	    "a.thing.search", EXTENSIONS("\"user\"") ",\"x-lane\":\"search\"") "," METHOD("a.thing.get") "]}");
	(void)state;
	if (!api)
		fail_msg("%s", error);
	assert_int_equal(api_at(api, 0)->lane, API_LANE_SEARCH);
	assert_int_equal(api_at(api, 1)->lane, API_LANE_POINT);
	api_free(api);
	assert_string_equal(api_lane_word(API_LANE_EXPORT), "export");
	assert_null(api_lane_word(API_LANE_POINT));
	assert_int_equal(api_lane_find(NULL), API_LANE_POINT);
	assert_int_equal(api_lane_find("slow"), API_LANE_COUNT);
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"x-lane\":\"slow\"") "]}",
		       "a.b.c: x-lane must be search or export");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"x-lane\":1") "]}",
		       "a.b.c: x-lane must be search or export");
}

static void check_params(const struct api_method *method, const char *text, const char *path, const char *rule)
{
	struct arena arena = {0};
	struct json_object *params = json_tokener_parse(text);
	struct schema_result result;
	bool valid = schema_validate(method->params, params, "/params", 0, &arena, &result);
	assert_int_equal(valid, !path);
	if (path) {
		assert_int_equal(result.count, 1);
		assert_string_equal(result.errors[0].path, path);
		assert_string_equal(result.errors[0].rule, rule);
	}
	json_object_put(params);
	arena_done(&arena);
}

static void test_validates_params_by_name(void **state)
{
	struct api *api = load("{\"methods\":[" METHOD("a.thing.get") "]}");
	(void)state;
	assert_non_null(api);
	const struct api_method *method = api_at(api, 0);
	check_params(method, "{\"id\":\"x\"}", NULL, NULL);
	check_params(method, "{\"id\":\"x\",\"note\":\"abc\"}", NULL, NULL);
	check_params(method, "{}", "/params/id", "required");
	check_params(method, "{\"id\":5}", "/params/id", "type");
	check_params(method, "{\"id\":\"x\",\"note\":\"abcd\"}", "/params/note", "maxLength");
	check_params(method, "{\"id\":\"x\",\"nope\":1}", "/params/nope", "additionalProperties");
	check_params(method, "[\"x\"]", "/params", "type");
	api_free(api);
}

static void test_refuses_unsound_files(void **state)
{
	(void)state;
	assert_refused("{", "things.json: no JSON: the text ends inside a value at byte 1");
	assert_refused("[]", "things.json: must be an object");
	assert_refused("{\"method\":[]}", "things.json: unknown member method");
	assert_refused("{\"methods\":{}}", "things.json: methods must be an array");
	assert_refused("{\"methods\":[],\"components\":{\"schemas\":{\"Id\":{}}}}",
		       "schemas.json: component schema Id");
	assert_refused("{\"methods\":[" METHOD("a.b.c") "," METHOD("a.b.c") "]}",
		       "things.json: a.b.c: stands also in things.json");
	assert_refused("{\"methods\":[],\"components\":{\"schemas\":{\"X\":{\"type\":\"strin\"}}}}",
		       "components: #/components/schemas/X: type must name kinds of value");
	assert_refused("{\"methods\":[],\"components\":{\"errors\":{}}}", "things.json: components must be");
}

static void test_refuses_unsound_methods(void **state)
{
	(void)state;
	assert_refused("{\"methods\":[" METHOD("Thing") "]}", "things.json: Thing: a name is");
	assert_refused("{\"methods\":[" METHOD("a..b") "]}", "a name is");
	assert_refused("{\"methods\":[{}]}", "things.json: a method has no name");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"everybody\"")) "]}",
		       "a.b.c: x-access must");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("")) "]}", "a.b.c: x-access must");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"sumary\":1") "]}",
		       "a.b.c: has an unknown member sumary");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", "\"x-access\":[\"user\"],\"x-idempotent\":1") "]}",
		       "x-idempotent must be a boolean");
	assert_refused("{\"methods\":[" METHOD_PARTS("a.b.c", "\"x-access\":[\"user\"],\"x-idempotent\":true,"
							      "\"x-deadline-ms\":0,\"x-cost\":1") "]}",
		       "x-deadline-ms must be a whole number from 1");
	assert_refused(
	    "{\"methods\":[" METHOD_PARTS("a.b.c", EXTENSIONS("\"user\"") ",\"paramStructure\":\"either\"") "]}",
	    "paramStructure can only be by-name");
}

static void test_refuses_missing_and_wrong_members(void **state)
{
	(void)state;
	assert_refused_with("summary", NULL, "a.b.c: has no summary");
	assert_refused_with("description", "\"\"", "has no description");
	assert_refused_with("params", NULL, "params must be an array");
	assert_refused_with("params", "[{\"name\":\"x\"}]", "parameter x has no schema");
	assert_refused_with("params", "[{\"name\":\"x\",\"schema\":{}},{\"name\":\"x\",\"schema\":{}}]",
			    "parameter x stands twice");
	assert_refused_with("params", "[{\"name\":\"x\",\"schema\":{},\"required\":1}]", "required must be a boolean");
	assert_refused_with("params",
			    "[{\"name\":\"x\",\"schema\":{}},{\"name\":\"id\",\"schema\":{},\"required\":true}]",
			    "parameter id is required and must stand before those that are not");
	assert_refused_with("params", "[{\"name\":\"id\",\"schema\":{\"maxLength\":-1}}]", "maxLength must be");
	assert_refused_with("params", "[{\"name\":\"id\",\"schema\":{\"$ref\":\"#/components/schemas/Nope\"}}]",
			    "\"#/components/schemas/Nope\" leads nowhere");
	assert_refused_with("result", NULL, "result must have a name and a schema");
	assert_refused_with("result", "{\"name\":\"r\",\"schema\":{\"x-page-of\":{},\"type\":\"object\"}}",
			    "the schema of a result has x-page-of alone");
	assert_refused_with("result", "{\"name\":\"r\",\"schema\":{\"pattern\":\"(\"}}",
			    "a.b.c: #/methods/0/result/schema");
	assert_refused_with("errors", "{}", "errors must be an array");
	assert_refused_with("errors", "[{\"$ref\":\"#/components/errors/nope\"}]", "errors[0] is no $ref to");
	assert_refused_with("examples", "[]", "has no example");
	assert_refused_with("examples", "[{\"name\":\"e\",\"params\":[{\"name\":\"nope\",\"value\":1}]}]",
			    "has nope, which is no parameter");
	assert_refused_with("examples", "[{\"name\":\"e\",\"params\":[]}]", "has no result");
}

static void test_documents_itself(void **state)
{
	struct api *api = load("{\"methods\":[" METHOD("a.thing.get") "]}");
	(void)state;
	assert_non_null(api);
	struct json_object *document = parse(api_document(api));
	assert_string_equal(text_at(document, "/openrpc"), "1.2.6");
	assert_string_equal(text_at(document, "/info/title"), "things");
	assert_string_equal(text_at(document, "/info/version"), "1.2");
	assert_string_equal(text_at(document, "/methods/0/paramStructure"), "by-name");
	assert_string_equal(text_at(document, "/components/schemas/AId/type"), "string");
	assert_string_equal(text_at(document, "/components/errors/not_found/code"), "-32004");
	assert_string_equal(text_at(document, "/components/errors/not_found/message"), "Not found");
	json_object_put(document);
	api_free(api);
}

/* The schema of a parameter that comes last, as the document has it. */
static struct json_object *published(const char *param, const char *components)
{
	struct json_object *method = json_tokener_parse(METHOD("a.thing.get"));
	struct json_object *file_of_method = json_object_new_object(), *methods = json_object_new_array();
	json_object_array_add(json_object_object_get(method, "params"), json_tokener_parse(param));
	json_object_array_add(methods, method);
	json_object_object_add(file_of_method, "methods", methods);
	if (components)
		json_object_object_add(file_of_method, "components", json_tokener_parse(components));
	struct api *api = load(json_object_to_json_string(file_of_method));
	json_object_put(file_of_method);
	if (!api)
		fail_msg("%s", error);
	struct json_object *document = parse(api_document(api));
	api_free(api);
	return document;
}

static void test_publishes_what_follows_from_the_rest(void **state)
{
	struct json_object *document =
	    published("{\"name\":\"more\",\"schema\":{\"properties\":{\"format\":{\"enum\":[\"b\",null,\"c\"]},"
		      "\"name\":{\"type\":\"string\",\"format\":\"line\"},"
		      "\"at\":{\"type\":\"string\",\"format\":\"date\"},"
		      "\"enum\":{\"items\":{\"enum\":[1,2]}}}}}",
		      NULL);
	(void)state;
	assert_string_equal(text_at(document, "/methods/0/params/0/required"), "true");
	assert_string_equal(text_at(document, "/methods/0/params/1/required"), "false");
	assert_string_equal(text_at(document, "/methods/0/params/2/required"), "false");
	assert_string_equal(text_at(document, "/methods/0/params/1/schema/title"), "AThingGetNoteParam");
	assert_string_equal(text_at(document, "/methods/0/params/0/schema/$ref"), "#/components/schemas/AId");
	assert_string_equal(text_at(document, "/methods/0/tags/0/name"), "a.thing");
	assert_string_equal(text_at(document, "/components/schemas/AThing/title"), "AThing");
	assert_string_equal(text_at(document, "/servers/0/url"), "http://127.0.0.1:7/rpc");
	assert_string_equal(text_at(document, "/info/license/name"), "MIT");
	assert_true(strlen(text_at(document, "/info/description")) > 100);
#define MEMBERS "/methods/0/params/2/schema/properties"
	assert_string_equal(text_at(document, MEMBERS "/format/type"), "[ \"string\", \"null\" ]");
	assert_string_equal(text_at(document, MEMBERS "/name"), "{ \"type\": \"string\", \"x-format\": \"line\" }");
	assert_string_equal(text_at(document, MEMBERS "/at/format"), "date");
	assert_string_equal(text_at(document, MEMBERS "/enum/items/type"), "number");
#undef MEMBERS
	json_object_put(document);
}

static void test_adds_to_a_page_what_all_pages_have(void **state)
{
	struct json_object *method = parse(METHOD("a.thing.list")), *whole = json_object_new_object(), *methods;
	(void)state;
	json_object_object_add(json_object_object_get(method, "result"), "schema",
			       parse("{\"x-page-of\":{\"$ref\":\"#/components/schemas/Thing\"}}"));
	methods = json_object_new_array();
	json_object_array_add(methods, method);
	json_object_object_add(whole, "methods", methods);
	json_object_object_add(whole, "components",
			       parse("{\"schemas\":{\"NextCursor\":{\"type\":[\"string\",\"null\"]}}}"));
	struct api *api = load(json_object_to_json_string(whole));
	if (!api)
		fail_msg("%s", error);
	struct json_object *document = parse(api_document(api));
	assert_string_equal(text_at(document, "/methods/0/result/schema/properties/items/items/$ref"),
			    "#/components/schemas/AThing");
	assert_string_equal(text_at(document, "/methods/0/result/schema/properties/next_cursor/$ref"),
			    "#/components/schemas/ANextCursor");
	assert_string_equal(text_at(document, "/methods/0/result/schema/required"), "[ \"items\", \"next_cursor\" ]");
	assert_string_equal(text_at(document, "/methods/0/result/schema/additionalProperties"), "false");
	assert_null(strstr(api_document(api), "x-page-of"));
	json_object_put(document);
	json_object_put(whole);
	api_free(api);
}

static void test_puts_parameters_that_examples_give_first(void **state)
{
	struct json_object *method = json_tokener_parse(METHOD("a.thing.get")),
			   *file_of_method = json_object_new_object();
	struct json_object *methods = json_object_new_array();
	(void)state;
	json_object_array_add(json_object_object_get(method, "params"),
			      json_tokener_parse("{\"name\":\"z\",\"schema\":{}}"));
	json_object_object_add(
	    method, "examples",
	    json_tokener_parse("[{\"name\":\"e\",\"params\":[{\"name\":\"z\",\"value\":1},{\"name\":\"id\","
			       "\"value\":\"x\"}],\"result\":{\"name\":\"thing\",\"value\":{}}}]"));
	json_object_array_add(methods, method);
	json_object_object_add(file_of_method, "methods", methods);
	struct api *api = load(json_object_to_json_string(file_of_method));
	assert_non_null(api);
	struct json_object *document = parse(api_document(api));
	assert_string_equal(text_at(document, "/methods/0/params/0/name"), "id");
	assert_string_equal(text_at(document, "/methods/0/params/1/name"), "z");
	assert_string_equal(text_at(document, "/methods/0/params/2/name"), "note");
	assert_string_equal(text_at(document, "/methods/0/examples/0/params/0/name"), "id");
	assert_string_equal(text_at(document, "/methods/0/examples/0/params/1/name"), "z");
	json_object_put(document);
	json_object_put(file_of_method);
	api_free(api);
}

static void test_leaves_out_schemas_that_nothing_uses(void **state)
{
	struct json_object *document = published(
	    "{\"name\":\"more\",\"schema\":{\"items\":{\"$ref\":\"#/components/schemas/Used\"}}}",
	    "{\"schemas\":{\"Used\":{\"not\":{\"$ref\":\"#/components/schemas/Deep\"}},\"Deep\":{},\"Idle\":{}}}");
	struct json_object *schemas = json_object_object_get(json_object_object_get(document, "components"), "schemas");
	(void)state;
	assert_string_equal(text_at(document, "/components/schemas/AUsed/not/$ref"), "#/components/schemas/ADeep");
	assert_true(json_object_object_get_ex(schemas, "ADeep", NULL));
	assert_false(json_object_object_get_ex(schemas, "AIdle", NULL));
	json_object_put(document);
}

static void test_refuses_two_things_of_one_name(void **state)
{
	(void)state;
	assert_refused("{\"methods\":[" METHOD("a.thing.get") "],\"components\":{\"schemas\":{\"ThingGet\":{}}}}",
		       "document: programs would call both a.thing.get and ThingGet AThingGet");
	assert_refused("{\"methods\":[" METHOD("a.thing.get") "," METHOD("a.thing_get") "]}", "AThingGet");
	assert_refused("{\"methods\":[" METHOD("a.thing.get") "," METHOD("a.thing.get_note_param") "]}",
		       "both note of a.thing.get and a.thing.get_note_param AThingGetNoteParam");
}

static void test_dates_examples_anew(void **state)
{
	static const char text[] = "{\"methods\":[" METHOD_PARTS(
	    "a.thing.get",
	    EXTENSIONS("\"user\"") ",\"x-more\":[\"2026-01-07\",\"2026-06-01T10:00:00.5Z\","
				   "\"on 2026-06-01\",\"2026-06-01x\",\"\\\"2026-06-01\\\"\",\"2026-13-01\"]") "]}";
	struct arena arena = {0};
	struct api *api = load(text);
	(void)state;
	assert_non_null(api);
	int64_t now;
	assert_true(clock_parse("2026-01-14T23:59:59Z", &now));
	assert_string_equal(api_document_at(api, now, &arena), api_document(api));
	assert_true(clock_parse("2020-01-01T00:00:00Z", &now));
	assert_string_equal(api_document_at(api, now, &arena), api_document(api));
	assert_true(clock_parse("2028-02-29T12:00:00Z", &now));
	struct json_object *document = parse(api_document_at(api, now, &arena));
	assert_string_equal(text_at(document, "/methods/0/x-more"),
			    "[ \"2028-02-23\", \"2028-07-17T10:00:00.5Z\", \"on 2026-06-01\", \"2026-06-01x\", "
			    "\"\\\"2026-06-01\\\"\", \"2026-13-01\" ]");
	json_object_put(document);
	arena_done(&arena);
	api_free(api);
}

static void test_merges_documents(void **state)
{
	struct arena arena = {0};
	const struct api_about all = {"all", "9", "https://api.example/rpc"};
	struct api *one = load("{\"methods\":[" METHOD("one.thing.get") "," METHOD_PARTS(
	    "one.thing.push", EXTENSIONS("\"service\"")) "]}");
	struct api *two = load("{\"methods\":[" METHOD("two.thing.get") "]}");
	(void)state;
	assert_true(one && two);
	struct api_source sources[] = {
	    {"one", api_document(one), strlen(api_document(one))},
	    {"two", api_document(two), strlen(api_document(two))},
	};
	struct buffer merged;
	buffer_init_arena(&merged, &arena, 1U << 20);
	assert_true(api_merge_documents(sources, 2, &all, true, &arena, &merged, error, sizeof(error)));
	struct json_object *document = parse(buffer_text(&merged));
	assert_int_equal(json_object_array_length(json_object_object_get(document, "methods")), 2);
	assert_string_equal(text_at(document, "/methods/1/name"), "two.thing.get");
	assert_string_equal(text_at(document, "/methods/1/params/0/schema/$ref"), "#/components/schemas/TwoId");
	assert_string_equal(text_at(document, "/components/schemas/OneThing/properties/id/$ref"),
			    "#/components/schemas/OneId");
	assert_string_equal(text_at(document, "/methods/0/errors/0/$ref"), "#/components/errors/conflict");
	assert_string_equal(text_at(document, "/components/errors/conflict/code"), "-32009");
	assert_string_equal(text_at(document, "/components/errors/conflict/data/allOf/0/$ref"),
			    "#/components/schemas/ErrorData");
	assert_string_equal(text_at(document, "/components/schemas/ErrorData/type"), "object");
	json_object_put(document);
	buffer_reset(&merged);
	assert_true(api_merge_documents(sources, 2, &all, false, &arena, &merged, error, sizeof(error)));
	assert_non_null(strstr(buffer_text(&merged), "one.thing.push"));
	sources[1].length = 10;
	assert_false(api_merge_documents(sources, 2, &all, false, &arena, &merged, error, sizeof(error)));
	assert_non_null(strstr(error, "two: no JSON: the text ends"));
	arena_done(&arena);
	api_free(one);
	api_free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_methods),
	    cmocka_unit_test(test_reads_how_fresh_an_authentication_must_be),
	    cmocka_unit_test(test_knows_what_writes),
	    cmocka_unit_test(test_takes_a_method_for_one_that_reads),
	    cmocka_unit_test(test_reads_what_waits),
	    cmocka_unit_test(test_reads_what_work_grows_with),
	    cmocka_unit_test(test_validates_params_by_name),
	    cmocka_unit_test(test_refuses_unsound_files),
	    cmocka_unit_test(test_refuses_unsound_methods),
	    cmocka_unit_test(test_refuses_missing_and_wrong_members),
	    cmocka_unit_test(test_documents_itself),
	    cmocka_unit_test(test_publishes_what_follows_from_the_rest),
	    cmocka_unit_test(test_adds_to_a_page_what_all_pages_have),
	    cmocka_unit_test(test_puts_parameters_that_examples_give_first),
	    cmocka_unit_test(test_leaves_out_schemas_that_nothing_uses),
	    cmocka_unit_test(test_refuses_two_things_of_one_name),
	    cmocka_unit_test(test_dates_examples_anew),
	    cmocka_unit_test(test_merges_documents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
