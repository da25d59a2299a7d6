/* What a password may not be. */
#include "base/embed.h"
#include "credentials/password_rules.h"
#include "unit.h"

#include <string.h>

extern const struct embedded_file passport_data[];

static const char *rule(const char *password)
{
	static struct arena arena;
	arena_init(&arena);
	const char *broken =
	    password_broken_rule(&arena, password, "harbour.master7@example.org", "Ann O'Hara-Smith Øre");
	arena_done(&arena);
	return broken ? broken : "none";
}

static void test_common_passwords_are_refused_in_any_case(void **state)
{
	(void)state;
	assert_string_equal(rule("password"), "common_password");
	assert_string_equal(rule("PassWord"), "common_password");
	assert_string_equal(rule("12345678"), "common_password");
	assert_string_equal(rule("trustno1"), "common_password");
	assert_string_equal(rule("!qaz2wsx"), "common_password");
	assert_string_equal(rule("zzzzzzz1"), "common_password");
}

static void test_others_are_not(void **state)
{
	(void)state;
	static const char *const fine[] = {"passwor",
					   "password\n",
					   "zzzzzzz2",
					   "!!!!!!!!!",
					   "~~~~~~~~~~",
					   "# The passwords",
					   "correct horse battery",
					   " password",
					   "pass word",
					   "пароль-и-соль",
					   "😀😀😀😀😀😀😀😀"};
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		assert_string_equal(rule(fine[i]), "none");
}

/* Every line of the list is found, so its order fits the search; and it is as long as it has to be. */
static void test_the_whole_list_is_found(void **state)
{
	(void)state;
	size_t count = 0;
	for (const char *line = passport_data[0].start; line < passport_data[0].end; line += strcspn(line, "\n") + 1) {
		size_t length = strcspn(line, "\n");
		if (strncmp(line, "# ", 2) == 0)
			continue;
		assert_in_range(length, 8, 128);
		char word[256];
		memcpy(word, line, length);
		word[length] = '\0';
		assert_string_equal(rule(word), "common_password");
		count++;
	}
	assert_in_range(count, 3000, 100000);
}

static void test_words_of_the_account_are_refused(void **state)
{
	(void)state;
	static const char *const words[] = {"eventloop",     "EventLoop2026!",	 "event-loop", "harbour.master7",
					    "HarbourMaster", "1harbour.master!", "Ann123456",  "ann o'hara-smith øre",
					    "OHaraSmith99",  "ØRE!!!!!!"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_string_equal(rule(words[i]), "context_word");
	assert_string_equal(rule("harbour and master"), "none");
	assert_string_equal(rule("eventloopy thing"), "none");
}

static void test_an_account_may_have_no_letters_in_its_words(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	assert_string_equal(password_broken_rule(&arena, "4915112345", "4915112345@example.org", NULL), "context_word");
	assert_null(password_broken_rule(&arena, "4915112346", "4915112345@example.org", "7"));
	assert_null(password_broken_rule(&arena, "4915112346", NULL, NULL));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_common_passwords_are_refused_in_any_case),
	    cmocka_unit_test(test_others_are_not),
	    cmocka_unit_test(test_the_whole_list_is_found),
	    cmocka_unit_test(test_words_of_the_account_are_refused),
	    cmocka_unit_test(test_an_account_may_have_no_letters_in_its_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
