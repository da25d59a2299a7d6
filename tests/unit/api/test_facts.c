/* The lists of facts in the API files: what is refused, what is compiled, and what becomes of them in documents. */
#include "api/facts.h"
#include "api_fixture.h"

#define TEXTS "\"summary\":\"s\",\"key\":\"k\""
#define MADE                                                                                                \
	"{\"topic\":\"things.thing.made\"," TEXTS ",\"payload\":{\"$ref\":\"#/components/schemas/Thing\"}," \
	"\"example\":{\"id\":\"x\"}}"
#define CONSUMED "{\"topic\":\"others.thing.gone\",\"payload\":{\"type\":\"object\",\"required\":[\"id\"]}}"
#define LISTS "{\"facts\":[" MADE "],\"consumes\":[" CONSUMED "]}"

static struct api *load_facts(const char *facts)
{
	struct embedded_file files[] = {file("things.json", "{\"methods\":[" METHOD("things.thing.get") "]}"),
					file("schemas.json", COMPONENTS),
					file("facts.json", facts),
					{NULL, NULL, NULL}};
	error[0] = '\0';
	return api_load(files, &(struct api_about){"things", "1.2", NULL}, error, sizeof(error));
}

static void assert_no_list(const char *facts, const char *expected)
{
	assert_null(load_facts(facts));
	if (!strstr(error, expected))
		fail_msg("\"%s\" instead of \"%s\"", error, expected);
}

static bool fits(const struct schema *schema, const char *payload)
{
	struct json_object *tree = json_tokener_parse(payload);
	struct arena arena;
	arena_init(&arena);
	struct schema_result result;
	bool valid = schema_validate(schema, tree, "", 0, &arena, &result);
	json_object_put(tree);
	arena_done(&arena);
	return valid;
}

static void test_payloads_are_found_by_topic(void **state)
{
	struct api *api = load_facts(LISTS);
	(void)state;
	assert_non_null(api);
	assert_true(fits(api_published(api, "things.thing.made"), "{\"id\":\"x\"}"));
	assert_false(fits(api_published(api, "things.thing.made"), "{\"id\":\"longer than ten\"}"));
	assert_false(fits(api_consumed(api, "others.thing.gone"), "{}"));
	assert_null(api_published(api, "others.thing.gone"));
	assert_null(api_consumed(api, "things.thing.made"));
	assert_int_equal(api_consumed_count(api), 1);
	api_free(api);
}

static void test_unsound_lists_are_refused(void **state)
{
	(void)state;
	assert_no_list("{\"facts\":{}}", "x-facts must be an array");
	assert_no_list("{\"facts\":[{}]}", "a fact has no topic");
	assert_no_list("{\"facts\":[{\"topic\":\"a.b.c\"," TEXTS ",\"payload\":{}}]}", "a.b.c has no example");
	assert_no_list("{\"consumes\":[{\"topic\":\"a.b.c\"}]}", "a.b.c has no payload");
	assert_no_list("{\"consumes\":[{\"topic\":\"a.b.c\",\"payload\":{},\"key\":\"k\"}]}", "that facts do not have");
	assert_no_list("{\"facts\":[" MADE "," MADE "]}", "things.thing.made stands twice");
	assert_no_list("{\"consumes\":[{\"topic\":\"a.b.c\",\"payload\":{\"type\":\"thing\"}}]}", "a.b.c: ");
}

static void test_the_document_shows_them(void **state)
{
	struct api *api = load_facts(LISTS);
	(void)state;
	assert_non_null(api);
	assert_non_null(strstr(api_document(api), "\"x-facts\":[{\"topic\":\"things.thing.made\""));
	assert_non_null(strstr(api_document(api), "\"payload\":{\"$ref\":\"#/components/schemas/ThingsThing\"}"));
	assert_non_null(strstr(api_document(api), "\"x-consumes\":[{\"topic\":\"others.thing.gone\""));
	api_free(api);
}

/* Whoever is told of a fact is named beside it, also when its document comes first. */
static void test_the_merged_document_names_the_consumers(void **state)
{
	static const char others[] = "{\"methods\":[],\"x-consumes\":[{\"topic\":\"things.thing.made\",\"payload\":{}},"
				     "{\"topic\":\"nobody.thing.made\",\"payload\":{}}]}";
	struct api *api = load_facts(LISTS);
	(void)state;
	assert_non_null(api);
	const struct api_source sources[] = {{"others", others, strlen(others)},
					     {"things", api_document(api), strlen(api_document(api))}};
	struct arena arena;
	arena_init(&arena);
	struct buffer merged;
	buffer_init(&merged, 1 << 20);
	const struct api_about all = {"all", "1", NULL};
	assert_true(api_merge_documents(sources, 2, &all, true, &arena, &merged, error, sizeof(error)));
	assert_non_null(strstr(buffer_text(&merged), "\"example\":{\"id\":\"x\"},\"consumers\":[\"others\"]}]"));
	assert_null(strstr(buffer_text(&merged), "x-consumes"));
	assert_non_null(strstr(buffer_text(&merged), "\"ThingsThing\":{"));
	buffer_done(&merged);
	arena_done(&arena);
	api_free(api);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_payloads_are_found_by_topic),
	    cmocka_unit_test(test_unsound_lists_are_refused),
	    cmocka_unit_test(test_the_document_shows_them),
	    cmocka_unit_test(test_the_merged_document_names_the_consumers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
