/* Token buckets as arithmetic: rate, burst, waiting, and what costs more than there ever is. */
#include "limits/bucket.h"
#include "unit.h"

#define SECOND INT64_C(1000000000)
#define NOW (1000 * SECOND)

static void test_gives_the_burst_at_once_and_then_the_rate(void **state)
{
	struct bucket_rule rule = bucket_rule_of(10, 3, 1);
	int64_t full_at = 0;
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bucket_wait(full_at, &rule, 1, NOW), 0);
		full_at = bucket_take(full_at, &rule, 1, NOW);
	}
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW), SECOND / 10);
	assert_int_equal(bucket_wait(full_at, &rule, 2, NOW), SECOND / 5);
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW + SECOND / 10 - 1), 1);
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW + SECOND / 10), 0);
	assert_int_equal(bucket_wait(full_at, &rule, 3, NOW + SECOND), 0);
}

/* An hour of nothing gives no more than the burst. */
static void test_keeps_no_more_than_the_burst(void **state)
{
	struct bucket_rule rule = bucket_rule_of(10, 3, 1);
	int64_t full_at = bucket_take(NOW, &rule, 3, NOW + 3600 * SECOND);
	(void)state;
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW + 3600 * SECOND), SECOND / 10);
}

static void test_lets_through_what_costs_more_than_the_burst_when_it_is_full(void **state)
{
	struct bucket_rule rule = bucket_rule_of(10, 3, 1);
	(void)state;
	assert_int_equal(bucket_wait(0, &rule, 50, NOW), 0);
	int64_t full_at = bucket_take(0, &rule, 50, NOW);
	assert_int_equal(full_at, NOW + 5 * SECOND);
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW), 5 * SECOND - 2 * SECOND / 10);
	assert_int_equal(bucket_wait(full_at, &rule, 50, NOW), 5 * SECOND);
}

static void test_takes_what_is_owed_below_nothing(void **state)
{
	struct bucket_rule rule = bucket_rule_of(1, 1, 1);
	int64_t full_at = bucket_take(bucket_take(0, &rule, 1, NOW), &rule, 1, NOW);
	(void)state;
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW), 2 * SECOND);
}

static void test_is_wider_for_several(void **state)
{
	struct bucket_rule rule = bucket_rule_of(10, 3, 5);
	int64_t full_at = bucket_take(0, &rule, 15, NOW);
	(void)state;
	assert_int_equal(bucket_wait(full_at, &rule, 1, NOW), SECOND / 50);
}

static void test_has_no_limit_at_rate_0(void **state)
{
	struct bucket_rule rule = bucket_rule_of(0, 3, 5);
	int64_t full_at = bucket_take(0, &rule, 1000000, NOW);
	(void)state;
	assert_int_equal(bucket_wait(full_at, &rule, 1000000, NOW), 0);
}

/* The widest settings overflow nothing. */
static void test_bears_the_largest_settings(void **state)
{
	struct bucket_rule fast = bucket_rule_of(1000000, 1000000, 1000), slow = bucket_rule_of(1, 1000000, 1);
	(void)state;
	assert_true(fast.interval > 0 && fast.depth > 0 && slow.depth > 0);
	int64_t full_at = bucket_take(0, &slow, 100000, NOW);
	assert_int_equal(bucket_wait(full_at, &slow, 100000, NOW), 0);
	assert_int_equal(bucket_wait(bucket_take(0, &fast, 1, NOW), &fast, 1, NOW), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gives_the_burst_at_once_and_then_the_rate),
	    cmocka_unit_test(test_keeps_no_more_than_the_burst),
	    cmocka_unit_test(test_lets_through_what_costs_more_than_the_burst_when_it_is_full),
	    cmocka_unit_test(test_takes_what_is_owed_below_nothing),
	    cmocka_unit_test(test_is_wider_for_several),
	    cmocka_unit_test(test_has_no_limit_at_rate_0),
	    cmocka_unit_test(test_bears_the_largest_settings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
