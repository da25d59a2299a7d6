/* Trees from text, text from trees, equality and pointers. */
#include "base/buffer.h"
#include "unit.h"
#include "json/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static struct json_object *parse_flags(const char *text, unsigned flags)
{
	struct json_object *tree = NULL;
	struct json_error error = {.fault = JSON_OK};
	if (!json_tree_parse(text, strlen(text), JSON_DEPTH_MAX, flags, &arena, &tree, &error))
		fail_msg("%s: %s", text, json_fault_text(error.fault));
	return tree;
}

static struct json_object *parse(const char *text)
{
	return parse_flags(text, 0);
}

static void assert_written(struct json_object *tree, const char *expected)
{
	struct buffer buffer;
	buffer_init(&buffer, 1U << 20);
	json_tree_write(tree, &buffer);
	assert_false(buffer_failed(&buffer));
	assert_string_equal(buffer_text(&buffer), expected);
	buffer_done(&buffer);
	json_object_put(tree);
}

static void test_writes_what_it_read(void **state)
{
	static const char *const texts[] = {
	    "null",
	    "true",
	    "false",
	    "0",
	    "-1",
	    "9223372036854775807",
	    "-9223372036854775808",
	    "1.5",
	    "0.1",
	    "1e+300",
	    "\"\"",
	    "\"a\\\"b\\\\\\n\"",
	    "\"\xc3\xa9\"",
	    "[]",
	    "{}",
	    "[[],{},[{}]]",
	    "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":\"x\"}",
	    "[1,\"2\",3.5,true,null]",
	    "{\"\":0}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_written(parse(texts[i]), texts[i]);
	assert_written(parse(" { \"\\u0061\" : [ 1 , 2 ] , \"b\" : { } } "), "{\"a\":[1,2],\"b\":{}}");
	assert_written(parse("1.0"), "1.0");
	assert_written(parse("-0"), "0");
	assert_written(json_object_new_double((double)NAN), "null");
	assert_written(json_object_new_uint64(UINT64_MAX), "18446744073709551615");
}

static void test_long_names_and_escaped_ones(void **state)
{
	(void)state;
	char text[300];
	(void)snprintf(text, sizeof(text), "{\"%0200d\":1,\"a\":2}", 7);
	assert_written(parse(text), text);
	struct json_object *tree = parse("{\"\\ud83d\\ude00\\n\":\"\\u00e9\"}"), *value;
	assert_true(json_object_object_get_ex(tree, "\xf0\x9f\x98\x80\n", &value));
	assert_string_equal(json_object_get_string(value), "\xc3\xa9");
	json_object_put(tree);
}

static void test_whole_numbers_become_integers_when_asked(void **state)
{
	(void)state;
	assert_written(parse_flags("[5.0,1e2,-0.0,1.5,9007199254740992.0,1e30]", JSON_TREE_WHOLE),
		       "[5,100,0,1.5,9007199254740992,1e+30]");
}

static void test_integers_stay_exact_and_larger_ones_become_doubles(void **state)
{
	struct json_object *tree =
	    parse("[9007199254740993,9223372036854775808,-9223372036854775809,1e2,100000000000000000]");
	(void)state;
	assert_int_equal(json_object_get_int64(json_object_array_get_idx(tree, 0)), 9007199254740993);
	assert_true(json_object_is_type(json_object_array_get_idx(tree, 1), json_type_double));
	assert_true(json_object_get_double(json_object_array_get_idx(tree, 1)) == 9223372036854775808.0);
	assert_true(json_object_is_type(json_object_array_get_idx(tree, 2), json_type_double));
	assert_true(json_object_is_type(json_object_array_get_idx(tree, 3), json_type_double));
	assert_int_equal(json_object_get_int64(json_object_array_get_idx(tree, 4)), 100000000000000000);
	json_object_put(tree);
}

static void test_normalises_values_on_demand(void **state)
{
	(void)state;
	assert_written(parse_flags("{\"e\\u0301\":\"e\\u0301 e\xcc\x81\"}", JSON_TREE_NFC),
		       "{\"e\xcc\x81\":\"\xc3\xa9 \xc3\xa9\"}");
	assert_written(parse_flags("\"e\xcc\x81\"", 0), "\"e\xcc\x81\"");
}

static void test_depth_needs_no_recursion(void **state)
{
	(void)state;
	char text[2 * JSON_DEPTH_MAX + 1];
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	text[2 * JSON_DEPTH_MAX] = '\0';
	struct json_object *one = parse(text), *other = parse(text);
	assert_true(json_tree_equal(one, other));
	assert_int_equal(json_tree_hash(one), json_tree_hash(other));
	/* One level more, which no text can have, is refused rather than read beyond the end. */
	struct json_object *deeper = json_object_new_array();
	json_object_array_add(deeper, other);
	struct json_object *same = json_object_get(deeper);
	assert_false(json_tree_equal(deeper, same));
	struct buffer buffer;
	buffer_init(&buffer, 1000);
	json_tree_write(deeper, &buffer);
	assert_true(buffer_failed(&buffer));
	buffer_done(&buffer);
	json_object_put(same);
	json_object_put(deeper);
	assert_written(one, text);
}

static void compare(const char *one, const char *other, bool equal)
{
	struct json_object *first = parse(one), *second = parse(other);
	if (json_tree_equal(first, second) != equal || json_tree_equal(second, first) != equal)
		fail_msg("%s and %s", one, other);
	if (equal)
		assert_int_equal(json_tree_hash(first), json_tree_hash(second));
	json_object_put(first);
	json_object_put(second);
}

static void test_compares_values(void **state)
{
	(void)state;
	compare("1", "1.0", true);
	compare("0", "-0.0", true);
	compare("100", "1e2", true);
	compare("9007199254740993", "9007199254740992.0", false);
	compare("9223372036854775807", "9223372036854775808", false);
	compare("1", "true", false);
	compare("0", "false", false);
	compare("null", "null", true);
	compare("null", "0", false);
	compare("\"a\"", "\"\\u0061\"", true);
	compare("\"a\"", "\"b\"", false);
	compare("{\"a\":1,\"b\":[1,2]}", "{\"b\":[1.0,2],\"a\":1}", true);
	compare("{\"a\":1}", "{\"a\":1,\"b\":1}", false);
	compare("{\"a\":1}", "{\"b\":1}", false);
	compare("{\"a\":null}", "{\"b\":null}", false);
	compare("[1,2]", "[2,1]", false);
	compare("[1,2]", "[1,2,3]", false);
	compare("[[],{}]", "[{},[]]", false);
	compare("{\"a\":{\"b\":{\"c\":[1]}}}", "{\"a\":{\"b\":{\"c\":[1]}}}", true);
	compare("{\"a\":{\"b\":{\"c\":[1]}}}", "{\"a\":{\"b\":{\"c\":[2]}}}", false);
}

static void assert_pointer(struct json_object *tree, const char *pointer, int expected)
{
	struct json_object *value;
	if (!json_tree_pointer(tree, pointer, &value))
		fail_msg("%s leads nowhere", pointer);
	assert_int_equal(json_object_get_int(value), expected);
}

/* The example of RFC 6901 section 5, and what leads nowhere. */
static void test_follows_pointers(void **state)
{
	struct json_object *value,
	    *tree = parse("{\"foo\":[10,11],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,"
			  "\"k\\\"l\":6,\" \":7,\"m~n\":8,\"z\":null}");
	(void)state;
	assert_pointer(tree, "/foo/0", 10);
	assert_pointer(tree, "/", 0);
	assert_pointer(tree, "/a~1b", 1);
	assert_pointer(tree, "/c%d", 2);
	assert_pointer(tree, "#/c%25d", 2);
	assert_pointer(tree, "#/e%5Ef", 3);
	assert_pointer(tree, "/i\\j", 5);
	assert_pointer(tree, "#/k%22l", 6);
	assert_pointer(tree, "#/%20", 7);
	assert_pointer(tree, "/m~0n", 8);
	assert_true(json_tree_pointer(tree, "", &value) && value == tree);
	assert_true(json_tree_pointer(tree, "#", &value) && value == tree);
	assert_true(json_tree_pointer(tree, "/z", &value) && !value);
	static const char *const nowhere[] = {
	    "/foo/2", "/foo/-", "/foo/01", "/foo/x", "/foo/", "/bar", "/z/0", "foo", "/foo/99999999999999999999"};
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++)
		assert_false(json_tree_pointer(tree, nowhere[i], &value));
	json_object_put(tree);
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
	    cmocka_unit_test(test_writes_what_it_read),
	    cmocka_unit_test(test_long_names_and_escaped_ones),
	    cmocka_unit_test(test_whole_numbers_become_integers_when_asked),
	    cmocka_unit_test(test_integers_stay_exact_and_larger_ones_become_doubles),
	    cmocka_unit_test(test_normalises_values_on_demand),
	    cmocka_unit_test(test_depth_needs_no_recursion),
	    cmocka_unit_test(test_compares_values),
	    cmocka_unit_test(test_follows_pointers),
	};
	return cmocka_run_group_tests(tests, NULL, empty_arena);
}
