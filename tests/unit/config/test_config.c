/* Settings from defaults, a file, the environment and flags. */
#include "config/config_fixture.h"

#define KIBIBYTE 1024

static void test_defaults_hold_without_anything(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(LOAD(fixture), 0);
	assert_int_equal(config_integer(fixture->config, "port"), 7002);
	assert_string_equal(config_text(fixture->config, "database_url"), "");
	assert_string_equal(config_text(fixture->config, "log_format"), "json");
	assert_int_equal(config_integer(fixture->config, "grace"), 10000000);
	assert_int_equal(config_integer(fixture->config, "body_limit"), KIBIBYTE * KIBIBYTE);
	assert_false(config_boolean(fixture->config, "migrate"));
}

static void test_later_sources_win(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "port = 1001\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path), 0);
	assert_int_equal(config_integer(fixture->config, "port"), 1001);
	assert_int_equal(setenv("EVENTLOOP_PORT", "1002", 1), 0);
	assert_int_equal(LOAD(fixture, "--config", fixture->path), 0);
	assert_int_equal(config_integer(fixture->config, "port"), 1002);
	assert_int_equal(setenv("EVENTS_PORT", "1003", 1), 0);
	assert_int_equal(LOAD(fixture, "--config", fixture->path), 0);
	assert_int_equal(config_integer(fixture->config, "port"), 1003);
	assert_int_equal(LOAD(fixture, "--port=1004", "--config", fixture->path), 0);
	assert_int_equal(config_integer(fixture->config, "port"), 1004);
}

static void test_row_may_name_a_variable_of_others(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(setenv("STANDARD_SEARCH_ENDPOINT", "http://a", 1), 0);
	assert_int_equal(LOAD(fixture), 0);
	assert_string_equal(config_text(fixture->config, "search_url"), "http://a");
	assert_int_equal(setenv("EVENTLOOP_SEARCH_URL", "http://b", 1), 0);
	assert_int_equal(LOAD(fixture), 0);
	assert_string_equal(config_text(fixture->config, "search_url"), "http://b");
}

static void test_flags_have_several_spellings(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(LOAD(fixture, "one", "--log-format", "text", "--migrate", "two", "--grace=5s", "--", "--port"),
			 0);
	assert_string_equal(config_text(fixture->config, "log_format"), "text");
	assert_true(config_boolean(fixture->config, "migrate"));
	assert_int_equal(config_integer(fixture->config, "grace"), 5000000);
	int count;
	char *const *operands = config_operands(fixture->config, &count);
	assert_int_equal(count, 3);
	assert_string_equal(operands[0], "one");
	assert_string_equal(operands[1], "two");
	assert_string_equal(operands[2], "--port");
	assert_int_equal(LOAD(fixture, "--migrate=no"), 0);
	assert_false(config_boolean(fixture->config, "migrate"));
}

static void test_unknown_names_stop_the_start(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(LOAD(fixture, "--prot=1"), -1);
	assert_said(fixture, "unknown flag --prot\n");
	write_file(fixture, "# fine\n\nport = 1\nprot = 2\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path), -1);
	assert_said(fixture, "unknown setting \"prot\" (");
	assert_said(fixture, ":4)");
	assert_int_equal(config_integer(fixture->config, "port"), 7002);
	assert_int_equal(setenv("EVENTS_TITEL", "x", 1), 0);
	assert_int_equal(LOAD(fixture), -1);
	assert_said(fixture, "\"EVENTS_TITEL\"");
	assert_int_equal(LOAD(fixture, "--config=/does/not/exist"), -1);
	assert_said(fixture, "/does/not/exist");
}

static void test_what_others_set_is_let_through(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(setenv("EVENTLOOP_UNKNOWN", "x", 1), 0);
	assert_int_equal(setenv("EVENTS_SERVICE_HOST", "10.0.0.1", 1), 0);
	assert_int_equal(setenv("EVENTS_SERVICE_PORT_RPC", "7002", 1), 0);
	assert_int_equal(setenv("EVENTS_PORT_7002_TCP", "tcp://10.0.0.1:7002", 1), 0);
	assert_int_equal(setenv("EVENTS_PORT", "tcp://10.0.0.1:7002", 1), 0);
	assert_int_equal(LOAD(fixture), 0);
	assert_int_equal(config_integer(fixture->config, "port"), 7002);
}

static void test_bad_values_are_named(void **state)
{
	static const struct {
		const char *flag;
		const char *said;
	} cases[] = {
	    {"--port=abc", "setting \"port\" (flag --port): \"abc\" is not a whole number (1 to 65535)"},
	    {"--port=0", "\"port\""},
	    {"--port=65536", "is outside its bounds"},
	    {"--port=99999999999999999999", "\"port\""},
	    {"--port=", "\"port\""},
	    {"--port= 80", "\"port\""},
	    {"--port=80 ", "\"port\""},
	    {"--log-format=xml", "is not one of its choices: json|text"},
	    {"--log-format=json|text", "choices"},
	    {"--grace=10", "is not a duration"},
	    {"--grace=-1s", "is not a duration"},
	    {"--grace=1.5s", "is not a duration"},
	    {"--grace=1 s", "is not a duration"},
	    {"--grace=61s", "is outside its bounds"},
	    {"--grace=9223372036854775807d", "is not a duration"},
	    {"--body-limit=1MB", "is not a size"},
	    {"--body-limit=9999999999999GiB", "is not a size"},
	    {"--migrate=maybe", "is not a boolean"},
	    {"--title=x", "has a length outside its bounds"},
	    {"--title=\xFF\xFE", "is not UTF-8"},
	    {"--title", "flag --title needs a value"},
	    {"--config", "flag --config needs a value"},
	};
	struct fixture *fixture = *state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (LOAD(fixture, cases[i].flag) != -1)
			fail_msg("accepted: %s", cases[i].flag);
		assert_said(fixture, cases[i].said);
		assert_true(strncmp(fixture->said, "events: ", 8) == 0);
	}
}

static void test_all_faults_are_told_at_once(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(LOAD(fixture, "--port=x", "--grace=y", "--nonsense=1"), -1);
	assert_said(fixture, "\"port\"");
	assert_said(fixture, "\"grace\"");
	assert_said(fixture, "--nonsense");
}

static void test_units_are_read(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *flag;
		int64_t value;
	} durations[] = {
	    {"--grace=250ms", 250000}, {"--grace=30us", 30}, {"--grace=1m", 60000000}, {"--grace=60s", 60000000}};
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		assert_int_equal(LOAD(fixture, durations[i].flag), 0);
		assert_int_equal(config_integer(fixture->config, "grace"), durations[i].value);
	}
	assert_int_equal(LOAD(fixture, "--body-limit=512"), 0);
	assert_int_equal(config_integer(fixture->config, "body_limit"), 512);
	assert_int_equal(LOAD(fixture, "--body-limit=16KiB"), 0);
	assert_int_equal(config_integer(fixture->config, "body_limit"), 16384);
	assert_int_equal(LOAD(fixture, "--body-limit=3GiB"), 0);
	assert_true(config_integer(fixture->config, "body_limit") == INT64_C(3221225472));
	assert_int_equal(LOAD(fixture, "--body-limit=0"), 0);
	assert_int_equal(config_integer(fixture->config, "body_limit"), 0);
}

static void test_file_has_comments_and_quotes(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "  # a comment\r\n"
			    "title = \"a \\\"b\\\" # \\\\ c\"  # said\r\n"
			    "\tsearch_url=http://h/#fragment # and a comment\n"
			    "port = 81 \t\n"
			    "database_url = ");
	assert_int_equal(LOAD(fixture, "--config", fixture->path), 0);
	assert_string_equal(config_text(fixture->config, "title"), "a \"b\" # \\ c");
	assert_string_equal(config_text(fixture->config, "search_url"), "http://h/#fragment");
	assert_int_equal(config_integer(fixture->config, "port"), 81);
	write_file(fixture, "title = \"open\nport 5\ntitle = \"x\" y\n= 5\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path), -1);
	assert_said(fixture, ":1): the quotes do not match");
	assert_said(fixture, ":2: not of the form");
	assert_said(fixture, ":3): the quotes do not match");
	assert_said(fixture, "unknown setting \"\"");
}

static void test_twice_is_a_fault(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(LOAD(fixture, "--port=1", "--port=2"), -1);
	assert_said(fixture, "setting \"port\" (flag --port) is given twice");
	write_file(fixture, "port = 1\nport = 1\n");
	assert_int_equal(LOAD(fixture, "--config", fixture->path), -1);
	assert_said(fixture, "given twice");
	assert_int_equal(setenv("EVENTS_DATABASE_URL", "x", 1), 0);
	assert_int_equal(setenv("EVENTS_DATABASE_URL_FILE", fixture->path, 1), 0);
	assert_int_equal(LOAD(fixture), -1);
	assert_said(fixture, "EVENTS_DATABASE_URL_FILE) is given twice");
}

static void test_secrets_come_from_files(void **state)
{
	struct fixture *fixture = *state;
	write_file(fixture, "postgresql://secret \n");
	assert_int_equal(setenv("EVENTS_DATABASE_URL_FILE", fixture->path, 1), 0);
	assert_int_equal(LOAD(fixture), 0);
	assert_string_equal(config_text(fixture->config, "database_url"), "postgresql://secret ");
	assert_int_equal(unsetenv("EVENTS_DATABASE_URL_FILE"), 0);
	assert_int_equal(LOAD(fixture, "--database-url-file", fixture->path), 0);
	assert_string_equal(config_text(fixture->config, "database_url"), "postgresql://secret ");
	assert_int_equal(LOAD(fixture, "--database-url-file=/does/not/exist"), -1);
	assert_said(fixture, "setting \"database_url\" (flag --database-url-file): the file \"/does/not/exist\"");
	/* Only secrets. */
	assert_int_equal(LOAD(fixture, "--title-file", fixture->path), -1);
	assert_int_equal(setenv("EVENTS_TITLE_FILE", fixture->path, 1), 0);
	assert_int_equal(LOAD(fixture), -1);
	assert_said(fixture, "EVENTS_TITLE_FILE");
}

static char *print(const struct config *config, void (*printer)(const struct config *config, FILE *out))
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	printer(config, out);
	(void)fclose(out);
	return text;
}

static void test_secrets_are_never_shown(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(setenv("EVENTLOOP_DATABASE_URL", "hidden-1", 1), 0);
	assert_int_equal(LOAD(fixture, "--search-url=http://user:hidden-2@host/"), 0);
	char *text = print(fixture->config, config_print);
	assert_non_null(strstr(text, "database_url = ***  # environment\n"));
	assert_non_null(strstr(text, "search_url = \"http://user:***@host/\"  # flag\n"));
	assert_null(strstr(text, "hidden"));
	free(text);
	assert_int_equal(LOAD(fixture, "--database-url=hidden\xFF"), -1);
	assert_said(fixture, "\"database_url\"");
	assert_null(strstr(fixture->said, "hidden"));
}

static void test_printed_values_can_be_read_again(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(LOAD(fixture, "--title=a \"b\" # \\", "--port=99", "--grace=30s"), 0);
	char *text = print(fixture->config, config_print);
	write_file(fixture, text);
	free(text);
	assert_int_equal(LOAD(fixture, "--config", fixture->path), 0);
	assert_string_equal(config_text(fixture->config, "title"), "a \"b\" # \\");
	assert_int_equal(config_integer(fixture->config, "port"), 99);
	assert_int_equal(config_integer(fixture->config, "grace"), 30000000);
}

static void test_help_tells_every_setting(void **state)
{
	struct fixture *fixture = *state;
	char *text = print(fixture->config, config_print_help);
	assert_non_null(strstr(text, "\n  --database-url TEXT"));
	assert_non_null(strstr(text, "\n  --port "));
	assert_non_null(strstr(text, "EVENTS_DATABASE_URL"));
	assert_non_null(strstr(text, "TCP port of events; default 7002; 1 to 65535"));
	assert_non_null(strstr(text, "json|text"));
	assert_non_null(strstr(text, "STANDARD_SEARCH_ENDPOINT"));
	free(text);
}

static void test_required_settings_must_be_set(void **state)
{
	(void)state;
	static const struct config_option options[] = {
	    {.name = "master_key", .type = CONFIG_TEXT, .flags = CONFIG_REQUIRED | CONFIG_SECRET}, {.name = NULL}};
	struct fixture fixture = {.config = config_new("events", options, NULL)};
	assert_int_equal(LOAD(&fixture), -1);
	assert_said(&fixture, "setting \"master_key\" is required: set EVENTS_MASTER_KEY");
	assert_int_equal(LOAD(&fixture, "--master-key="), -1);
	assert_int_equal(LOAD(&fixture, "--master-key=x"), 0);
	config_free(fixture.config);
	free(fixture.said);
}

static void test_oversized_file_is_refused(void **state)
{
	struct fixture *fixture = *state;
	FILE *file = fopen(fixture->path, "w");
	assert_non_null(file);
	for (int i = 0; i <= CONFIG_MAX_VALUE; i++)
		assert_int_equal(fputc('#', file), '#');
	assert_int_equal(fclose(file), 0);
	assert_int_equal(LOAD(fixture, "--config", fixture->path), -1);
	assert_said(fixture, "is too long");
	assert_int_equal(LOAD(fixture, "--config", "/tmp"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FIXTURE(test_defaults_hold_without_anything),
	    WITH_FIXTURE(test_later_sources_win),
	    WITH_FIXTURE(test_row_may_name_a_variable_of_others),
	    WITH_FIXTURE(test_flags_have_several_spellings),
	    WITH_FIXTURE(test_unknown_names_stop_the_start),
	    WITH_FIXTURE(test_what_others_set_is_let_through),
	    WITH_FIXTURE(test_bad_values_are_named),
	    WITH_FIXTURE(test_all_faults_are_told_at_once),
	    WITH_FIXTURE(test_units_are_read),
	    WITH_FIXTURE(test_file_has_comments_and_quotes),
	    WITH_FIXTURE(test_twice_is_a_fault),
	    WITH_FIXTURE(test_secrets_come_from_files),
	    WITH_FIXTURE(test_secrets_are_never_shown),
	    WITH_FIXTURE(test_printed_values_can_be_read_again),
	    WITH_FIXTURE(test_help_tells_every_setting),
	    WITH_FIXTURE(test_required_settings_must_be_set),
	    WITH_FIXTURE(test_oversized_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
