#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_empty_buffer_is_an_empty_text(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 10);
	assert_string_equal(buffer_text(&buffer), "");
	assert_false(buffer_failed(&buffer));
	buffer_append(&buffer, NULL, 0);
	buffer_append_text(&buffer, "");
	assert_string_equal(buffer_text(&buffer), "");
	buffer_done(&buffer);
	buffer_done(&buffer);
}

static void test_limit_is_exact(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 5);
	buffer_append_text(&buffer, "12345");
	assert_false(buffer_failed(&buffer));
	assert_string_equal(buffer_text(&buffer), "12345");
	buffer_append_char(&buffer, '6');
	assert_true(buffer_failed(&buffer));
	assert_string_equal(buffer_text(&buffer), "12345");
	buffer_done(&buffer);
}

static void test_failure_sticks_until_reset(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 8);
	buffer_append_text(&buffer, "abc");
	buffer_append_text(&buffer, "too long");
	buffer_append_char(&buffer, 'd');
	buffer_printf(&buffer, "%d", 1);
	buffer_append_integer(&buffer, 1);
	assert_null(buffer_reserve(&buffer, 0));
	assert_true(buffer_failed(&buffer));
	assert_string_equal(buffer_text(&buffer), "abc");
	buffer_reset(&buffer);
	assert_false(buffer_failed(&buffer));
	assert_string_equal(buffer_text(&buffer), "");
	buffer_append_text(&buffer, "12345678");
	assert_false(buffer_failed(&buffer));
	buffer_done(&buffer);
}

static void test_limit_zero_takes_nothing(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 0);
	buffer_append_text(&buffer, "");
	assert_false(buffer_failed(&buffer));
	buffer_append_char(&buffer, 'x');
	assert_true(buffer_failed(&buffer));
	buffer_done(&buffer);
}

static void test_enormous_length_fails_instead_of_wrapping(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 100);
	buffer_append_text(&buffer, "x");
	assert_null(buffer_reserve(&buffer, SIZE_MAX));
	assert_true(buffer_failed(&buffer));
	buffer_done(&buffer);
}

static void check_growth(struct buffer *buffer)
{
	for (int i = 0; i < 100000; i++)
		buffer_append_char(buffer, (char)('a' + i % 26));
	assert_false(buffer_failed(buffer));
	assert_int_equal(buffer->length, 100000);
	assert_int_equal(strlen(buffer_text(buffer)), 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buffer->data[i], 'a' + i % 26);
	assert_true(buffer->capacity <= buffer->limit + 1);
}

static void test_growth_keeps_the_text(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 100000);
	check_growth(&buffer);
	buffer_done(&buffer);
	struct arena arena;
	arena_init(&arena);
	buffer_init_arena(&buffer, &arena, 100000);
	check_growth(&buffer);
	arena_done(&arena);
}

static void test_reserved_bytes_count_when_committed(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 1000);
	char *place = buffer_reserve(&buffer, 300);
	assert_non_null(place);
	memcpy(place, "partial", sizeof("partial"));
	buffer_commit(&buffer, 7);
	assert_string_equal(buffer_text(&buffer), "partial");
	assert_int_equal(buffer.length, 7);
	buffer_done(&buffer);
}

static void test_printf_grows_and_fails_whole(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 600);
	buffer_printf(&buffer, "%s=%d", "n", 5);
	buffer_printf(&buffer, "%500d", 6);
	assert_int_equal(buffer.length, 503);
	assert_int_equal(buffer_text(&buffer)[502], '6');
	buffer_printf(&buffer, "%98d", 7);
	assert_true(buffer_failed(&buffer));
	assert_int_equal(buffer.length, 503);
	assert_int_equal(strlen(buffer_text(&buffer)), 503);
	buffer_reset(&buffer);
	buffer_printf(&buffer, "%600d", 1);
	assert_false(buffer_failed(&buffer));
	buffer_done(&buffer);
}

static void test_integers_are_written_to_their_ends(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 100);
	const int64_t values[] = {0, -1, 10, INT64_MAX, INT64_MIN};
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		buffer_append_integer(&buffer, values[i]);
		buffer_append_char(&buffer, ' ');
	}
	assert_string_equal(buffer_text(&buffer), "0 -1 10 9223372036854775807 -9223372036854775808 ");
	buffer_done(&buffer);
}

static void assert_json(const char *bytes, size_t length, const char *expected)
{
	/* At every offset within eight bytes, for both ways through the text. */
	for (size_t before = 0; before < 9; before++) {
		char text[256];
		memset(text, 'p', before);
		memcpy(text + before, bytes, length);
		struct buffer buffer;
		buffer_init(&buffer, 2000);
		buffer_append_json_bytes(&buffer, text, before + length);
		assert_int_equal(buffer_text(&buffer)[0], '"');
		assert_memory_equal(buffer_text(&buffer) + 1 + before, expected, strlen(expected));
		assert_string_equal(buffer_text(&buffer) + 1 + before + strlen(expected), "\"");
		buffer_done(&buffer);
	}
}
#define ASSERT_JSON(bytes, expected) assert_json((bytes), sizeof(bytes) - 1, (expected))

static void test_json_escapes_what_must_be(void **state)
{
	(void)state;
	ASSERT_JSON("", "");
	ASSERT_JSON("a\"b\\c/d", "a\\\"b\\\\c/d");
	ASSERT_JSON("\b\t\n\f\r", "\\b\\t\\n\\f\\r");
	ASSERT_JSON("\x01\x1f\x7f", "\\u0001\\u001f\x7f");
	ASSERT_JSON("nul\0inside", "nul\\u0000inside");
	ASSERT_JSON("0123456789012345678901234\"", "0123456789012345678901234\\\"");
}

static void test_json_escapes_every_control_character(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 0x20; code++) {
		char character = (char)code;
		struct buffer buffer;
		buffer_init(&buffer, 20);
		buffer_append_json_bytes(&buffer, &character, 1);
		assert_int_equal(buffer_text(&buffer)[1], '\\');
		assert_true(buffer.length == 4 || buffer.length == 8);
		buffer_done(&buffer);
	}
}

static void test_json_keeps_unicode(void **state)
{
	(void)state;
	ASSERT_JSON("зал «Орион»", "зал «Орион»");
	ASSERT_JSON("\xF0\x9F\x8E\x89 \xE2\x80\xA8", "\xF0\x9F\x8E\x89 \xE2\x80\xA8");
	ASSERT_JSON("\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF");
}

#define REPLACED "\xEF\xBF\xBD"

static void test_json_replaces_broken_utf8(void **state)
{
	(void)state;
	ASSERT_JSON("\x80", REPLACED);
	ASSERT_JSON("a\xFF"
		    "b",
		    "a" REPLACED "b");
	ASSERT_JSON("\xC0\xAF", REPLACED REPLACED);			      /* overlong */
	ASSERT_JSON("\xED\xA0\x80", REPLACED REPLACED REPLACED);	      /* surrogate */
	ASSERT_JSON("\xF4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED); /* above U+10FFFF */
	ASSERT_JSON("\xE2\x82", REPLACED);				      /* cut off at the end */
	ASSERT_JSON("\xF0\x9F\x8E\"", REPLACED "\\\"");			      /* cut off by a quote */
	ASSERT_JSON("\xE2\x82\xE2\x82\xAC", REPLACED "\xE2\x82\xAC");
}

static void test_json_null_and_limit(void **state)
{
	(void)state;
	struct buffer buffer;
	buffer_init(&buffer, 6);
	buffer_append_json_string(&buffer, NULL);
	assert_string_equal(buffer_text(&buffer), "null");
	buffer_reset(&buffer);
	buffer_append_json_string(&buffer, "four");
	assert_string_equal(buffer_text(&buffer), "\"four\"");
	buffer_reset(&buffer);
	buffer_append_json_string(&buffer, "fives");
	assert_true(buffer_failed(&buffer));
	buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_buffer_is_an_empty_text),
	    cmocka_unit_test(test_limit_is_exact),
	    cmocka_unit_test(test_failure_sticks_until_reset),
	    cmocka_unit_test(test_limit_zero_takes_nothing),
	    cmocka_unit_test(test_enormous_length_fails_instead_of_wrapping),
	    cmocka_unit_test(test_growth_keeps_the_text),
	    cmocka_unit_test(test_reserved_bytes_count_when_committed),
	    cmocka_unit_test(test_printf_grows_and_fails_whole),
	    cmocka_unit_test(test_integers_are_written_to_their_ends),
	    cmocka_unit_test(test_json_escapes_what_must_be),
	    cmocka_unit_test(test_json_escapes_every_control_character),
	    cmocka_unit_test(test_json_keeps_unicode),
	    cmocka_unit_test(test_json_replaces_broken_utf8),
	    cmocka_unit_test(test_json_null_and_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
