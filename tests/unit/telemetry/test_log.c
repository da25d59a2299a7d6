#include "base/fatal.h"
#include "base/mask.h"
#include "child.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 4, LINES = 500, DATAGRAM = 2 * LOG_LINE_MAX };

/* What the sink got last. */
static struct {
	char line[LOG_LINE_MAX + 1];
	size_t length;
	int count;
} seen;

static void keep_line(const char *line, size_t length, void *argument)
{
	(void)argument;
	assert_true(length < sizeof(seen.line));
	memcpy(seen.line, line, length);
	seen.line[length] = '\0';
	seen.length = length;
	seen.count++;
}

static int listen_only(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	log_configure("events", LOG_DEBUG, LOG_JSON);
	log_set_output(-1);
	log_set_sink(keep_line, NULL);
	return 0;
}

static int stop_listening(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	log_set_output(STDOUT_FILENO);
	return 0;
}

static struct json_object *parse_seen(void)
{
	struct json_object *object = json_tokener_parse(seen.line);
	if (!object)
		fail_msg("no JSON: %s", seen.line);
	return object;
}

static void assert_member(const char *name, const char *expected)
{
	struct json_object *object = parse_seen();
	struct json_object *value;
	bool found = json_object_object_get_ex(object, name, &value);
	if (!expected)
		assert_false(found);
	else if (!found)
		fail_msg("no %s in %s", name, seen.line);
	else
		assert_string_equal(json_object_get_string(value), expected);
	(void)json_object_put(object);
}

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

/* A datagram a write: shows what one write() carried. */
static void test_line_is_one_write(void **state)
{
	(void)state;
	int size = 4 * DATAGRAM;
	char *text = malloc(DATAGRAM);
	assert_non_null(text);
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	log_set_output(ends[0]);
	errno = ENOENT;
	log_event(LOG_INFO, NULL, "first", LOG_STRING("a", "b"));
	assert_int_equal(errno, ENOENT);
	char long_text[3000];
	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	log_event(LOG_INFO, NULL, "second", LOG_STRING("a", long_text), LOG_STRING("b", long_text));
	for (int i = 0; i < 2; i++) {
		ssize_t length = recv(ends[1], text, DATAGRAM, MSG_DONTWAIT);
		assert_true(length > 0);
		assert_int_equal(text[0], '{');
		assert_int_equal(text[length - 1], '\n');
		assert_ptr_equal(memchr(text, '\n', (size_t)length), text + length - 1);
	}
	assert_int_equal(recv(ends[1], text, DATAGRAM, MSG_DONTWAIT), -1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	free(text);
}

static void test_text_format_is_for_people(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	log_set_output(ends[1]);
	log_configure("rating", LOG_INFO, LOG_TEXT);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	ctx.method = "rating.review.create";
	log_event(LOG_WARNING, &ctx, "slow\nanswer", LOG_NUMBER("took_us", 5), LOG_STRING("why", "two words"),
		  LOG_STRING("forged", "x\ny"));
	char text[1000];
	ssize_t length = read(ends[0], text, sizeof(text) - 1);
	assert_true(length > 0);
	text[length] = '\0';
	assert_ptr_equal(strchr(text, '\n'), text + length - 1);
	assert_non_null(strstr(text, "Z warning rating: slow answer took_us=5 why=\"two words\" forged=\"x\\ny\""));
	assert_non_null(strstr(text, " method=rating.review.create\n"));
	/* The sink gets JSON all the same. */
	assert_member("why", "two words");
	context_done(&ctx);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void test_unwritable_output_is_counted(void **state)
{
	(void)state;
	struct metric *dropped = metric_single(METRIC_COUNTER, "eventloop_log_lines_dropped_total",
					       "Log lines that standard output did not take.");
	int64_t before = metric_value(dropped);
	int read_only = open("/dev/null", O_RDONLY);
	assert_true(read_only >= 0);
	log_set_output(read_only);
	log_event(LOG_INFO, NULL, "lost");
	assert_int_equal(metric_value(dropped), before + 1);
	assert_member("message", "lost");
	(void)close(read_only);
}

static void *write_lines(void *argument)
{
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, NULL, "from a thread", LOG_NUMBER("thread", *(int *)argument),
			  LOG_NUMBER("line", i));
	return NULL;
}

/* Reads until every writer has closed; returns how many whole JSON lines there were. */
static int count_json_lines(int descriptor)
{
	int count = 0;
	FILE *file = fdopen(descriptor, "r");
	assert_non_null(file);
	char line[2000];
	while (fgets(line, sizeof(line), file)) {
		struct json_object *object = json_tokener_parse(line);
		if (!object)
			fail_msg("broken line: %s", line);
		(void)json_object_put(object);
		count++;
	}
	(void)fclose(file);
	return count;
}

static void *count_in_thread(void *argument)
{
	int *descriptor_and_count = argument;
	*descriptor_and_count = count_json_lines(*descriptor_and_count);
	return NULL;
}

static void test_threads_do_not_mix_lines(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	log_set_output(ends[1]);
	pthread_t reader;
	assert_int_equal(pthread_create(&reader, NULL, count_in_thread, &ends[0]), 0);
	pthread_t writers[THREADS];
	int numbers[THREADS];
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&writers[i], NULL, write_lines, &numbers[i]), 0);
	}
	/* Settings may change meanwhile. */
	for (int i = 0; i < 100; i++)
		log_configure("events", i % 2 == 0 ? LOG_DEBUG : LOG_INFO, LOG_JSON);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(writers[i], NULL), 0);
	log_set_output(-1);
	(void)close(ends[1]);
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_int_equal(ends[0], THREADS * LINES);
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

#define WITH_SINK(test) cmocka_unit_test_setup_teardown(test, listen_only, stop_listening)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SINK(test_line_carries_the_request),	    WITH_SINK(test_unknown_things_are_left_out),
	    WITH_SINK(test_lower_levels_are_not_written),   cmocka_unit_test(test_names_tell_secrets),
	    WITH_SINK(test_secret_fields_are_masked),	    cmocka_unit_test(test_secrets_in_texts_are_masked),
	    WITH_SINK(test_error_is_logged_with_its_cause), WITH_SINK(test_hostile_texts_stay_on_one_line),
	    WITH_SINK(test_too_long_a_line_is_replaced),    WITH_SINK(test_line_is_one_write),
	    WITH_SINK(test_text_format_is_for_people),	    WITH_SINK(test_unwritable_output_is_counted),
	    WITH_SINK(test_threads_do_not_mix_lines),	    WITH_SINK(test_names_stand_once),
	    WITH_SINK(test_last_words_are_a_line),	    WITH_SINK(test_texts_for_people_become_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
