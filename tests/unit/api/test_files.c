/* The API files of the five daemons: they load, their documents fit OpenRPC's meta-schema by our own validator, and
 * their examples are true to their schemas. */
#include "api/api.h"
#include "api/facts.h"
#include "base/buffer.h"
#include "schema/schema.h"
#include "unit.h"
#include "json/tree.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

static const char *const daemons[] = {"passport", "events", "rating", "images", "gateway"};
enum { DAEMONS = 5, MAX_FILES = 32 };

static struct arena arena;

static char *read_file(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return NULL;
	char *text = arena_alloc(&arena, 1 << 20);
	*ret_length = fread(text, 1, (1 << 20) - 1, file);
	text[*ret_length] = '\0';
	(void)fclose(file);
	return text;
}

static struct api *load(const char *daemon)
{
	static struct embedded_file files[MAX_FILES];
	char pattern[500], error[500] = "";
	size_t count = 0;
	(void)snprintf(pattern, sizeof(pattern), SOURCE_DIR "/%s/api/*.json", daemon);
	glob_t found;
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (; count < found.gl_pathc && count < MAX_FILES - 1; count++) {
		size_t length = 0;
		char *text = read_file(found.gl_pathv[count], &length);
		const char *name = strrchr(found.gl_pathv[count], '/') + 1;
		files[count] = (struct embedded_file){arena_strdup(&arena, name), text, text + length};
	}
	files[count] = (struct embedded_file){NULL, NULL, NULL};
	globfree(&found);
	struct api *api =
	    api_load(files, &(struct api_about){daemon, "0.1.0", "http://127.0.0.1:1/rpc"}, error, sizeof(error));
	if (!api)
		print_error("%s\n", error);
	assert_non_null(api);
	return api;
}

static struct json_object *parse(const char *text, size_t length)
{
	struct json_object *tree = NULL;
	struct json_error error;
	assert_true(json_tree_parse(text, length, JSON_DEPTH_MAX, 0, &arena, &tree, &error));
	return tree;
}

static void assert_valid(const struct schema *schema, struct json_object *value, const char *what)
{
	struct schema_result result;
	if (schema_validate(schema, value, "", 0, &arena, &result))
		return;
	print_error("%s: %s %s %s\n", what, result.errors[0].path, result.errors[0].rule,
		    result.errors[0].expected ? result.errors[0].expected : "");
	fail();
}

/* The enum of the published release holds a note of its generator where the version numbers should be. */
static void mend_versions(struct json_object *meta)
{
	struct json_object *properties = json_object_object_get(meta, "properties"),
			   *version = json_object_new_object();
	json_object_object_add(version, "type", json_object_new_string("string"));
	json_object_object_add(version, "pattern", json_object_new_string("^1\\.[0-9]+\\.[0-9]+$"));
	json_object_object_add(properties, "openrpc", version);
}

/* Draft-07's own meta-schema is a remote reference: a schema is any object or boolean here. */
static void mend_references(struct json_object *tree)
{
	if (json_object_is_type(tree, json_type_array))
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			mend_references(json_object_array_get_idx(tree, i));
	if (!json_object_is_type(tree, json_type_object))
		return;
	struct json_object *reference = json_object_object_get(tree, "$ref");
	if (json_object_is_type(reference, json_type_string) &&
	    strncmp(json_object_get_string(reference), "http", 4) == 0)
		json_object_object_del(tree, "$ref");
	json_object_object_foreach(tree, name, value)
	{
		(void)name;
		mend_references(value);
	}
}

static const struct schema *meta_schema(struct schema_set **ret_set)
{
	const char *shared = getenv("EVENTLOOP_SHARED");
	char path[500], error[500] = "";
	size_t length = 0;
	(void)snprintf(path, sizeof(path), "%s/data/openrpc/meta-schema.json",
		       shared ? shared : SOURCE_DIR "/../shared");
	char *text = read_file(path, &length);
	if (!text) {
		print_message("%s is absent\n", path);
		return NULL;
	}
	struct json_object *meta = parse(text, length);
	mend_versions(meta);
	mend_references(meta);
	*ret_set = schema_set_new(meta);
	json_object_put(meta);
	const struct schema *schema = schema_set_compile(*ret_set, "", error, sizeof(error));
	if (!schema)
		print_error("%s\n", error);
	assert_non_null(schema);
	return schema;
}

static void test_documents_fit_the_meta_schema(void **state)
{
	struct schema_set *set = NULL;
	const struct schema *meta = meta_schema(&set);
	(void)state;
	if (!meta)
		skip();
	for (size_t i = 0; i < DAEMONS; i++) {
		struct api *api = load(daemons[i]);
		struct json_object *document = parse(api_document(api), strlen(api_document(api)));
		assert_valid(meta, document, daemons[i]);
		json_object_object_del(document, "info");
		struct schema_result result;
		assert_false(schema_validate(meta, document, "", 0, &arena, &result));
		json_object_put(document);
		api_free(api);
	}
	schema_set_free(set);
}

static void test_the_merged_document_fits_too(void **state)
{
	struct schema_set *set = NULL;
	const struct schema *meta = meta_schema(&set);
	(void)state;
	if (!meta)
		skip();
	struct api_source sources[DAEMONS];
	struct api *apis[DAEMONS];
	for (size_t i = 0; i < DAEMONS; i++) {
		apis[i] = load(daemons[i]);
		sources[i] = (struct api_source){daemons[i], api_document(apis[i]), strlen(api_document(apis[i]))};
	}
	struct buffer text;
	buffer_init(&text, 16 << 20);
	char error[300];
	assert_true(api_merge_documents(sources, DAEMONS, &(struct api_about){"all", "0.1.0", NULL}, true, &arena,
					&text, error, sizeof(error)));
	struct json_object *document = parse(buffer_text(&text), text.length);
	assert_valid(meta, document, "merged");
	assert_null(strstr(buffer_text(&text), "passport.member.right"));
	assert_non_null(strstr(buffer_text(&text), "#/components/schemas/EventsListing\""));
	json_object_put(document);
	buffer_done(&text);
	schema_set_free(set);
	for (size_t i = 0; i < DAEMONS; i++)
		api_free(apis[i]);
}

/* The params of an example pairing as the object that a caller would send. */
static struct json_object *params_of(struct json_object *example)
{
	struct json_object *list = json_object_object_get(example, "params"), *params = json_object_new_object();
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *pair = json_object_array_get_idx(list, i);
		json_object_object_add(params, json_object_get_string(json_object_object_get(pair, "name")),
				       json_object_get(json_object_object_get(pair, "value")));
	}
	return params;
}

static void check_examples(const struct api_method *method, struct json_object *examples)
{
	assert_true(json_object_array_length(examples) > 0);
	for (size_t i = 0; i < json_object_array_length(examples); i++) {
		struct json_object *example = json_object_array_get_idx(examples, i);
		struct json_object *params = params_of(example);
		const char *what = arena_printf(&arena, "%s: %s", method->name,
						json_object_get_string(json_object_object_get(example, "name")));
		assert_valid(method->params, params, what);
		assert_valid(method->result, json_object_object_get(json_object_object_get(example, "result"), "value"),
			     what);
		json_object_object_add(params, "no_such_parameter", json_object_new_int(1));
		struct schema_result result;
		assert_false(schema_validate(method->params, params, "", 0, &arena, &result));
		json_object_put(params);
	}
}

static void test_examples_are_true_to_the_schemas(void **state)
{
	size_t methods = 0;
	(void)state;
	for (size_t i = 0; i < DAEMONS; i++) {
		struct api *api = load(daemons[i]);
		struct json_object *document = parse(api_document(api), strlen(api_document(api)));
		struct json_object *objects = json_object_object_get(document, "methods");
		assert_null(strstr(api_document(api), "#/components/examples/"));
		for (size_t j = 0; j < api_count(api); j++, methods++)
			check_examples(api_at(api, j),
				       json_object_object_get(json_object_array_get_idx(objects, j), "examples"));
		json_object_put(document);
		api_free(api);
	}
	assert_true(methods >= 40);
}

/* What a daemon reads of others' facts fits what they say that they publish. */
static void check_consumers(const struct api *publisher, const char *topic, struct json_object *example,
			    struct api *const *apis, size_t *consumed)
{
	assert_valid(api_published(publisher, topic), example, topic);
	for (size_t i = 0; i < DAEMONS; i++) {
		const struct schema *schema = api_consumed(apis[i], topic);
		if (!schema)
			continue;
		assert_valid(schema, example, topic);
		(*consumed)++;
	}
}

static void test_examples_of_facts_fit_publishers_and_consumers(void **state)
{
	size_t published = 0, consumed = 0, wanted = 0;
	(void)state;
	struct api *apis[DAEMONS];
	for (size_t i = 0; i < DAEMONS; i++)
		apis[i] = load(daemons[i]);
	for (size_t i = 0; i < DAEMONS; i++) {
		struct json_object *document = parse(api_document(apis[i]), strlen(api_document(apis[i])));
		struct json_object *facts = json_object_object_get(document, "x-facts");
		size_t count = facts ? json_object_array_length(facts) : 0;
		for (size_t j = 0; j < count; j++) {
			struct json_object *fact = json_object_array_get_idx(facts, j);
			check_consumers(apis[i], json_object_get_string(json_object_object_get(fact, "topic")),
					json_object_object_get(fact, "example"), apis, &consumed);
		}
		published += count;
		wanted += api_consumed_count(apis[i]);
		json_object_put(document);
	}
	assert_true(published >= 29);
	assert_int_equal(consumed, wanted);
	for (size_t i = 0; i < DAEMONS; i++)
		api_free(apis[i]);
}

static void assert_refused(const char *json, const char *word)
{
	struct embedded_file files[] = {{"x.json", json, json + strlen(json)}, {NULL, NULL, NULL}};
	char error[500] = "";
	assert_null(api_load(files, &(struct api_about){"x", "1", NULL}, error, sizeof(error)));
	if (!strstr(error, word))
		print_error("\"%s\" says nothing of %s\n", error, word);
	assert_non_null(strstr(error, word));
}

static void test_faults_are_named(void **state)
{
	(void)state;
	assert_refused("{", "x.json");
	assert_refused("{}", "methods");
	assert_refused("{\"methods\":[{\"name\":\"A.b\"}]}", "name");
	assert_refused("{\"methods\":[{\"name\":\"a.b\"}]}", "summary");
	assert_refused("{\"methods\":[{\"name\":\"a.b\",\"summary\":\"s\",\"description\":\"d\",\"params\":[],"
		       "\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[{\"$ref\":\"#/components/errors/"
		       "nope\"}],\"x-access\":[\"public\"],\"x-idempotent\":true,"
		       "\"x-deadline-ms\":1,\"x-cost\":1}]}",
		       "errors");
	assert_refused(
	    "{\"methods\":[{\"name\":\"a.b\",\"summary\":\"s\",\"description\":\"d\",\"params\":[],"
	    "\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[],\"examples\":[{}],\"x-access\":[\"all\"]}]}",
	    "x-access");
	assert_refused(
	    "{\"methods\":[{\"name\":\"a.b\",\"summary\":\"s\",\"description\":\"d\",\"params\":[{\"name\":\"p\","
	    "\"schema\":{\"type\":\"wrong\"}}],\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[],"
	    "\"examples\":[{}],\"x-access\":[\"public\"],\"x-idempotent\":true,\"x-deadline-ms\":1,\"x-cost\":1}]}",
	    "a.b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_documents_fit_the_meta_schema),
	    cmocka_unit_test(test_the_merged_document_fits_too),
	    cmocka_unit_test(test_examples_are_true_to_the_schemas),
	    cmocka_unit_test(test_examples_of_facts_fit_publishers_and_consumers),
	    cmocka_unit_test(test_faults_are_named),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
