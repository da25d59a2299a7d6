/* Free units against counting them moment by moment. */
#include "availability/capacity.h"
#include "unit.h"

#include <stdlib.h>

#define MOMENTS 60
#define ROWS 12
#define ROUNDS 400

static struct arena arena;
static unsigned seed = 1;

static int any(int below)
{
	seed = seed * 1103515245U + 12345U;
	return (int)(seed >> 16) % below;
}

static size_t make_rows(struct taken *rows, int units)
{
	size_t count = (size_t)any(ROWS + 1);
	for (size_t i = 0; i < count; i++) {
		int64_t from = any(MOMENTS) - 5;
		rows[i] = (struct taken){1 + any(units), {from, from + 1 + any(15)}};
	}
	return count;
}

static int free_at(const struct taken *rows, size_t count, int total, int64_t moment)
{
	int used = 0;
	for (size_t i = 0; i < count; i++)
		used += rows[i].period.from <= moment && moment < rows[i].period.to;
	return used < total ? total - used : 0;
}

static void test_steps_are_what_is_free_at_each_moment(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int total = 1 + any(4);
		struct taken rows[ROWS];
		size_t count = make_rows(rows, total);
		struct span window = {0, MOMENTS};
		struct free_step *steps;
		size_t made = capacity_steps(total, rows, count, &window, &arena, &steps);
		int64_t at = 0;
		for (size_t i = 0; i < made; i++) {
			assert_int_equal(steps[i].period.from, at);
			assert_true(i == 0 || steps[i].free != steps[i - 1].free);
			for (; at < steps[i].period.to; at++)
				assert_int_equal(steps[i].free, free_at(rows, count, total, at));
		}
		assert_int_equal(at, MOMENTS);
	}
}

static int least_in(const struct taken *rows, size_t count, int total, int64_t from, int64_t to)
{
	int least = total;
	for (int64_t at = from; at < to; at++) {
		int free = free_at(rows, count, total, at);
		least = free < least ? free : least;
	}
	return least;
}

static void test_the_least_of_a_period_is_that_of_its_moments(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct taken rows[ROWS];
		size_t count = make_rows(rows, 3);
		struct span window = {0, MOMENTS}, period = {any(MOMENTS - 10), 0};
		period.to = period.from + 1 + any(10);
		struct free_step *steps;
		size_t made = capacity_steps(3, rows, count, &window, &arena, &steps);
		assert_int_equal(capacity_least(steps, made, &period),
				 least_in(rows, count, 3, period.from, period.to));
	}
}

static void test_guests_have_what_is_free_with_buffers_around_them(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct taken rows[ROWS];
		size_t count = make_rows(rows, 3);
		int before = any(6), after = any(6);
		struct span all = {0, MOMENTS}, window = {10, MOMENTS - 10};
		struct free_step *steps, *guest_steps;
		size_t made = capacity_steps(3, rows, count, &all, &arena, &steps);
		size_t guests = capacity_guest_steps(steps, made, before, after, &window, &arena, &guest_steps);
		int64_t at = window.from;
		for (size_t i = 0; i < guests; i++) {
			assert_int_equal(guest_steps[i].period.from, at);
			for (; at < guest_steps[i].period.to; at++)
				assert_int_equal(guest_steps[i].free,
						 least_in(rows, count, 3, at - before, at + 1 + after));
		}
		assert_int_equal(at, window.to);
	}
}

static void test_named_units_are_free_for_the_whole_period_or_not(void **state)
{
	(void)state;
	static const struct taken rows[] = {{1, {0, 10}}, {2, {10, 20}}, {2, {30, 40}}, {9, {0, 40}}, {1, {2, 3}}};
	const struct span whole = {5, 15}, first = {0, 10}, between = {20, 30};
	assert_int_equal(capacity_named(3, rows, ARRAY_SIZE(rows), &whole, &arena), 1);
	assert_int_equal(capacity_named(3, rows, ARRAY_SIZE(rows), &first, &arena), 2);
	assert_int_equal(capacity_named(3, rows, ARRAY_SIZE(rows), &between, &arena), 3);
	assert_int_equal(capacity_named(9, rows, ARRAY_SIZE(rows), &first, &arena), 7);
}

static void test_nothing_taken_and_no_window(void **state)
{
	(void)state;
	const struct span window = {5, 9}, none = {5, 5};
	struct free_step *steps;
	assert_int_equal(capacity_steps(2, NULL, 0, &window, &arena, &steps), 1);
	assert_int_equal(steps[0].free, 2);
	assert_int_equal(capacity_steps(2, NULL, 0, &none, &arena, &steps), 0);
	assert_int_equal(capacity_least(steps, 0, &window), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps_are_what_is_free_at_each_moment),
	    cmocka_unit_test(test_the_least_of_a_period_is_that_of_its_moments),
	    cmocka_unit_test(test_guests_have_what_is_free_with_buffers_around_them),
	    cmocka_unit_test(test_named_units_are_free_for_the_whole_period_or_not),
	    cmocka_unit_test(test_nothing_taken_and_no_window),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}
