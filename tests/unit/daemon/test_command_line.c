/* What a daemon is told on its command line, and what it says when that cannot be. */
#include "daemon/daemon_fixture.h"

static void expect_complaint(const char *const *arguments, int status, const char *part)
{
	static struct child child;
	run_daemon(&child, arguments);
	assert_int_equal(wait_status(&child), status);
	if (!strstr(child.text, part))
		fail_msg("%s is not in %s", part, child.text);
	expect_log_lines(child.text);
}

static void expect_run(const char *const *arguments, int status, const char *part)
{
	static struct child child;
	run_daemon(&child, arguments);
	assert_int_equal(wait_status(&child), status);
	if (!strstr(child.text, part))
		fail_msg("%s is not in %s", part, child.text);
}

static void test_command_line(void **state)
{
	(void)state;
	expect_run((const char *const[]){"--version", NULL}, 0, "eventloop-toy 0.");
	expect_run((const char *const[]){"--help", NULL}, 0, "count ARGUMENTS: writes them");
	expect_run((const char *const[]){"--help", NULL}, 0, "--shutdown-grace");
	expect_run((const char *const[]){"serve", "--print-config", "--service-secret", "hidden", NULL}, 0,
		   "service_secret = ***");
	expect_complaint((const char *const[]){"--link-secret=", NULL}, 2, "\\\"link_secret\\\" is required");
	expect_complaint((const char *const[]){"--link-secret=0123456789012345678901234567890", NULL}, 2,
			 "(32 to 500 bytes)");
	expect_complaint((const char *const[]){"--link-secret-previous=short", NULL}, 2, "link_secret_previous");
	expect_complaint((const char *const[]){"--port", "70000", NULL}, 2, "port");
	expect_complaint((const char *const[]){"serve", "--no-such", "x", NULL}, 2, "no-such");
	expect_complaint((const char *const[]){"serve", "operand", NULL}, 2, "operand");
	expect_complaint((const char *const[]){"nonsense", NULL}, 2, "there is no such command");
	expect_run((const char *const[]){"count", "--own", "a b", "--log-level", "error", "file", "--x=1", NULL}, 7,
		   "[--own][a b][file][--x=1]error");
	expect_complaint((const char *const[]){"migrate", NULL}, 0, "");
	expect_complaint((const char *const[]){"dead-letters", "replay", NULL}, 2, "no database");
	expect_complaint((const char *const[]){"check", NULL}, 2, "no database");
	expect_complaint((const char *const[]){"--port=0", "--fail-at-start", NULL}, 1, "told to fail");
	expect_complaint((const char *const[]){"--port=0", "--workers=9", NULL}, 1, "buffer_budget is too small");
}

static void test_taken_port(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, NULL);
	char port[32];
	(void)snprintf(port, sizeof(port), "--port=%ld", child.port);
	expect_run((const char *const[]){"serve", port, NULL}, 1, "taken");
	(void)snprintf(port, sizeof(port), "--link-port=%ld", child.link_port);
	expect_run((const char *const[]){"serve", "--port=0", port, NULL}, 1, "taken");
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(wait_status(&child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_command_line),
	    cmocka_unit_test(test_taken_port),
	};
	(void)setenv("EVENTLOOP_LINK_SECRET", LINK_SECRET, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
