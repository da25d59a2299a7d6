#include "base/base64url.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state)
{
	static struct arena arena;
	arena_init(&arena);
	*state = &arena;
	return 0;
}

static int drop_arena(void **state)
{
	arena_done(*state);
	return 0;
}

static void assert_utf8(bool expected, const char *bytes, size_t length)
{
	for (size_t before = 0; before < 9; before++) {
		char text[64];
		memset(text, 'p', sizeof(text));
		memcpy(text + before, bytes, length);
		assert_int_equal(text_valid_utf8(text, before + length), expected);
		assert_int_equal(text_valid_utf8(text, sizeof(text)), expected);
	}
}
#define ASSERT_UTF8(expected, bytes) assert_utf8((expected), (bytes), sizeof(bytes) - 1)

static void test_utf8_is_checked_to_the_letter(void **state)
{
	(void)state;
	ASSERT_UTF8(true, "");
	ASSERT_UTF8(true, "a\0b");
	ASSERT_UTF8(true, "\xC2\x80\xDF\xBF");
	ASSERT_UTF8(true, "\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF");
	ASSERT_UTF8(true, "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
	ASSERT_UTF8(false, "\x80");
	ASSERT_UTF8(false, "\xBF");
	ASSERT_UTF8(false, "\xC0\x80");
	ASSERT_UTF8(false, "\xC1\xBF");
	ASSERT_UTF8(false, "\xE0\x9F\xBF");
	ASSERT_UTF8(false, "\xED\xA0\x80");
	ASSERT_UTF8(false, "\xED\xBF\xBF");
	ASSERT_UTF8(false, "\xF0\x8F\xBF\xBF");
	ASSERT_UTF8(false, "\xF4\x90\x80\x80");
	ASSERT_UTF8(false, "\xF5\x80\x80\x80");
	ASSERT_UTF8(false, "\xFF");
	ASSERT_UTF8(false, "\xC3");
	ASSERT_UTF8(false, "\xE2\x82");
	ASSERT_UTF8(false, "\xF0\x9F\x8E");
	ASSERT_UTF8(false, "\xC3\x28");
}

static void test_code_points_are_counted(void **state)
{
	(void)state;
	assert_int_equal(text_code_points("", 0), 0);
	assert_int_equal(text_code_points("abc", 3), 3);
	assert_int_equal(text_code_points("зал", 6), 3);
	assert_int_equal(text_code_points("\xF0\x9F\x8E\x89", 4), 1);
	assert_int_equal(text_code_points("e\xCC\x81", 3), 2);
}

static void test_normal_text_is_not_copied(void **state)
{
	static const char *const texts[] = {"",		 "ascii",	 "caf\xC3\xA9",
					    "Зал Орион", "\xE4\xBA\xAC", "\xF0\x9F\x8E\x89"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_ptr_equal(text_normalize(*state, texts[i]), texts[i]);
}

static void test_text_becomes_nfc(void **state)
{
	assert_string_equal(text_normalize(*state, "cafe\xCC\x81"), "caf\xC3\xA9");
	assert_string_equal(text_normalize(*state, "\xD0\xB8\xCC\x86"), "\xD0\xB9");		 /* и with breve: й */
	assert_string_equal(text_normalize(*state, "\xE2\x84\xAB"), "\xC3\x85");		 /* angstrom sign: Å */
	assert_string_equal(text_normalize(*state, "\xE1\x84\x80\xE1\x85\xA1"), "\xEA\xB0\x80"); /* jamo: 가 */
	assert_string_equal(text_normalize(*state, "q\xCC\x87\xCC\xA3"), "q\xCC\xA3\xCC\x87");	 /* marks in order */
	assert_string_equal(text_normalize(*state, "\xEF\xAC\x81"), "\xEF\xAC\x81"); /* ligature stays: NFC, not NFKC */
}

static void test_broken_text_comes_back(void **state)
{
	const char *broken = "\xFF\xFE";
	assert_ptr_equal(text_normalize(*state, broken), broken);
	assert_string_equal(text_fold(*state, broken), broken);
	assert_ptr_equal(text_trim(*state, broken), broken);
}

static void test_white_space_is_trimmed(void **state)
{
	const char *plain = "two words";
	assert_ptr_equal(text_trim(*state, plain), plain);
	assert_string_equal(text_trim(*state, "  left"), "left");
	assert_string_equal(text_trim(*state, "right\t\r\n"), "right");
	assert_string_equal(text_trim(*state, " \t \n "), "");
	assert_string_equal(text_trim(*state, ""), "");
	/* no-break space, ideographic space, line separator, next line */
	assert_string_equal(text_trim(*state, "\xC2\xA0\xE3\x80\x80 зал \xE2\x80\xA8\xC2\x85"), "зал");
	/* a zero-width space is no white space */
	assert_string_equal(text_trim(*state, "\xE2\x80\x8Bx "), "\xE2\x80\x8Bx");
}

static void test_case_folds_for_comparison(void **state)
{
	assert_string_equal(text_fold(*state, "Mail@Example.COM"), "mail@example.com");
	assert_string_equal(text_fold(*state, "ЗАЛ Ёлка"), "зал ёлка");
	assert_string_equal(text_fold(*state, "Stra\xC3\x9F"
					      "e"),
			    "strasse");
	assert_string_equal(text_fold(*state, "E\xCC\x81"), "\xC3\xA9");
	assert_string_equal(text_fold(*state, ""), "");
	const char *constant = "lower";
	assert_ptr_not_equal(text_fold(*state, constant), constant);
}

static void assert_encodes(struct arena *arena, const char *bytes, size_t length, const char *text)
{
	assert_string_equal(base64url_encode(arena, bytes, length), text);
	assert_int_equal(base64url_length(length), strlen(text));
	size_t decoded_length;
	const char *decoded = base64url_decode(arena, text, strlen(text), &decoded_length);
	assert_non_null(decoded);
	assert_int_equal(decoded_length, length);
	assert_memory_equal(decoded, bytes, length);
	assert_int_equal(decoded[length], 0);
}

static void test_letters_are_left_of_a_text(void **state)
{
	assert_string_equal(text_letters(*state, "Ann-Marie 99!"), "annmarie");
	assert_string_equal(text_letters(*state, "ØRE\u20ac 7"), "øre");
	assert_string_equal(text_letters(*state, "मराठी १२"), "मराठी");
	assert_string_equal(text_letters(*state, "1234 _!"), "");
	assert_string_equal(text_letters(*state, ""), "");
}

static void assert_one_line(const char *text, size_t length, bool name)
{
	if (text_is_display_name(text, length) != name)
		fail_msg("as a name: %s", text);
	if (text_is_line(text, length) != (name || length == 0))
		fail_msg("as a line: %s", text);
}

/* A line differs in that it may be empty. */
static void test_names_and_lines_can_be_seen_and_break_nothing(void **state)
{
	(void)state;
	static const char *const good[] = {
	    "Ann",
	    "O'Hara",
	    "X Æ A-12",
	    "李",
	    "שלום \u200f!",
	    "\u200eAnn",
	    "👩\u200d👩\u200d👧",
	    "\u0645\u06cc\u200c\u062e",
	    "7",
	    "a\u2800",
	};
	static const char *const bad[] = {
	    "",	      " ",	   "\u00a0\u3000", "\u200b\u200b", "\u200d",  "\ufeff", "\u3164",     "\u2800",
	    "\u115f", "\u0301",	   "a\nb",	   "a\tb",	   "a\rb",    "a\x7F",	"a\xc2\x85z", "a\u2028b",
	    "\u2029", "\u202eAnn", "a\u202ab",	   "a\u2066b",	   "a\u2069", "\uffff", "a\xff",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_one_line(good[i], strlen(good[i]), true);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_one_line(bad[i], strlen(bad[i]), false);
	assert_one_line("a\0b", 3, false);
}

static void test_base64url_of_the_rfc(void **state)
{
	assert_encodes(*state, "", 0, "");
	assert_encodes(*state, "f", 1, "Zg");
	assert_encodes(*state, "fo", 2, "Zm8");
	assert_encodes(*state, "foo", 3, "Zm9v");
	assert_encodes(*state, "foob", 4, "Zm9vYg");
	assert_encodes(*state, "fooba", 5, "Zm9vYmE");
	assert_encodes(*state, "foobar", 6, "Zm9vYmFy");
	assert_encodes(*state, "\xFB\xFF\xFE", 3, "-__-");
	assert_encodes(*state, "\0\0\0", 3, "AAAA");
}

static void test_every_byte_survives_base64url(void **state)
{
	char bytes[256];
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (size_t length = 0; length <= sizeof(bytes); length++)
		assert_encodes(*state, bytes, length, base64url_encode(*state, bytes, length));
}

static void test_base64url_has_one_spelling(void **state)
{
	static const char *const texts[] = {
	    "Z",    "Zg=",  "Zg==",   "Zh",    "Zm9=", "Zm9",	"Zm8=",
	    "Zm+v", "Zm/v", "Zm9v\n", " Zm9v", "Zm 9", "Zm9vY", "Zm\xD0\xB9",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t length = 77;
		if (base64url_decode(*state, texts[i], strlen(texts[i]), &length))
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(length, 77);
	}
	size_t length;
	assert_null(base64url_decode(*state, "Zm\0v", 4, &length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utf8_is_checked_to_the_letter),
	    cmocka_unit_test(test_code_points_are_counted),
	    cmocka_unit_test_setup_teardown(test_normal_text_is_not_copied, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_text_becomes_nfc, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_broken_text_comes_back, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_white_space_is_trimmed, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_case_folds_for_comparison, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_letters_are_left_of_a_text, make_arena, drop_arena),
	    cmocka_unit_test(test_names_and_lines_can_be_seen_and_break_nothing),
	    cmocka_unit_test_setup_teardown(test_base64url_of_the_rfc, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_every_byte_survives_base64url, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_base64url_has_one_spelling, make_arena, drop_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
