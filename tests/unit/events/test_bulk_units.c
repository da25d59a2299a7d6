/* Units that a batch of an import takes (bulk/bulk_units.h). */
#include "bulk/bulk_units.h"
#include "unit.h"

#include <string.h>

#define LISTING "one"

static struct arena arena;

static struct bulk_booking wish(int64_t from, int64_t to, int wanted, int units)
{
	return (struct bulk_booking){.listing_id = LISTING, .from = from, .to = to, .wanted = wanted, .units = units};
}

static void test_bookings_of_a_batch_stand_in_each_others_way(void **state)
{
	(void)state;
	struct bulk_booking batch[] = {wish(0, 10, 1, 1), wish(5, 15, 1, 1), wish(10, 20, 1, 1), wish(5, 15, 1, 1)};
	batch[3].listing_id = "other";
	bulk_units_place(&arena, batch, 4);
	assert_int_equal(batch[0].place, BULK_PLACED);
	assert_int_equal(batch[1].place, BULK_TAKEN);
	assert_int_equal(batch[2].place, BULK_PLACED);
	assert_int_equal(batch[3].place, BULK_PLACED);
}

static void test_the_lowest_free_numbers_are_given(void **state)
{
	(void)state;
	const int taken[] = {1, 3};
	struct bulk_booking batch[] = {wish(0, 10, 2, 5), wish(0, 10, 1, 5), wish(0, 10, 2, 5)};
	for (size_t i = 0; i < 3; i++) {
		batch[i].taken = taken;
		batch[i].taken_count = 2;
	}
	bulk_units_place(&arena, batch, 3);
	assert_int_equal(batch[0].numbers[0], 2);
	assert_int_equal(batch[0].numbers[1], 4);
	assert_int_equal(batch[1].numbers[0], 5);
	assert_int_equal(batch[2].place, BULK_LATER); /* others may make room */
}

static void test_what_comes_after_one_that_waits_waits_too(void **state)
{
	(void)state;
	struct bulk_booking batch[] = {wish(0, 10, 1, 1), wish(20, 30, 1, 1), wish(20, 30, 0, 1)};
	batch[0].apart = true;
	bulk_units_place(&arena, batch, 3);
	assert_int_equal(batch[0].place, BULK_LATER);
	assert_int_equal(batch[1].place, BULK_LATER);
	assert_int_equal(batch[2].place, BULK_PLACED); /* takes none */
}

static void test_named_units_are_those_or_none(void **state)
{
	(void)state;
	const int second[] = {2}, third[] = {3};
	struct bulk_booking batch[] = {wish(0, 10, 1, 2), wish(0, 10, 1, 2), wish(0, 10, 1, 2), wish(0, 10, 1, 2)};
	for (size_t i = 0; i < 4; i++)
		batch[i].named = true;
	batch[0].wish = batch[1].wish = second;
	batch[2].wish = third;
	bulk_units_place(&arena, batch, 4);
	assert_int_equal(batch[0].numbers[0], 2);
	assert_int_equal(batch[1].place, BULK_TAKEN);
	assert_int_equal(batch[2].place, BULK_TAKEN); /* there is no such unit */
	assert_int_equal(batch[3].numbers[0], 1);
	batch[2].overbooking = 1;
	bulk_units_place(&arena, batch, 4);
	assert_int_equal(batch[2].place, BULK_PLACED);
	assert_true(batch[2].above && !batch[0].above);
}

static void test_what_has_ended_keeps_numbers_that_are_no_more(void **state)
{
	(void)state;
	const int third[] = {3};
	struct bulk_booking past = wish(0, 10, 1, 1);
	past.wish = third;
	past.over = true;
	bulk_units_place(&arena, &past, 1);
	assert_int_equal(past.numbers[0], 3);
	past.over = false;
	bulk_units_place(&arena, &past, 1);
	assert_int_equal(past.numbers[0], 1);
}

static void test_above_the_usual_ones_is_not_decided_here(void **state)
{
	(void)state;
	const int above[] = {3};
	struct bulk_booking one = wish(0, 10, 1, 2), all = wish(0, 10, 4, 2);
	one.overbooking = all.overbooking = 1;
	one.taken = above;
	one.taken_count = 1;
	bulk_units_place(&arena, &one, 1);
	bulk_units_place(&arena, &all, 1);
	assert_int_equal(one.place, BULK_LATER);
	assert_int_equal(all.place, BULK_TAKEN); /* more than there can ever be */
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bookings_of_a_batch_stand_in_each_others_way),
	    cmocka_unit_test(test_the_lowest_free_numbers_are_given),
	    cmocka_unit_test(test_what_comes_after_one_that_waits_waits_too),
	    cmocka_unit_test(test_named_units_are_those_or_none),
	    cmocka_unit_test(test_what_has_ended_keeps_numbers_that_are_no_more),
	    cmocka_unit_test(test_above_the_usual_ones_is_not_decided_here),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
