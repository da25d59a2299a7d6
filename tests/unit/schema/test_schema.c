/* What the suite does not ask: how errors are named, bounds on work, trimming, schemas that do not compile. */
#include "base/buffer.h"
#include "schema/schema.h"
#include "unit.h"
#include "json/tree.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static struct json_object *parse(const char *text)
{
	struct json_object *tree = NULL;
	struct json_error error = {.fault = JSON_OK};
	if (!json_tree_parse(text, strlen(text), JSON_DEPTH_MAX, JSON_TREE_NFC, &arena, &tree, &error))
		fail_msg("%s: %s at %zu", text, json_fault_text(error.fault), error.offset);
	return tree;
}

static struct schema_set *compile(const char *text, const struct schema **ret)
{
	char error[300] = "";
	struct json_object *document = parse(text);
	struct schema_set *set = schema_set_new(document);
	json_object_put(document);
	*ret = schema_set_compile(set, "", error, sizeof(error));
	if (!*ret)
		fail_msg("%s", error);
	return set;
}

/* The errors of an instance as error.data.fields shows them. */
static const char *errors_of(const char *schema_text, const char *instance_text)
{
	const struct schema *schema;
	struct schema_set *set = compile(schema_text, &schema);
	struct json_object *instance = parse(instance_text);
	struct schema_result result;
	bool valid = schema_validate(schema, instance, "/params", 0, &arena, &result);
	assert_int_equal(valid, result.count == 0);
	struct buffer text;
	buffer_init_arena(&text, &arena, 1U << 20);
	schema_result_write(&result, &text);
	json_object_put(instance);
	schema_set_free(set);
	return buffer_text(&text);
}

#define PERIOD                                                                                                         \
	"{\"type\":\"object\",\"properties\":{\"period\":{\"$ref\":\"#/definitions/p\"},\"list\":{\"type\":\"array\"," \
	"\"items\":{\"type\":\"string\",\"maxLength\":3},\"maxItems\":2,\"uniqueItems\":true},\"kind\":{\"enum\":["    \
	"\"a\","                                                                                                       \
	"\"b\"]},\"a/"                                                                                                 \
	"b~c\":{\"type\":\"integer\"}},\"required\":[\"period\"],\"additionalProperties\":false,\"definitions\":"      \
	"{\"p\":{\"type\":\"object\",\"required\":[\"from\",\"to\"],\"properties\":{\"from\":{\"type\":\"string\","    \
	"\"format\":"                                                                                                  \
	"\"date-time\"},\"to\":{\"type\":\"string\",\"maxLength\":20}}}}}"
#define SOUND "\"period\":{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"x\"}"

static void test_names_path_and_rule(void **state)
{
	(void)state;
	assert_string_equal(errors_of(PERIOD, "{" SOUND "}"), "[]");
	assert_string_equal(errors_of(PERIOD, "{\"period\":{\"from\":\"now\",\"to\":\"123456789012345678901\"}}"),
			    "[{\"path\":\"/params/period/from\",\"rule\":\"format\",\"expected\":\"date-time\"},"
			    "{\"path\":\"/params/period/to\",\"rule\":\"maxLength\",\"expected\":20}]");
	assert_string_equal(errors_of(PERIOD, "{\"period\":{\"to\":\"x\"}}"),
			    "[{\"path\":\"/params/period/from\",\"rule\":\"required\",\"expected\":true}]");
	assert_string_equal(errors_of(PERIOD, "{" SOUND ",\"more\":1}"),
			    "[{\"path\":\"/params/more\",\"rule\":\"additionalProperties\",\"expected\":false}]");
	assert_string_equal(errors_of(PERIOD, "{" SOUND ",\"list\":[\"a\",\"long\"]}"),
			    "[{\"path\":\"/params/list/1\",\"rule\":\"maxLength\",\"expected\":3}]");
	assert_string_equal(errors_of(PERIOD, "{" SOUND ",\"list\":[\"a\",\"b\",\"a\"]}"),
			    "[{\"path\":\"/params/list\",\"rule\":\"maxItems\",\"expected\":2},"
			    "{\"path\":\"/params/list\",\"rule\":\"uniqueItems\",\"expected\":true}]");
	assert_string_equal(errors_of(PERIOD, "{" SOUND ",\"kind\":\"c\",\"a/b~c\":\"x\"}"),
			    "[{\"path\":\"/params/kind\",\"rule\":\"enum\",\"expected\":[\"a\",\"b\"]},"
			    "{\"path\":\"/params/a~1b~0c\",\"rule\":\"type\",\"expected\":\"integer\"}]");
	assert_string_equal(errors_of(PERIOD, "[]"),
			    "[{\"path\":\"/params\",\"rule\":\"type\",\"expected\":\"object\"}]");
	assert_string_equal(errors_of(PERIOD, "null"),
			    "[{\"path\":\"/params\",\"rule\":\"type\",\"expected\":\"object\"}]");
}

static void test_holds_names_and_lines_to_their_formats(void **state)
{
	(void)state;
	assert_string_equal(errors_of("{\"format\":\"line\"}", "\"Ticket 4711: \u05e9\""), "[]");
	assert_string_equal(errors_of("{\"format\":\"line\"}", "\"\""), "[]");
	assert_string_equal(errors_of("{\"format\":\"line\"}", "\"a\\nb\""),
			    "[{\"path\":\"/params\",\"rule\":\"format\",\"expected\":\"line\"}]");
	assert_string_equal(errors_of("{\"format\":\"display-name\"}", "\"\""),
			    "[{\"path\":\"/params\",\"rule\":\"format\",\"expected\":\"display-name\"}]");
	/* White space around does not count where it is taken off. */
	assert_string_equal(errors_of("{\"type\":\"string\",\"format\":\"line\",\"x-trim\":true}", "\"\\tab \\n\""),
			    "[]");
}

static void test_a_uri_escapes_bytes_by_two_hexadecimal_digits(void **state)
{
	(void)state;
	assert_string_equal(errors_of("{\"format\":\"uri\"}", "\"urn:%00%9A%aF%fa\""), "[]");
	static const char *const others[] = {"\"urn:%g0\"", "\"urn:%0G\"", "\"urn:%/0\"", "\"urn:%0:\"", "\"urn:%a\""};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_string_not_equal(errors_of("{\"format\":\"uri\"}", others[i]), "[]");
}

static void test_names_the_combining_rule(void **state)
{
	(void)state;
	assert_string_equal(errors_of("{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}", "3"),
			    "[{\"path\":\"/params\",\"rule\":\"anyOf\"}]");
	assert_string_equal(errors_of("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "3"),
			    "[{\"path\":\"/params\",\"rule\":\"oneOf\"}]");
	assert_string_equal(errors_of("{\"not\":{\"type\":\"integer\"}}", "3"),
			    "[{\"path\":\"/params\",\"rule\":\"not\"}]");
	assert_string_equal(errors_of("{\"allOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "3"),
			    "[{\"path\":\"/params\",\"rule\":\"minimum\",\"expected\":5},"
			    "{\"path\":\"/params\",\"rule\":\"multipleOf\",\"expected\":2}]");
	assert_string_equal(errors_of("{\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]}}", "{\"a\":1}"),
			    "[{\"path\":\"/params/b\",\"rule\":\"required\",\"expected\":true}]");
	assert_string_equal(errors_of("{\"contains\":{\"const\":1}}", "[2]"),
			    "[{\"path\":\"/params\",\"rule\":\"contains\"}]");
	assert_string_equal(errors_of("{\"propertyNames\":{\"maxLength\":2}}", "{\"ab\":1,\"abc\":2}"),
			    "[{\"path\":\"/params/abc\",\"rule\":\"propertyNames\"}]");
	assert_string_equal(errors_of("{\"propertyNames\":{\"anyOf\":[{\"maxLength\":2},{\"pattern\":\"^x\"}]}}",
				      "{\"ab\":1,\"xyz\":2,\"abc\":3}"),
			    "[{\"path\":\"/params/abc\",\"rule\":\"propertyNames\"}]");
	assert_string_equal(errors_of("{\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1}"),
			    "[{\"path\":\"/params/b\",\"rule\":\"dependencies\"}]");
	assert_string_equal(errors_of("{\"items\":[{}],\"additionalItems\":false}", "[1,2]"),
			    "[{\"path\":\"/params/1\",\"rule\":\"additionalItems\",\"expected\":false}]");
	assert_string_equal(errors_of("{\"properties\":{\"a\":false}}", "{\"a\":1}"),
			    "[{\"path\":\"/params/a\",\"rule\":\"false\",\"expected\":false}]");
	assert_string_equal(errors_of("{\"patternProperties\":{\"^x\":{\"type\":\"null\"}}}", "{\"xy\":1}"),
			    "[{\"path\":\"/params/xy\",\"rule\":\"type\",\"expected\":\"null\"}]");
}

static void test_leaves_long_values_out(void **state)
{
	(void)state;
	char schema[600], filler[300];
	memset(filler, 'x', sizeof(filler));
	(void)snprintf(schema, sizeof(schema), "{\"const\":\"%.210s\"}", filler);
	assert_string_equal(errors_of(schema, "1"), "[{\"path\":\"/params\",\"rule\":\"const\"}]");
}

static void test_collects_eight_errors(void **state)
{
	const struct schema *schema;
	struct schema_set *set = compile("{\"items\":{\"type\":\"string\"}}", &schema);
	struct json_object *instance = parse("[1,2,3,4,5,6,7,8,9,10]");
	(void)state;
	struct schema_result result;
	assert_false(schema_validate(schema, instance, "", 0, &arena, &result));
	assert_int_equal(result.count, SCHEMA_ERRORS_MAX);
	assert_string_equal(result.errors[7].path, "/7");
	json_object_put(instance);
	schema_set_free(set);
}

static void test_trims(void **state)
{
	static const char text[] = "{\"properties\":{\"name\":{\"type\":\"string\",\"x-trim\":true,\"minLength\":1,"
				   "\"maxLength\":3,\"pattern\":\"^[^ ].*$\"},\"raw\":{\"maxLength\":3}}}";
	const struct schema *schema;
	struct schema_set *set = compile(text, &schema);
	struct json_object *instance = parse("{\"name\":\"  e\\u0301bc\\u00a0\\n\",\"raw\":\" a \"}");
	(void)state;
	struct json_object *name = json_object_object_get(instance, "name");
	struct schema_result result;
	assert_true(schema_validate(schema, instance, "", 0, &arena, &result));
	assert_string_equal(json_object_get_string(name), "  \xc3\xa9"
							  "bc\xc2\xa0\n");
	assert_true(schema_validate(schema, instance, "", SCHEMA_NORMALIZE, &arena, &result));
	assert_string_equal(json_object_get_string(name), "\xc3\xa9"
							  "bc");
	assert_string_equal(json_object_get_string(json_object_object_get(instance, "raw")), " a ");
	json_object_put(instance);
	schema_set_free(set);
	assert_string_equal(
	    errors_of(text, "{\"name\":\"   \"}"),
	    "[{\"path\":\"/params/name\",\"rule\":\"minLength\",\"expected\":1},{\"path\":\"/params/name\","
	    "\"rule\":\"pattern\",\"expected\":\"^[^ ].*$\"}]");
	assert_string_equal(errors_of(text, "{\"raw\":\"    \"}"),
			    "[{\"path\":\"/params/raw\",\"rule\":\"maxLength\",\"expected\":3}]");
}

static void assert_valid(const char *schema, const char *instance)
{
	const char *errors = errors_of(schema, instance);
	if (strcmp(errors, "[]") != 0)
		fail_msg("%s for %s: %s", schema, instance, errors);
}

static void assert_invalid(const char *schema, const char *instance)
{
	if (strcmp(errors_of(schema, instance), "[]") == 0)
		fail_msg("%s accepts %s", schema, instance);
}

static bool takes(const char *schema_text, const char *value, unsigned flags)
{
	const struct schema *schema;
	struct schema_set *set = compile(schema_text, &schema);
	struct json_object *instance = json_object_new_string(value);
	struct schema_result result;
	bool valid = schema_validate(schema, instance, "", flags, &arena, &result);
	json_object_put(instance);
	schema_set_free(set);
	return valid;
}

/* Ids are kept and compared as texts: one in another spelling would be another. Of any version: importers bring theirs.
 * The format as such, for who only looks, is that of RFC 9562. */
static void test_an_id_has_one_form(void **state)
{
	static const char id[] = "{\"format\":\"uuid\"}";
	static const char *const others[] = {
	    "01932B5C-7A10-7000-8000-0000000000AF",
	    "01932b5c-7a10-7000-8000-0000000000aF",
	    "01932b5c7a10700080000000000000af",
	    "{01932b5c-7a10-7000-8000-0000000000af}",
	    "urn:uuid:01932b5c-7a10-7000-8000-0000000000af",
	    "01932b5c-7a10-7000-8000-0000000000a",
	    "01932b5c-7a10-7000-8000-0000000000af ",
	};
	(void)state;
	assert_true(takes(id, "01932b5c-7a10-7000-8000-0000000000af", SCHEMA_NORMALIZE));
	assert_true(takes(id, "9f86d081-884c-4d65-9a2f-eaa0c55ad015", SCHEMA_NORMALIZE));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(takes(id, others[i], SCHEMA_NORMALIZE));
	assert_true(takes(id, others[0], 0));
	assert_false(takes(id, others[2], 0));
	assert_false(takes("{\"anyOf\":[{\"format\":\"uuid\"},{\"type\":\"null\"}]}", others[0], SCHEMA_NORMALIZE));
}

static void test_decimals_are_exact(void **state)
{
	static const char *const cents[] = {"0.01",	  "0.07",  "0.29", "1.1", "4.35", "19.99",
					    "1234567.89", "-0.03", "3",	   "1e2", "0"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cents); i++)
		assert_valid("{\"multipleOf\":0.01}", cents[i]);
	assert_invalid("{\"multipleOf\":0.01}", "0.005");
	assert_invalid("{\"multipleOf\":0.01}", "19.999");
	assert_invalid("{\"multipleOf\":3}", "9223372036854775807");
	assert_valid("{\"multipleOf\":7}", "9223372036854775807");
	assert_invalid("{\"multipleOf\":1e-300}", "1.5e-301");
	assert_valid("{\"multipleOf\":1e-300}", "1e300");
	assert_invalid("{\"multipleOf\":7e300}", "1");
	assert_valid("{\"maximum\":9007199254740993}", "9007199254740993");
	assert_invalid("{\"maximum\":9007199254740992}", "9007199254740993");
	assert_invalid("{\"exclusiveMaximum\":9007199254740992.0}", "9007199254740993");
	assert_valid("{\"type\":\"integer\"}", "1e300");
	assert_invalid("{\"type\":\"integer\"}", "1.5");
}

static void test_patterns_are_those_of_ecma(void **state)
{
	(void)state;
	assert_invalid("{\"pattern\":\"^\\\\d$\"}", "\"\\u0663\"");
	assert_invalid("{\"pattern\":\"^a$\"}", "\"a\\n\"");
	assert_valid("{\"pattern\":\"^\\\\u00e9$\"}", "\"\\u00e9\"");
	assert_valid("{\"pattern\":\"^.$\"}", "\"\\ud83d\\ude00\"");
	assert_valid("{\"pattern\":\"^\\\\p{L}+$\"}", "\"\\u0436\\u00e9\"");
}

/* A pattern that would take longer than the universe does not match, and soon. */
static void test_pathological_patterns_end(void **state)
{
	static char text[30000];
	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '"';
	memcpy(text + 40, "!\"", 3);
	assert_invalid("{\"pattern\":\"^(a+)+$\"}", text);
	assert_invalid("{\"pattern\":\"^(([a-z])+.)+[A-Z]([a-z])+$\"}", text);
	memset(text + 40, 'a', sizeof(text) - 40);
	memcpy(text + sizeof(text) - 3, "!\"", 3);
	assert_invalid("{\"pattern\":\"^(a|aa)+$\"}", text);
	assert_invalid("{\"pattern\":\"(x+x+)+y\"}", text);
}

static const char *compile_error(const char *text, const char *pointer)
{
	static char error[300];
	struct json_object *document = parse(text);
	struct schema_set *set = schema_set_new(document);
	error[0] = '\0';
	assert_null(schema_set_compile(set, pointer, error, sizeof(error)));
	schema_set_free(set);
	json_object_put(document);
	return error;
}

static void test_refuses_endless_references(void **state)
{
	(void)state;
	assert_string_equal(compile_error("{\"$ref\":\"#\"}", ""), "#: endless $ref");
	assert_string_equal(compile_error("{\"definitions\":{\"a\":{\"$ref\":\"#/definitions/b\"},\"b\":{\"$ref\":"
					  "\"#/definitions/a\"}},\"items\":{\"$ref\":\"#/definitions/a\"}}",
					  ""),
			    "#/items: endless $ref");
	assert_non_null(strstr(compile_error("{\"allOf\":[{\"$ref\":\"#\"}]}", ""), "endless $ref"));
	assert_non_null(strstr(compile_error("{\"not\":{\"anyOf\":[{\"if\":{\"$ref\":\"#\"}}]}}", ""), "endless $ref"));
	assert_non_null(strstr(compile_error("{\"dependencies\":{\"a\":{\"$ref\":\"#\"}}}", ""), "endless $ref"));
	/* Going into the value, it ends with the value. */
	assert_valid("{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
		     "{\"next\":{\"next\":{\"next\":{}}}}");
	assert_invalid("{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
		       "{\"next\":{\"next\":{\"last\":{}}}}");
}

static void test_refuses_unsound_schemas(void **state)
{
	static const char *const cases[][2] = {
	    {"{\"type\":\"strin\"}", "#: type must name kinds of value"},
	    {"{\"type\":[]}", "#: type must name kinds of value"},
	    {"{\"properties\":{\"a\":{\"maxLength\":1.5}}}",
	     "#/properties/a: maxLength must be a whole number, 0 or more"},
	    {"{\"items\":{\"minItems\":-1}}", "#/items: minItems must be a whole number, 0 or more"},
	    {"{\"multipleOf\":0}", "#: multipleOf must be a number above 0"},
	    {"{\"minimum\":\"1\"}", "#: minimum must be a number"},
	    {"{\"enum\":1}", "#: enum must be an array"},
	    {"{\"required\":[1]}", "#: required must list names"},
	    {"{\"required\":\"a\"}", "#: required must be an array"},
	    {"{\"properties\":[]}", "#: properties must be an object"},
	    {"{\"properties\":{\"a\":1}}", "#/properties/a: a schema must be an object or a boolean"},
	    {"{\"allOf\":[]}", "#: allOf must be an array of schemas"},
	    {"{\"oneOf\":[{},null]}", "#/oneOf/1: a schema must be an object or a boolean"},
	    {"{\"pattern\":\"(\"}", "#: pattern: missing closing parenthesis at character 1"},
	    {"{\"x-trim\":1}", "#: x-trim must be a boolean"},
	    {"{\"$ref\":\"#/nowhere\"}", "#: $ref \"#/nowhere\" leads nowhere"},
	    {"{\"$ref\":\"http://example.com/x\"}", "#: $ref \"http://example.com/x\" is not in this document"},
	    {"1", "#: a schema must be an object or a boolean"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(compile_error(cases[i][0], ""), cases[i][1]);
	assert_string_equal(compile_error("{\"a\":{}}", "/b"), "/b: $ref \"#/b\" leads nowhere");
}

static void test_compiles_parts_of_a_document(void **state)
{
	struct json_object *document =
	    parse("{\"components\":{\"schemas\":{\"Id\":{\"type\":\"string\"}}},\"methods\":[{\"schema\":{\"$ref\":"
		  "\"#/components/schemas/Id\"}}]}");
	struct schema_set *set = schema_set_new(document);
	(void)state;
	json_object_put(document);
	char error[200];
	const struct schema *id = schema_set_compile(set, "/components/schemas/Id", error, sizeof(error));
	const struct schema *used = schema_set_compile(set, "/methods/0/schema", error, sizeof(error));
	assert_non_null(id);
	assert_ptr_equal(id, used);
	struct schema_result result;
	assert_false(schema_validate(id, NULL, "", 0, &arena, &result));
	schema_set_free(set);
}

/* Forty levels of "two of these" are 2^40 applications: stopped, and said so. */
static void test_bounds_work(void **state)
{
	(void)state;
	struct buffer instance;
	buffer_init_arena(&instance, &arena, 1000);
	for (int i = 0; i < 40; i++)
		buffer_append_char(&instance, '[');
	for (int i = 0; i < 40; i++)
		buffer_append_char(&instance, ']');
	const char *errors =
	    errors_of("{\"definitions\":{\"t\":{\"allOf\":[{\"items\":{\"$ref\":\"#/definitions/t\"}},{\"items\":{"
		      "\"$ref\":\"#/definitions/t\"}}]}},\"allOf\":[{\"$ref\":\"#/definitions/t\"}]}",
		      buffer_text(&instance));
	assert_non_null(strstr(errors, "\"rule\":\"complexity\""));
}

static void test_giant_instances_are_no_matter(void **state)
{
	(void)state;
	struct buffer text;
	buffer_init(&text, 1U << 24);
	buffer_append_char(&text, '[');
	for (int i = 0; i < 100000; i++)
		buffer_printf(&text, "%s{\"id\":%d}", i == 0 ? "" : ",", i);
	buffer_append_char(&text, ']');
	assert_string_equal(errors_of("{\"uniqueItems\":true,\"items\":{\"required\":[\"id\"],\"properties\":{\"id\":{"
				      "\"type\":\"integer\"}}}}",
				      buffer_text(&text)),
			    "[]");
	text.length--;
	buffer_append_text(&text, ",{\"id\":77.0}]");
	assert_string_equal(errors_of("{\"uniqueItems\":true}", buffer_text(&text)),
			    "[{\"path\":\"/params\",\"rule\":\"uniqueItems\",\"expected\":true}]");
	buffer_done(&text);
}

static int empty_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_path_and_rule),
	    cmocka_unit_test(test_holds_names_and_lines_to_their_formats),
	    cmocka_unit_test(test_a_uri_escapes_bytes_by_two_hexadecimal_digits),
	    cmocka_unit_test(test_names_the_combining_rule),
	    cmocka_unit_test(test_leaves_long_values_out),
	    cmocka_unit_test(test_collects_eight_errors),
	    cmocka_unit_test(test_trims),
	    cmocka_unit_test(test_an_id_has_one_form),
	    cmocka_unit_test(test_decimals_are_exact),
	    cmocka_unit_test(test_patterns_are_those_of_ecma),
	    cmocka_unit_test(test_pathological_patterns_end),
	    cmocka_unit_test(test_refuses_endless_references),
	    cmocka_unit_test(test_refuses_unsound_schemas),
	    cmocka_unit_test(test_compiles_parts_of_a_document),
	    cmocka_unit_test(test_bounds_work),
	    cmocka_unit_test(test_giant_instances_are_no_matter),
	};
	return cmocka_run_group_tests(tests, NULL, empty_arena);
}
