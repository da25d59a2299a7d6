#include "telemetry/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 20000 };

/* The whole rendering; the caller gives it back with buffer_done. */
static struct buffer render(void)
{
	struct buffer out;
	buffer_init(&out, (size_t)4 << 20);
	metrics_render(&out);
	assert_false(buffer_failed(&out));
	return out;
}

static void assert_rendered(const char *expected)
{
	struct buffer out = render();
	if (!strstr(buffer_text(&out), expected))
		fail_msg("not rendered: %s", expected);
	buffer_done(&out);
}

static void test_counter_counts(void **state)
{
	(void)state;
	struct metric *metric = metric_single(METRIC_COUNTER, "plain_total", "Things.");
	metric_add(metric, 1);
	metric_add(metric, 41);
	assert_int_equal(metric_value(metric), 42);
	assert_rendered("# HELP plain_total Things.\n# TYPE plain_total counter\nplain_total 42\n");
}

static void test_gauge_moves_both_ways(void **state)
{
	(void)state;
	struct metric *metric = metric_single(METRIC_GAUGE, "level", "A level.");
	metric_set(metric, 5);
	metric_add(metric, -8);
	assert_int_equal(metric_value(metric), -3);
	assert_rendered("# TYPE level gauge\nlevel -3\n");
}

static void test_time_is_shown_in_seconds(void **state)
{
	(void)state;
	metric_add(metric_single(METRIC_COUNTER_SECONDS, "busy_seconds_total", "Busy."), 1250000);
	metric_set(metric_single(METRIC_GAUGE_SECONDS, "age_seconds", "Age."), -1);
	assert_rendered("# TYPE busy_seconds_total counter\nbusy_seconds_total 1.25\n");
	assert_rendered("# TYPE age_seconds gauge\nage_seconds -0.000001\n");
}

static void test_same_name_is_the_same_family(void **state)
{
	(void)state;
	struct metric_family *family = metric_register(METRIC_COUNTER, "again_total", "Once.", "a,b");
	assert_ptr_equal(metric_register(METRIC_COUNTER, "again_total", "Twice.", "a,b"), family);
	struct metric *first = metric_series(family, (const char *const[]){"1", "2"});
	assert_ptr_equal(metric_series(family, (const char *const[]){"1", "2"}), first);
	assert_ptr_not_equal(metric_series(family, (const char *const[]){"12", ""}), first);
	assert_ptr_not_equal(metric_series(family, (const char *const[]){"", "12"}), first);
	assert_ptr_equal(metric_series(family, (const char *const[]){NULL, "12"}),
			 metric_series(family, (const char *const[]){"", "12"}));
}

static void test_label_values_are_copied_and_escaped(void **state)
{
	(void)state;
	struct metric_family *family =
	    metric_register(METRIC_COUNTER, "escaped_total", "Back\\slash\nand line.", "who,what");
	char value[] = "a\"b\\c\nd";
	metric_add(metric_series(family, (const char *const[]){value, "plain"}), 1);
	value[0] = 'X';
	assert_rendered("# HELP escaped_total Back\\\\slash\\nand line.\n");
	assert_rendered("escaped_total{who=\"a\\\"b\\\\c\\nd\",what=\"plain\"} 1\n");
}

static void test_histogram_has_cumulative_buckets_in_seconds(void **state)
{
	(void)state;
	struct metric_family *family = metric_register(METRIC_HISTOGRAM, "took_seconds", "Durations.", "method");
	struct metric *metric = metric_series(family, (const char *const[]){"a.b.c"});
	const int64_t durations[] = {0, 100, 101, 2500, 10000000, 10000001};
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		metric_observe(metric, durations[i]);
	assert_int_equal(metric_value(metric), 6);
	assert_rendered("took_seconds_bucket{method=\"a.b.c\",le=\"0.0001\"} 2\n"
			"took_seconds_bucket{method=\"a.b.c\",le=\"0.00025\"} 3\n");
	assert_rendered("took_seconds_bucket{method=\"a.b.c\",le=\"0.0025\"} 4\n");
	assert_rendered("took_seconds_bucket{method=\"a.b.c\",le=\"10\"} 5\n"
			"took_seconds_bucket{method=\"a.b.c\",le=\"+Inf\"} 6\n"
			"took_seconds_sum{method=\"a.b.c\"} 20.002702\n"
			"took_seconds_count{method=\"a.b.c\"} 6\n");
}

static size_t count_lines(const char *text, const char *start)
{
	size_t count = 0;
	for (const char *found = text; (found = strstr(found, start)); found++)
		count++;
	return count;
}

static void test_series_beyond_the_bound_count_as_other(void **state)
{
	(void)state;
	struct metric_family *family = metric_register(METRIC_COUNTER, "bounded_total", "Bounded.", "id,fixed");
	char value[32];
	for (int i = 0; i < METRICS_MAX_SERIES * 3; i++) {
		(void)snprintf(value, sizeof(value), "v%d", i);
		metric_add(metric_series(family, (const char *const[]){value, "x"}), 1);
	}
	struct buffer out = render();
	assert_int_equal(count_lines(buffer_text(&out), "\nbounded_total{"), METRICS_MAX_SERIES);
	buffer_done(&out);
	char expected[100];
	(void)snprintf(expected, sizeof(expected), "bounded_total{id=\"other\",fixed=\"other\"} %d\n",
		       METRICS_MAX_SERIES * 3 - (METRICS_MAX_SERIES - 1));
	assert_rendered(expected);
	/* Known series go on counting for themselves. */
	metric_add(metric_series(family, (const char *const[]){"v0", "x"}), 1);
	assert_rendered("bounded_total{id=\"v0\",fixed=\"x\"} 2\n");
}

static void test_long_label_value_counts_as_other(void **state)
{
	(void)state;
	struct metric_family *family = metric_register(METRIC_COUNTER, "long_total", "Long.", "name,kind");
	char value[METRICS_MAX_VALUE + 2];
	memset(value, 'l', sizeof(value));
	value[METRICS_MAX_VALUE + 1] = '\0';
	metric_add(metric_series(family, (const char *const[]){value, "k"}), 1);
	assert_rendered("long_total{name=\"other\",kind=\"k\"} 1\n");
	value[METRICS_MAX_VALUE] = '\0';
	metric_add(metric_series(family, (const char *const[]){value, "k"}), 5);
	assert_int_equal(metric_value(metric_series(family, (const char *const[]){value, "k"})), 5);
}

static void set_from_outside(void *argument)
{
	metric_set(metric_single(METRIC_GAUGE, "found_out_late", "Set when rendered."), *(int *)argument);
}

static void test_collectors_run_before_rendering(void **state)
{
	(void)state;
	static int value = 17;
	metrics_on_render(set_from_outside, &value);
	assert_rendered("\nfound_out_late 17\n");
	value = 18;
	assert_rendered("\nfound_out_late 18\n");
}

static void test_rendering_past_the_limit_fails(void **state)
{
	(void)state;
	struct buffer out;
	buffer_init(&out, 64);
	metrics_render(&out);
	assert_true(buffer_failed(&out));
	buffer_done(&out);
}

static void *update_and_make(void *argument)
{
	struct metric_family *counters = argument;
	struct metric *histogram = metric_single(METRIC_HISTOGRAM, "threads_seconds", "Threads.");
	char value[16];
	for (int i = 0; i < ROUNDS; i++) {
		(void)snprintf(value, sizeof(value), "%d", i % 300);
		metric_add(metric_series(counters, (const char *const[]){value}), 1);
		metric_observe(histogram, i);
	}
	return NULL;
}

/* Also while somebody renders; nothing may get lost. */
static void test_threads_lose_nothing(void **state)
{
	(void)state;
	struct metric_family *family = metric_register(METRIC_COUNTER, "threads_total", "Threads.", "n");
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, update_and_make, family), 0);
	for (int i = 0; i < 20; i++) {
		struct buffer out = render();
		buffer_done(&out);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	int64_t sum = 0;
	char value[16];
	for (int i = 0; i < METRICS_MAX_SERIES - 1; i++) {
		/* All threads go up from 0, so exactly the first values got series of their own. */
		(void)snprintf(value, sizeof(value), "%d", i);
		sum += metric_value(metric_series(family, (const char *const[]){value}));
	}
	sum += metric_value(metric_series(family, (const char *const[]){"other"}));
	assert_int_equal(sum, THREADS * ROUNDS);
	assert_int_equal(metric_value(metric_single(METRIC_HISTOGRAM, "threads_seconds", "Threads.")),
			 THREADS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_counter_counts),
	    cmocka_unit_test(test_gauge_moves_both_ways),
	    cmocka_unit_test(test_time_is_shown_in_seconds),
	    cmocka_unit_test(test_same_name_is_the_same_family),
	    cmocka_unit_test(test_label_values_are_copied_and_escaped),
	    cmocka_unit_test(test_histogram_has_cumulative_buckets_in_seconds),
	    cmocka_unit_test(test_series_beyond_the_bound_count_as_other),
	    cmocka_unit_test(test_long_label_value_counts_as_other),
	    cmocka_unit_test(test_collectors_run_before_rendering),
	    cmocka_unit_test(test_rendering_past_the_limit_fails),
	    cmocka_unit_test(test_threads_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
