/* A line of the log: what stands in it, what is masked, what hostile texts do to it. */
#include "base/fatal.h"
#include "base/mask.h"
#include "child.h"
#include "telemetry/log_fixture.h"

#include <json-c/json.h>
#include <signal.h>
#include <string.h>

static void test_line_carries_the_request(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)snprintf(ctx.traceparent, sizeof(ctx.traceparent), "00-%032d-%016d-01", 7, 8);
	ctx.method = "events.booking.create";
	ctx.user = "01940c6e-6e1a-7c3b-8a5f-0123456789ab";
	ctx.actor = "01940c6e-6e1a-7c3b-8a5f-000000000001";
	log_event(LOG_INFO, &ctx, "booked", LOG_STRING("listing", "x\"y"), LOG_NUMBER("duration_us", -12));
	struct json_object *object = parse_seen();
	char time[CLOCK_TEXT_SIZE];
	(void)snprintf(time, sizeof(time), "%s", json_object_get_string(json_object_object_get(object, "time")));
	(void)json_object_put(object);
	int64_t wall;
	assert_true(clock_parse(time, &wall));
	assert_member("level", "info");
	assert_member("daemon", "events");
	assert_member("request_id", ctx.request_id);
	assert_member("trace_id", "00000000000000000000000000000007");
	assert_member("method", ctx.method);
	assert_member("user", ctx.user);
	assert_member("actor", ctx.actor);
	assert_member("message", "booked");
	assert_member("listing", "x\"y");
	assert_member("duration_us", "-12");
	assert_true(strncmp(seen.line, "{\"time\":\"", 9) == 0);
	context_done(&ctx);
}

static void test_unknown_things_are_left_out(void **state)
{
	(void)state;
	log_event(LOG_WARNING, NULL, "started", LOG_STRING("absent", NULL), LOG_STRING("empty", ""));
	assert_member("request_id", NULL);
	assert_member("method", NULL);
	assert_member("absent", NULL);
	assert_member("empty", "");
	assert_member("level", "warning");
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	log_event(LOG_ERROR, &ctx, "x");
	assert_member("trace_id", NULL);
	assert_member("user", NULL);
	assert_member("actor", NULL);
	context_done(&ctx);
}

static void test_lower_levels_are_not_written(void **state)
{
	(void)state;
	log_configure("events", LOG_WARNING, LOG_JSON);
	log_event(LOG_INFO, NULL, "quiet");
	assert_int_equal(seen.count, 0);
	assert_false(log_enabled(LOG_INFO));
	assert_true(log_enabled(LOG_WARNING));
	log_event(LOG_WARNING, NULL, "loud");
	assert_int_equal(seen.count, 1);
	enum log_level level = LOG_ERROR;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_false(log_level_parse("verbose", &level));
	assert_int_equal(level, LOG_DEBUG);
}

static void test_names_tell_secrets(void **state)
{
	(void)state;
	static const char *const secret[] = {
	    "password", "Password",	 "new_password", "passwords",	  "refresh_token", "api-key", "key",
	    "apiKey",	"Authorization", "set-cookie",	 "client.secret", "email",	   "phone",   "accessToken"};
	static const char *const open[] = {"keyboard", "monkey", "tokenizer", "kid",   "method",
					   "",	       "_",	 "secretary", "status"};
	for (size_t i = 0; i < ARRAY_SIZE(secret); i++) {
		if (!mask_name_is_secret(secret[i]))
			fail_msg("%s is shown", secret[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
		if (mask_name_is_secret(open[i]))
			fail_msg("%s is masked", open[i]);
	}
}

static void test_secret_fields_are_masked(void **state)
{
	(void)state;
	log_event(LOG_INFO, NULL, "login", LOG_STRING("password", "hunter2"), LOG_NUMBER("token", 123456789),
		  LOG_STRING("mail_phone", "+49 30 1234"));
	assert_member("password", "***");
	assert_member("token", "***");
	assert_null(strstr(seen.line, "hunter2"));
	assert_null(strstr(seen.line, "123456789"));
	assert_null(strstr(seen.line, "1234"));
	log_configure("events", LOG_INFO, LOG_TEXT);
	log_event(LOG_INFO, NULL, "login", LOG_STRING("password", "hunter2"));
	assert_null(strstr(seen.line, "hunter2"));
}

static void assert_masked(const char *text, const char *expected)
{
	struct buffer out;
	buffer_init(&out, 1000);
	mask_append(&out, text);
	assert_string_equal(buffer_text(&out), expected);
	buffer_done(&out);
}

static void test_secrets_in_texts_are_masked(void **state)
{
	(void)state;
	assert_masked("postgresql://user:pa:ss@host:5432/db failed", "postgresql://user:***@host:5432/db failed");
	assert_masked("a http://u:p@ss@h b //x:y@z", "a http://u:***@h b //x:***@z");
	assert_masked("http://host:80/path?x=a@b", "http://host:80/path?x=a@b");
	assert_masked("http://user@host/", "http://user@host/");
	assert_masked("// comment: mail@host", "// comment: mail@host");
	assert_masked("Authorization: Bearer abc.def-123, x", "Authorization: Bearer ***, x");
	assert_masked("basic dXNlcjpwYXNz", "basic ***");
	assert_masked("basic rules", "basic rules");
	assert_masked("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!", "got ***!");
	assert_masked("eyJust.text", "eyJust.text");
	assert_masked("", "");
	assert_masked("/", "/");
	assert_masked("//", "//");
	assert_masked("//:@", "//:@");
}

static void test_error_is_logged_with_its_cause(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(context_fail_internal(&ctx, "connect postgres://u:hidden@h/d: refused"), -1);
	memcpy(ctx.error.sqlstate, "08006", 6);
	log_error_of(LOG_ERROR, &ctx, "cannot answer");
	assert_member("error", "internal");
	assert_member("cause", "connect postgres://u:***@h/d: refused");
	assert_member("sqlstate", "08006");
	assert_member("constraint", NULL);
	struct json_object *object = parse_seen();
	const char *place = json_object_get_string(json_object_object_get(object, "place"));
	assert_non_null(strstr(place, "test_log.c:"));
	(void)json_object_put(object);
	context_done(&ctx);
}

static void test_hostile_texts_stay_on_one_line(void **state)
{
	(void)state;
	log_event(LOG_INFO, NULL, "two\nlines\x01\xFF", LOG_STRING("field", "a\r\n{\"level\":\"error\"}"));
	assert_null(memchr(seen.line, '\n', seen.length));
	assert_member("message", "two\nlines\x01\xEF\xBF\xBD");
	assert_member("field", "a\r\n{\"level\":\"error\"}");
}

static void test_too_long_a_line_is_replaced(void **state)
{
	(void)state;
	static char text[LOG_LINE_MAX + 1];
	memset(text, 'x', sizeof(text) - 1);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	log_event(LOG_INFO, &ctx, "big", LOG_STRING("text", text));
	assert_member("message", "a log line was too long");
	assert_member("request_id", ctx.request_id);
	assert_member("text", NULL);
	memset(text, '\x01', LOG_LINE_MAX / 4);
	text[LOG_LINE_MAX / 4] = '\0';
	log_event(LOG_INFO, &ctx, text);
	assert_member("message", "a log line was too long");
	context_done(&ctx);
}

static void repeat_names(void)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	log_set_output(STDERR_FILENO);
	log_set_sink(NULL, NULL);
	log_event(LOG_INFO, &ctx, "forward", LOG_STRING("daemon", "passport"), LOG_STRING("reason", NULL),
		  LOG_STRING("reason", "first"), LOG_NUMBER("reason", 2));
	context_done(&ctx);
}

static void test_names_stand_once(void **state)
{
	(void)state;
	char text[2000];
	int status = said_by_child(repeat_names, text, sizeof(text));
#ifdef EVENTLOOP_FAULTS
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(text, "the log line 'forward' has daemon twice"));
#else
	assert_int_equal(status, 0);
	assert_non_null(strstr(text, "\"daemon\":\"events\""));
	assert_non_null(strstr(text, "\"message\":\"forward\",\"reason\":\"first\"}\n"));
	assert_null(strstr(text, "passport"));
#endif
}

static void die(void)
{
	fatal("no \"room\" for\n%s", "C:\\");
}

static void test_last_words_are_a_line(void **state)
{
	(void)state;
	char text[2000];
	int status = said_by_child(die, text, sizeof(text));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	(void)snprintf(seen.line, sizeof(seen.line), "%s", text);
	assert_member("level", "error");
	assert_member("daemon", "events");
	struct json_object *object = parse_seen();
	const char *message = json_object_get_string(json_object_object_get(object, "message"));
	assert_true(strncmp(message, "fatal: ", 7) == 0);
	assert_non_null(strstr(message, "no 'room' for C:'"));
	(void)json_object_put(object);
}

static void test_texts_for_people_become_lines(void **state)
{
	(void)state;
	log_each_line(LOG_WARNING, "one\n\ntwo");
	assert_int_equal(seen.count, 2);
	assert_member("message", "two");
	log_each_line(LOG_WARNING, "\n");
	assert_int_equal(seen.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SINK(test_line_carries_the_request),	    WITH_SINK(test_unknown_things_are_left_out),
	    WITH_SINK(test_lower_levels_are_not_written),   cmocka_unit_test(test_names_tell_secrets),
	    WITH_SINK(test_secret_fields_are_masked),	    cmocka_unit_test(test_secrets_in_texts_are_masked),
	    WITH_SINK(test_error_is_logged_with_its_cause), WITH_SINK(test_hostile_texts_stay_on_one_line),
	    WITH_SINK(test_too_long_a_line_is_replaced),    WITH_SINK(test_names_stand_once),
	    WITH_SINK(test_last_words_are_a_line),	    WITH_SINK(test_texts_for_people_become_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
