/* The table of buckets: all pay or none, three buckets apart, and who is forgotten when there is no more room. */
#include "limits/buckets.h"
#include "unit.h"

#include <pthread.h>

#define SECOND INT64_C(1000000000)
#define NOW (1000 * SECOND)
#define PAYERS 1024

static struct bucket_rules rules;

static struct caller caller_of(uint64_t one, uint64_t shared)
{
	struct caller caller = {.count = shared ? 2 : 1, .payers = {{one, PAYER_TOKEN}, {shared, PAYER_LOGGED_IN}}};
	return caller;
}

static bool pay(const struct caller *caller, struct charge charge, int64_t now)
{
	struct bucket_refusal refusal;
	return buckets_charge(caller, &rules, &charge, now, &refusal);
}

/* How many units of the point bucket can be taken one by one. */
static int left(const struct caller *caller, int64_t now)
{
	int count = 0;
	while (count < 100 && pay(caller, (struct charge){.cost = 1}, now))
		count++;
	return count;
}

static void test_has_a_bucket_for_each_kind_of_call(void **state)
{
	struct caller caller = caller_of(1, 0);
	const struct charge lane = {.bucket = BUCKET_LANE, .cost = 1}, write = {.cost = 1, .writes = true};
	(void)state;
	while (pay(&caller, lane, NOW))
		continue;
	struct bucket_refusal refusal;
	assert_false(buckets_charge(&caller, &rules, &lane, NOW, &refusal));
	assert_int_equal(refusal.bucket, BUCKET_LANE);
	assert_int_equal(refusal.payer, PAYER_TOKEN);
	assert_int_equal(refusal.wait, SECOND / 10);
	assert_true(pay(&caller, write, NOW));
	assert_true(pay(&caller, write, NOW));
	assert_false(buckets_charge(&caller, &rules, &write, NOW, &refusal));
	assert_int_equal(refusal.bucket, BUCKET_WRITE);
	assert_int_equal(left(&caller, NOW), 8);
}

/* The second payer's emptiness takes nothing from the first. */
static void test_takes_from_all_or_from_none(void **state)
{
	struct caller poor = caller_of(11, 99), rich = caller_of(12, 99);
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct caller other = caller_of((uint64_t)20 + (uint64_t)i, 99);
		assert_int_equal(left(&other, NOW), 10);
	}
	assert_int_equal(left(&poor, NOW), 10);
	assert_int_equal(left(&rich, NOW), 0);
	struct bucket_refusal refusal;
	assert_false(buckets_charge(&rich, &rules, &(struct charge){.cost = 1}, NOW, &refusal));
	assert_int_equal(refusal.payer, PAYER_LOGGED_IN);
	struct caller elsewhere = caller_of(12, 98);
	assert_int_equal(left(&elsewhere, NOW), 10);
}

static void test_owes(void **state)
{
	struct caller caller = caller_of(31, 0);
	(void)state;
	buckets_charge_later(&caller, &rules, &(struct charge){.cost = 30}, NOW);
	assert_int_equal(left(&caller, NOW), 0);
	assert_int_equal(left(&caller, NOW + 2 * SECOND), 0);
	assert_int_equal(left(&caller, NOW + 3 * SECOND), 10);
}

static void test_lets_the_exempt_pass(void **state)
{
	struct caller caller = {0};
	(void)state;
	assert_int_equal(left(&caller, NOW), 100);
}

/* Any number of addresses come by once; those who have just spent all are still known, as far as there is room. */
static void test_forgets_the_fullest_first(void **state)
{
	struct caller poor = caller_of(PAYERS, 0);
	(void)state;
	buckets_charge_later(&poor, &rules, &(struct charge){.cost = 100}, NOW);
	for (uint64_t i = 2; i < 64; i++) {
		struct caller passing = caller_of(PAYERS * i, 0);
		assert_true(pay(&passing, (struct charge){.cost = 1}, NOW + (int64_t)i));
	}
	assert_int_equal(left(&poor, NOW), 0);
}

/* Payers that share a place with each other: none loses what it has just been found at. */
static void test_keeps_the_payers_of_one_call_apart(void **state)
{
	(void)state;
	for (uint64_t i = 100; i < 116; i++) {
		struct caller busy = caller_of(PAYERS * i, 0);
		buckets_charge_later(&busy, &rules, &(struct charge){.cost = 100}, NOW);
	}
	struct caller caller = caller_of(PAYERS * 300, PAYERS * 301);
	assert_int_equal(left(&caller, NOW), 10);
}

static void *spend(void *argument)
{
	struct caller caller = caller_of(77, 0);
	*(int *)argument = left(&caller, NOW);
	return NULL;
}

static void test_is_one_for_all_threads(void **state)
{
	int taken[4], sum = 0;
	(void)state;
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, spend, &taken[i]), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		sum += taken[i];
	}
	assert_int_equal(sum, 10);
}

static int set_up(void **state)
{
	(void)state;
	buckets_open(PAYERS);
	for (int kind = 0; kind < PAYER_KINDS; kind++) {
		int64_t wider = kind == PAYER_LOGGED_IN ? 5 : 1;
		rules.of[kind][BUCKET_POINT] = bucket_rule_of(10, 10, wider);
		rules.of[kind][BUCKET_LANE] = bucket_rule_of(10, 10, wider);
		rules.of[kind][BUCKET_WRITE] = bucket_rule_of(1, 2, wider);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buckets_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_has_a_bucket_for_each_kind_of_call, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_takes_from_all_or_from_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_owes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_lets_the_exempt_pass, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_forgets_the_fullest_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_keeps_the_payers_of_one_call_apart, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_is_one_for_all_threads, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
