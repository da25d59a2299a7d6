/* What json_scan accepts and refuses, and where it says the fault is. */
#include "base/buffer.h"
#include "unit.h"
#include "json/scan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct json_error scan_bytes(const char *text, size_t length, unsigned depth)
{
	struct arena arena = {0};
	struct json_error error = {.fault = JSON_OK};
	/* A copy of the exact size, so that a sanitizer sees a read beyond the end. */
	char *copy = malloc(length == 0 ? 1 : length);
	assert_non_null(copy);
	memcpy(copy, text, length);
	bool ok = json_scan(copy, length, depth, &arena, &error);
	assert_true(ok == (error.fault == JSON_OK));
	free(copy);
	arena_done(&arena);
	return error;
}

static struct json_error scan(const char *text)
{
	return scan_bytes(text, strlen(text), 32);
}

static void assert_fault(const char *text, enum json_fault fault, size_t offset)
{
	struct json_error error = scan(text);
	if (error.fault != fault || error.offset != offset)
		fail_msg("%s: %s at %zu, expected %s at %zu", text, json_fault_text(error.fault), error.offset,
			 json_fault_text(fault), offset);
}

static void test_accepts_json(void **state)
{
	static const char *const texts[] = {
	    "null",
	    "true",
	    " false ",
	    "\t\r\n0",
	    "-0",
	    "-1.5e+10",
	    "1E2",
	    "1e308",
	    "123456789012345678901234567890",
	    "0.0000001e-400",
	    "\"\"",
	    "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
	    "\"\\ud83d\\ude00\"",
	    "\"\xc3\xa9\xf0\x9f\x98\x80\"",
	    "[]",
	    "{}",
	    "[ ]",
	    "{ }",
	    "[1,2 , [3]]",
	    "{\"a\":{\"b\":[{}]},\"c\":1}",
	    "{\"a\":{\"a\":1},\"b\":{\"a\":2}}",
	    "{\"\":1}",
	    "\"12345678\"",
	    "\"1234567\"",
	    "\"123456789\xc3\xa9xyz\"",
	    "\"\x7f\"",
	    "[{\"a\":1},{\"a\":1}]",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_fault(texts[i], JSON_OK, 0);
}

static void test_refuses_what_is_no_json(void **state)
{
	(void)state;
	assert_fault("", JSON_FAULT_EMPTY, 0);
	assert_fault("  ", JSON_FAULT_EMPTY, 2);
	assert_fault("{", JSON_FAULT_UNEXPECTED_END, 1);
	assert_fault("[1,", JSON_FAULT_UNEXPECTED_END, 3);
	assert_fault("\"abc", JSON_FAULT_UNEXPECTED_END, 4);
	assert_fault("\"abc\\", JSON_FAULT_UNEXPECTED_END, 5);
	assert_fault("\"\\u12", JSON_FAULT_UNEXPECTED_END, 2);
	assert_fault("[1,]", JSON_FAULT_UNEXPECTED_CHARACTER, 3);
	assert_fault("[,1]", JSON_FAULT_UNEXPECTED_CHARACTER, 1);
	assert_fault("[1 2]", JSON_FAULT_UNEXPECTED_CHARACTER, 3);
	assert_fault("[1}", JSON_FAULT_UNEXPECTED_CHARACTER, 2);
	assert_fault("{\"a\":1]", JSON_FAULT_UNEXPECTED_CHARACTER, 6);
	assert_fault("{\"a\" 1}", JSON_FAULT_UNEXPECTED_CHARACTER, 5);
	assert_fault("{\"a\":1,}", JSON_FAULT_UNEXPECTED_CHARACTER, 7);
	assert_fault("{a:1}", JSON_FAULT_UNEXPECTED_CHARACTER, 1);
	assert_fault("{1:1}", JSON_FAULT_UNEXPECTED_CHARACTER, 1);
	assert_fault("{\"a\":}", JSON_FAULT_UNEXPECTED_CHARACTER, 5);
	assert_fault("'a'", JSON_FAULT_UNEXPECTED_CHARACTER, 0);
	assert_fault("// x\n1", JSON_FAULT_UNEXPECTED_CHARACTER, 0);
	assert_fault("\xef\xbb\xbf{}", JSON_FAULT_UNEXPECTED_CHARACTER, 0);
	assert_fault("1 2", JSON_FAULT_TRAILING, 2);
	assert_fault("{}}", JSON_FAULT_TRAILING, 2);
	assert_fault("[tru]", JSON_FAULT_LITERAL, 1);
	assert_fault("nul", JSON_FAULT_LITERAL, 0);
	assert_fault("NaN", JSON_FAULT_UNEXPECTED_CHARACTER, 0);
	assert_fault("Infinity", JSON_FAULT_UNEXPECTED_CHARACTER, 0);
	struct json_error error = scan_bytes("[1]\0", 4, 32);
	assert_int_equal(error.fault, JSON_FAULT_TRAILING);
}

static void test_refuses_malformed_numbers(void **state)
{
	(void)state;
	assert_fault("01", JSON_FAULT_NUMBER, 1);
	assert_fault("-01", JSON_FAULT_NUMBER, 2);
	assert_fault("[-]", JSON_FAULT_NUMBER, 2);
	assert_fault("[1.]", JSON_FAULT_NUMBER, 3);
	assert_fault("[1e]", JSON_FAULT_NUMBER, 3);
	assert_fault("[1e+]", JSON_FAULT_NUMBER, 4);
	assert_fault("[+1]", JSON_FAULT_UNEXPECTED_CHARACTER, 1);
	assert_fault("[.5]", JSON_FAULT_UNEXPECTED_CHARACTER, 1);
	assert_fault("[-Infinity]", JSON_FAULT_NUMBER, 2);
	assert_fault("[0x10]", JSON_FAULT_UNEXPECTED_CHARACTER, 2);
	assert_fault("[1e999]", JSON_FAULT_NUMBER_RANGE, 1);
	assert_fault("[-1.8e308]", JSON_FAULT_NUMBER_RANGE, 1);
	assert_fault("1e99999999999999999999", JSON_FAULT_NUMBER_RANGE, 0);
	char digits[400];
	memset(digits, '9', sizeof(digits));
	assert_int_equal(scan_bytes(digits, 309, 32).fault, JSON_FAULT_NUMBER_RANGE);
	assert_int_equal(scan_bytes(digits, 308, 32).fault, JSON_OK);
}

static void test_refuses_malformed_strings(void **state)
{
	(void)state;
	assert_fault("\"a\nb\"", JSON_FAULT_CONTROL_CHARACTER, 2);
	assert_fault("\"abcdefghijk\x1f\"", JSON_FAULT_CONTROL_CHARACTER, 12);
	assert_fault("\"\\x41\"", JSON_FAULT_ESCAPE, 2);
	assert_fault("\"\\u00g0\"", JSON_FAULT_ESCAPE, 2);
	assert_fault("\"\\u0000\"", JSON_FAULT_NUL, 2);
	assert_fault("\"\\ud800\"", JSON_FAULT_SURROGATE, 2);
	assert_fault("\"\\udc00\"", JSON_FAULT_SURROGATE, 2);
	assert_fault("\"\\ud800\\u0041\"", JSON_FAULT_SURROGATE, 2);
	assert_fault("\"\\ud800x\"", JSON_FAULT_SURROGATE, 2);
	assert_fault("\"\\ude00\\ud83d\"", JSON_FAULT_SURROGATE, 2);
	assert_fault("\"a\x80\"", JSON_FAULT_UTF8, 2);
	assert_fault("\"\xc0\xaf\"", JSON_FAULT_UTF8, 1);
	assert_fault("\"\xe0\x80\xaf\"", JSON_FAULT_UTF8, 1);
	assert_fault("\"\xed\xa0\x80\"", JSON_FAULT_UTF8, 1);
	assert_fault("\"\xf4\x90\x80\x80\"", JSON_FAULT_UTF8, 1);
	assert_fault("\"\xc3\xa9\xc3\"", JSON_FAULT_UTF8, 3);
	assert_fault("\"\xff\"", JSON_FAULT_UTF8, 1);
	struct json_error error = scan_bytes("\"a\0b\"", 5, 32);
	assert_int_equal(error.fault, JSON_FAULT_CONTROL_CHARACTER);
}

static void test_nul_can_be_allowed(void **state)
{
	struct arena arena = {0};
	(void)state;
	struct json_scanner scanner;
	json_scanner_init(&scanner, "\"\\u0000\"", 8, 1, &arena);
	scanner.allow_nul = true;
	struct json_span value;
	assert_true(json_scan_value(&scanner, &value) && json_scan_finish(&scanner));
	assert_int_equal(value.length, 8);
	arena_done(&arena);
}

static void test_finds_names_used_twice(void **state)
{
	(void)state;
	assert_fault("{\"a\":1,\"a\":2}", JSON_FAULT_DUPLICATE_NAME, 8);
	assert_fault("{\"a\":{\"x\":[1,{\"y\":0}]},\"b\":1,\"a\":2}", JSON_FAULT_DUPLICATE_NAME, 30);
	assert_fault("[{\"k\":{\"a\":1,\"b\":2,\"a\":3}}]", JSON_FAULT_DUPLICATE_NAME, 20);
	/* The same name, written in another way. */
	assert_fault("{\"a\":1,\"\\u0061\":2}", JSON_FAULT_DUPLICATE_NAME, 8);
	assert_fault("{\"\\u00e9\":1,\"\xc3\xa9\":2}", JSON_FAULT_DUPLICATE_NAME, 13);
	assert_fault("{\"\":1,\"\":2}", JSON_FAULT_DUPLICATE_NAME, 7);
}

/* An object of count members n0, n1, ..., and one more with the name of number twice when that is not negative. */
static void write_large(struct buffer *text, int count, int twice)
{
	buffer_append_char(text, '{');
	for (int i = 0; i < count; i++)
		buffer_printf(text, "\"n%d\":{\"n%d\":0},", i, i);
	buffer_printf(text, "\"n%d\":1}", twice < 0 ? count : twice);
}

static void test_finds_names_used_twice_in_large_objects(void **state)
{
	static const int sizes[] = {15, 16, 17, 18, 64, 1000, 100000};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct buffer text;
		buffer_init(&text, 1U << 24);
		write_large(&text, sizes[i], -1);
		assert_int_equal(scan_bytes(text.data, text.length, 32).fault, JSON_OK);
		buffer_reset(&text);
		write_large(&text, sizes[i], sizes[i] / 2);
		assert_int_equal(scan_bytes(text.data, text.length, 32).fault, JSON_FAULT_DUPLICATE_NAME);
		buffer_done(&text);
	}
}

static void test_large_objects_inside_each_other_are_kept_apart(void **state)
{
	(void)state;
	struct buffer text;
	buffer_init(&text, 1U << 20);
	for (int level = 0; level < 30; level++) {
		buffer_append_char(&text, '{');
		for (int i = 0; i < 20; i++)
			buffer_printf(&text, "\"n%d\":0,", i);
		buffer_append_text(&text, "\"inner\":");
	}
	buffer_append_text(&text, "0");
	for (int level = 0; level < 30; level++)
		buffer_append_text(&text, ",\"n20\":0}");
	assert_int_equal(scan_bytes(text.data, text.length, 32).fault, JSON_OK);
	text.length -= 2;
	buffer_append_text(&text, "0,\"n3\":0}");
	assert_int_equal(scan_bytes(text.data, text.length, 32).fault, JSON_FAULT_DUPLICATE_NAME);
	buffer_done(&text);
}

static void test_depth_is_limited(void **state)
{
	static char text[20000];
	(void)state;
	memset(text, '[', 10000);
	memset(text + 10000, ']', 10000);
	assert_int_equal(scan_bytes(text + 10000 - 32, 64, 32).fault, JSON_OK);
	struct json_error error = scan_bytes(text + 10000 - 33, 66, 32);
	assert_int_equal(error.fault, JSON_FAULT_DEPTH);
	assert_int_equal(error.offset, 32);
	assert_int_equal(scan_bytes(text, sizeof(text), 32).fault, JSON_FAULT_DEPTH);
	assert_int_equal(scan_bytes(text, sizeof(text), 100000).fault, JSON_FAULT_DEPTH);
	assert_int_equal(scan_bytes(text + 10000 - 128, 256, 128).fault, JSON_OK);
}

static void test_spans_are_exact(void **state)
{
	static const char text[] = " {\"a\" : [1, {\"b\":2}] , \"c\":\"x\"} ";
	struct arena arena = {0};
	(void)state;
	struct json_scanner scanner;
	json_scanner_init(&scanner, text, strlen(text), 8, &arena);
	assert_true(json_scan_enter(&scanner, JSON_OBJECT));
	bool escaped;
	struct json_span name, value;
	assert_int_equal(json_scan_member(&scanner, true, &name, &escaped), 1);
	assert_memory_equal(name.data, "a", name.length);
	assert_int_equal(json_scan_peek(&scanner), JSON_ARRAY);
	assert_true(json_scan_value(&scanner, &value));
	assert_int_equal(value.length, strlen("[1, {\"b\":2}]"));
	assert_memory_equal(value.data, "[1, {\"b\":2}]", value.length);
	assert_int_equal(json_scan_member(&scanner, false, &name, &escaped), 1);
	assert_true(json_scan_value(&scanner, &value));
	assert_int_equal(value.length, 3);
	assert_int_equal(json_scan_member(&scanner, false, &name, &escaped), 0);
	assert_true(json_scan_finish(&scanner));
	arena_done(&arena);
}

static void test_unescapes(void **state)
{
	static const char raw[] = "a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00z";
	(void)state;
	char plain[sizeof(raw)];
	size_t length = json_unescape((struct json_span){raw, sizeof(raw) - 1}, plain);
	static const char expected[] = "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	assert_int_equal(length, sizeof(expected) - 1);
	assert_memory_equal(plain, expected, length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepts_json),
	    cmocka_unit_test(test_refuses_what_is_no_json),
	    cmocka_unit_test(test_refuses_malformed_numbers),
	    cmocka_unit_test(test_refuses_malformed_strings),
	    cmocka_unit_test(test_nul_can_be_allowed),
	    cmocka_unit_test(test_finds_names_used_twice),
	    cmocka_unit_test(test_finds_names_used_twice_in_large_objects),
	    cmocka_unit_test(test_large_objects_inside_each_other_are_kept_apart),
	    cmocka_unit_test(test_depth_is_limited),
	    cmocka_unit_test(test_spans_are_exact),
	    cmocka_unit_test(test_unescapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
