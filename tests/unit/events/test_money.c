/* Amounts: exact in 128 bits, rounded half away from zero, refused beyond the largest. */
#include "pricing/money.h"
#include "unit.h"

static int64_t share_of(int64_t amount, int64_t part, int64_t whole)
{
	int64_t result = 0;
	assert_true(money_share(amount, part, whole, &result));
	return result;
}

static void test_what_is_whole_stays_exact(void **state)
{
	(void)state;
	assert_int_equal(share_of(0, 7, 3), 0);
	assert_int_equal(share_of(10, 3, 1), 30);
	assert_int_equal(share_of(-10, 3, 2), -15);
	assert_int_equal(share_of(MONEY_MAX, 1, 1), MONEY_MAX);
	assert_int_equal(share_of(-MONEY_MAX, 1, 1), -MONEY_MAX);
}

static void test_a_half_is_rounded_away_from_zero(void **state)
{
	(void)state;
	assert_int_equal(share_of(1, 1, 2), 1);
	assert_int_equal(share_of(-1, 1, 2), -1);
	assert_int_equal(share_of(5, 1, 2), 3);
	assert_int_equal(share_of(-5, 1, 2), -3);
	assert_int_equal(share_of(5, -1, 2), -3);
	assert_int_equal(share_of(-5, -1, 2), 3);
	assert_int_equal(share_of(33, 5000, MONEY_BASIS), 17);
}

static void test_less_than_a_half_is_cut_and_more_is_not(void **state)
{
	(void)state;
	assert_int_equal(share_of(1, 1, 3), 0);
	assert_int_equal(share_of(2, 1, 3), 1);
	assert_int_equal(share_of(-1, 1, 3), 0);
	assert_int_equal(share_of(-2, 1, 3), -1);
	assert_int_equal(share_of(1, 4999, MONEY_BASIS), 0);
	assert_int_equal(share_of(1, 5001, MONEY_BASIS), 1);
	assert_int_equal(share_of(7, 1, 5), 1);
	assert_int_equal(share_of(8, 1, 5), 2);
}

static void test_products_are_made_in_128_bits(void **state)
{
	(void)state;
	assert_int_equal(share_of(MONEY_MAX, MONEY_MAX, MONEY_MAX), MONEY_MAX);
	assert_int_equal(share_of(MONEY_MAX, INT64_MAX, INT64_MAX), MONEY_MAX);
	assert_int_equal(share_of(-MONEY_MAX, INT64_MAX, INT64_MAX), -MONEY_MAX);
	assert_int_equal(share_of(MONEY_MAX - 1, 9999, MONEY_BASIS), 8999099999999999);
	assert_int_equal(money_fraction(MONEY_MAX, 9999, MONEY_BASIS), 8999100000000000);
	assert_int_equal(money_fraction(-MONEY_MAX, 1, 3), -3000000000000000);
}

static void test_what_no_amount_can_hold_is_refused(void **state)
{
	(void)state;
	int64_t result = 42;
	assert_false(money_share(MONEY_MAX, 2, 1, &result));
	assert_false(money_share(-MONEY_MAX, 2, 1, &result));
	assert_false(money_share(MONEY_MAX, 1000001, 1000000, &result));
	assert_false(money_share(INT64_MAX, INT64_MAX, 1, &result));
	assert_false(money_share(INT64_MIN, INT64_MAX, 1, &result));
	assert_false(money_add(MONEY_MAX, 1, &result));
	assert_false(money_add(-MONEY_MAX, -1, &result));
	assert_false(money_add(INT64_MAX, INT64_MAX, &result));
	assert_int_equal(result, 42);
}

static void test_sums_reach_the_largest_amount(void **state)
{
	(void)state;
	int64_t result = 0;
	assert_true(money_add(MONEY_MAX - 1, 1, &result));
	assert_int_equal(result, MONEY_MAX);
	assert_true(money_add(-MONEY_MAX, 1, &result));
	assert_int_equal(result, 1 - MONEY_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_whole_stays_exact),
	    cmocka_unit_test(test_a_half_is_rounded_away_from_zero),
	    cmocka_unit_test(test_less_than_a_half_is_cut_and_more_is_not),
	    cmocka_unit_test(test_products_are_made_in_128_bits),
	    cmocka_unit_test(test_what_no_amount_can_hold_is_refused),
	    cmocka_unit_test(test_sums_reach_the_largest_amount),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
