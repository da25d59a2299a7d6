/* What reaches standard output: a line a write, in JSON or as text for people, whole however many threads write. */
#include "telemetry/log_fixture.h"
#include "telemetry/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { THREADS = 4, LINES = 500, DATAGRAM = 2 * LOG_LINE_MAX };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SINK(test_line_is_one_write),
	    WITH_SINK(test_text_format_is_for_people),
	    WITH_SINK(test_unwritable_output_is_counted),
	    WITH_SINK(test_threads_do_not_mix_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
