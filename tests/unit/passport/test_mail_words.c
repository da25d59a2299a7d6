/* What is left of names and other words of people in a letter to somebody else. */
#include "letters/mail_words.h"
#include "unit.h"

#include "base/text.h"

#include <string.h>

#define ROCKET "\U0001F469\u200D\U0001F680"

struct example {
	const char *given, *expected;
};

static void check(const struct example *examples, size_t count, size_t most)
{
	struct arena arena = {0};
	for (size_t i = 0; i < count; i++)
		assert_string_equal(mail_words(&arena, examples[i].given, most), examples[i].expected);
	arena_done(&arena);
}

static void test_names_stay(void **state)
{
	static const struct example examples[] = {
	    {"Ann Smith", "Ann Smith"},
	    {"J. R. R. Tolkien", "J. R. R. Tolkien"},
	    {"Müller & Söhne GmbH", "Müller & Söhne GmbH"},
	    {"Zoë O'Neill-Ng, Ph. D.", "Zoë O'Neill-Ng, Ph. D."},
	    {"Ёлка 24/7", "Ёлка 24/7"},
	    {"山田 太郎", "山田 太郎"},
	    {"می\u200cخواهم", "می\u200cخواهم"},
	    {ROCKET " " ROCKET, ROCKET " " ROCKET},
	    {"Firefox/130.0", "Firefox/130.0"},
	    {"192.0.2.7", "192.0.2.7"},
	    {"", ""},
	    {NULL, ""},
	};
	(void)state;
	check(examples, ARRAY_SIZE(examples), 100);
}

static void test_one_line_stays(void **state)
{
	static const struct example examples[] = {
	    {"  a \t b\r\nc\u2028d\u00A0e  ", "a b c d e"},
	    {"Bob\r\nBcc: all", "Bob Bcc: all"},
	    {"a\x01\x1b[31mb\x7f", "a[31mb"},
	    {"a\u202Eb\u2066c\u200Ed\uFEFFe\u200Bf\u00ADg", "abcdefg"},
	    {"a\u200Db.\u200Dcom", "ab. com"},
	    {"\xff\xfe!", "\uFFFD\uFFFD!"},
	    {"\n\r\t \u3000", ""},
	};
	(void)state;
	check(examples, ARRAY_SIZE(examples), 100);
}

static void test_nothing_is_a_link(void **state)
{
	static const struct example examples[] = {
	    {"http://evil.example/x?y=z", "http: //evil. example/x?y=z"},
	    {"HTTPS:\\\\evil.example", "HTTPS: \\\\evil. example"},
	    {"www.evil.example", "www. evil. example"},
	    {"ann@evil.example", "ann @ evil. example"},
	    {"mailto:ann@evil", "mailto:ann @ evil"},
	    {"evil\u3002example", "evil\u3002 example"},
	    {"evil.пример", "evil. пример"},
	    {"evil\uFF0Ecom", "evil\uFF0E com"},
	};
	(void)state;
	check(examples, ARRAY_SIZE(examples), 100);
}

static void test_long_ones_are_cut(void **state)
{
	static const struct example examples[] = {
	    {"123456789", "123456789"},	    {"1234567890", "1234567890"},  {"12345678901", "123456789…"},
	    {"12345678 901", "12345678 …"}, {"яяяяяяяяяяя", "яяяяяяяяя…"}, {"1234567890   ", "1234567890"},
	};
	struct arena arena = {0};
	char *much = arena_alloc(&arena, 100001);
	(void)state;
	check(examples, ARRAY_SIZE(examples), 10);
	memset(much, '.', 100000);
	much[100000] = '\0';
	assert_true(text_code_points(mail_words(&arena, much, 60), strlen(mail_words(&arena, much, 60))) == 60);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_stay),
	    cmocka_unit_test(test_one_line_stays),
	    cmocka_unit_test(test_nothing_is_a_link),
	    cmocka_unit_test(test_long_ones_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
