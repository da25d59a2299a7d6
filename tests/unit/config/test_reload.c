/* Settings read again while the process runs. */
#include "config/config_fixture.h"

static void test_reload_takes_what_may_change(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "grace = 1s\nport = 100\ntitle = first\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path), 0);
	const char *held = config_text(fixture->config, "title");
	write_file(fixture, "grace = 2s\nport = 200\ntitle = second\n");
	assert_int_equal(reload(fixture), 0);
	assert_int_equal(config_integer(fixture->config, "grace"), 2000000);
	assert_string_equal(config_text(fixture->config, "title"), "second");
	assert_string_equal(held, "first");
	assert_int_equal(config_integer(fixture->config, "port"), 100);
	assert_said(fixture, "setting \"port\" changed and needs a restart");
	write_file(fixture, "port = 100\n");
	assert_int_equal(reload(fixture), 0);
	assert_int_equal(config_integer(fixture->config, "grace"), 10000000);
	assert_string_equal(fixture->said, "");
}

static void test_reload_keeps_everything_on_bad_input(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "grace = 1s\ntitle = first\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path, "operand"), 0);
	write_file(fixture, "title = second\ngrace = soon\n");
	assert_int_equal(reload(fixture), -1);
	assert_said(fixture, "\"grace\"");
	assert_string_equal(config_text(fixture->config, "title"), "first");
	assert_int_equal(config_integer(fixture->config, "grace"), 1000000);
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(reload(fixture), -1);
	assert_string_equal(config_text(fixture->config, "title"), "first");
	int count;
	assert_string_equal(config_operands(fixture->config, &count)[0], "operand");
	assert_int_equal(count, 1);
}

static void test_flags_outlive_a_reload(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "grace = 1s\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path, "--grace=3s"), 0);
	write_file(fixture, "grace = 2s\n");
	assert_int_equal(reload(fixture), 0);
	assert_int_equal(config_integer(fixture->config, "grace"), 3000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FIXTURE(test_reload_takes_what_may_change),
	    WITH_FIXTURE(test_reload_keeps_everything_on_bad_input),
	    WITH_FIXTURE(test_flags_outlive_a_reload),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
