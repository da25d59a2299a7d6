/* The last line of a process. */
#include "base/fatal.h"
#include "child.h"

#include <signal.h>
#include <string.h>

static void die(void)
{
	fatal("no room for %d", 7);
}

static void mark(const char *message)
{
	(void)fprintf(stderr, "<%s>", message);
	(void)fflush(stderr);
}

static void die_marked(void)
{
	fatal_on(mark);
	die();
}

static void assert_aborted(int status)
{
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_is_a_bare_line_without_a_log(void **state)
{
	(void)state;
	char text[1000];
	assert_aborted(said_by_child(die, text, sizeof(text)));
	assert_int_equal(strncmp(text, "fatal: ", 7), 0);
	assert_non_null(strstr(text, ": no room for 7\n"));
}

static void test_goes_to_who_asked_for_it(void **state)
{
	(void)state;
	char text[1000];
	assert_aborted(said_by_child(die_marked, text, sizeof(text)));
	assert_int_equal(strncmp(text, "<fatal: ", 8), 0);
	assert_non_null(strstr(text, ": no room for 7>"));
}

static void die_of_a_long_message(void)
{
	char message[2000];
	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	fatal("%s", message);
}

static void test_is_cut_off_where_it_grows_too_long(void **state)
{
	(void)state;
	char text[3000];
	assert_aborted(said_by_child(die_of_a_long_message, text, sizeof(text)));
	assert_non_null(strstr(text, "xxx\n"));
	assert_true(strcspn(text, "\n") < 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_is_a_bare_line_without_a_log),
	    cmocka_unit_test(test_goes_to_who_asked_for_it),
	    cmocka_unit_test(test_is_cut_off_where_it_grows_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
