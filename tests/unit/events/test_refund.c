/* What is given back, by the policy's steps, of the lines that are refundable, exact to the minor unit. */
#include "events/price_fixture.h"
#include "pricing/refund.h"

#define START (INT64_C(500000) * HOUR)

static const struct refund_step steps[] = {{168, 10000}, {48, 5000}, {0, 1000}};
static struct price_line lines[8];
static struct refund refund;

static int64_t sum_of_lines(void)
{
	int64_t sum = 0;
	for (size_t i = 0; i < price.count; i++)
		sum += lines[i].amount;
	return sum;
}

/* Refundable amounts, ended by 0, and one that is not. */
static void use_lines(const int64_t *amounts, int64_t fixed)
{
	price = (struct price){.known = true, .currency = "EUR", .lines = lines};
	for (; *amounts != 0; amounts++)
		lines[price.count++] = (struct price_line){.kind = PRICE_TIME, .amount = *amounts, .refundable = true};
	if (fixed != 0)
		lines[price.count++] = (struct price_line){.kind = PRICE_EXTRA, .amount = fixed};
	price.total = sum_of_lines();
}

static int64_t refunded(int64_t before, enum refund_cause cause, int64_t paid)
{
	refund_compute(steps, 3, &price, START, START - before, cause, paid, &refund);
	assert_int_equal(refund.fee + refund.refunded, price.total);
	return refund.refunded;
}

static void test_each_step_holds_until_its_hour(void **state)
{
	(void)state;
	use_lines((int64_t[]){1000, 0}, 0);
	assert_int_equal(refunded(200 * HOUR, REFUND_GUEST, 0), 1000);
	assert_int_equal(refunded(168 * HOUR, REFUND_GUEST, 0), 1000);
	assert_int_equal(refunded(168 * HOUR - 1, REFUND_GUEST, 0), 500);
	assert_int_equal(refund.refund_bp, 5000);
	assert_int_equal(refunded(48 * HOUR, REFUND_GUEST, 0), 500);
	assert_int_equal(refunded(48 * HOUR - 1, REFUND_GUEST, 0), 100);
	assert_int_equal(refunded(0, REFUND_GUEST, 0), 100);
	assert_int_equal(refunded(-1, REFUND_GUEST, 0), 0);
	assert_int_equal(refund.refund_bp, 0);
}

static void test_the_company_gives_all_back(void **state)
{
	(void)state;
	use_lines((int64_t[]){1000, -100, 0}, 333);
	assert_int_equal(refunded(-HOUR, REFUND_COMPANY, 1233), 1233);
	assert_int_equal(refund.due, 1233);
	assert_int_equal(refund.refund_bp, 10000);
}

static void test_nobody_who_does_not_come_gets_more_than_at_the_beginning(void **state)
{
	(void)state;
	use_lines((int64_t[]){1000, 0}, 0);
	assert_int_equal(refunded(500 * HOUR, REFUND_NO_SHOW, 0), 100);
	assert_int_equal(refunded(-HOUR, REFUND_NO_SHOW, 0), 100);
	refund_compute(steps, 2, &price, START, START + HOUR, REFUND_NO_SHOW, 0, &refund);
	assert_int_equal(refund.refunded, 0);
	refund_compute(steps, 0, &price, START, START - 999 * HOUR, REFUND_GUEST, 0, &refund);
	assert_int_equal(refund.refunded, 0);
}

static void test_what_is_not_refundable_is_kept(void **state)
{
	(void)state;
	use_lines((int64_t[]){1000, 0}, 400);
	assert_int_equal(refunded(999 * HOUR, REFUND_GUEST, 0), 1000);
	assert_int_equal(refund.fee, 400);
	assert_int_equal(refunded(50 * HOUR, REFUND_GUEST, 0), 500);
	use_lines((int64_t[]){0}, 400);
	assert_int_equal(refunded(999 * HOUR, REFUND_GUEST, 0), 0);
}

static void test_due_is_what_was_paid_beyond_the_fee(void **state)
{
	(void)state;
	use_lines((int64_t[]){1000, 0}, 0);
	(void)refunded(50 * HOUR, REFUND_GUEST, 1000);
	assert_int_equal(refund.due, 500);
	(void)refunded(50 * HOUR, REFUND_GUEST, 501);
	assert_int_equal(refund.due, 1);
	(void)refunded(50 * HOUR, REFUND_GUEST, 500);
	assert_int_equal(refund.due, 0);
	(void)refunded(50 * HOUR, REFUND_GUEST, 300);
	assert_int_equal(refund.due, 0);
}

static void test_the_whole_is_rounded_once(void **state)
{
	(void)state;
	use_lines((int64_t[]){333, 333, 333, 0}, 0);
	assert_int_equal(refunded(50 * HOUR, REFUND_GUEST, 0), 500); /* 499.5 */
	use_lines((int64_t[]){-1, 2, 0}, 0);
	assert_int_equal(refunded(50 * HOUR, REFUND_GUEST, 0), 1); /* 0.5 */
}

static void test_the_remainder_goes_to_the_largest_line(void **state)
{
	(void)state;
	use_lines((int64_t[]){333, 335, 333, 335, 0}, 600);
	(void)refunded(50 * HOUR, REFUND_GUEST, 0); /* 668 of 1336; 167, 168, 167, 168 are 670 */
	const struct refund_line *parts = refund_lines(&ctx.arena, &price, &refund, REFUND_GUEST);
	const int64_t expected[] = {167, 166, 167, 168, 0};
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(parts[i].amount, expected[i]);
}

static void test_taxes_are_given_back_in_proportion(void **state)
{
	(void)state;
	use_lines((int64_t[]){1005, 333, 0}, 100);
	lines[0].tax_added = 101;
	lines[1].tax_added = 33;
	lines[1].tax_included = 7;
	lines[2].tax_added = 10;
	lines[3] = (struct price_line){.kind = PRICE_TAX, .amount = 144, .refundable = true};
	price.count = 4;
	price.total = sum_of_lines();
	assert_int_equal(refunded(50 * HOUR, REFUND_GUEST, 0), 736); /* of 1472 */
	const struct refund_line *parts = refund_lines(&ctx.arena, &price, &refund, REFUND_GUEST);
	assert_int_equal(parts[0].amount, 553);
	assert_int_equal(parts[1].amount, 183);
	assert_int_equal(parts[2].amount, 0);
	assert_int_equal(parts[3].amount, 0);
	assert_int_equal(parts[0].tax, 51); /* 70.5 of 141 are 71: 50.5 and 20 */
	assert_int_equal(parts[1].tax, 20);
	assert_int_equal(refunded(0, REFUND_COMPANY, 0), price.total);
	parts = refund_lines(&ctx.arena, &price, &refund, REFUND_COMPANY);
	assert_int_equal(parts[0].amount + parts[1].amount + parts[2].amount + parts[3].amount, price.total);
	assert_int_equal(parts[2].amount, 110);
}

static void test_no_refund_is_below_zero_or_above_the_total(void **state)
{
	(void)state;
	use_lines((int64_t[]){10, -10, 0}, 5);
	lines[1].tax_added = -1;
	assert_int_equal(refunded(999 * HOUR, REFUND_GUEST, 0), 0);
	lines[1].tax_added = 7;
	assert_int_equal(refunded(999 * HOUR, REFUND_GUEST, 0), 5);
}

static void test_the_largest_amounts_are_exact(void **state)
{
	(void)state;
	use_lines((int64_t[]){8999999999999999, 0}, 1);
	assert_int_equal(refunded(50 * HOUR, REFUND_GUEST, 9000000000000000), 4500000000000000);
	assert_int_equal(refund.due, 4500000000000000);
}

static void test_a_price_that_is_not_known_has_no_fee(void **state)
{
	(void)state;
	price = (struct price){0};
	assert_int_equal(refunded(0, REFUND_GUEST, 0), 0);
	assert_int_equal(refund.fee, 0);
	(void)refund_lines(&ctx.arena, &price, &refund, REFUND_GUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PRICE_TEST(test_each_step_holds_until_its_hour),
	    PRICE_TEST(test_the_company_gives_all_back),
	    PRICE_TEST(test_nobody_who_does_not_come_gets_more_than_at_the_beginning),
	    PRICE_TEST(test_what_is_not_refundable_is_kept),
	    PRICE_TEST(test_due_is_what_was_paid_beyond_the_fee),
	    PRICE_TEST(test_the_whole_is_rounded_once),
	    PRICE_TEST(test_the_remainder_goes_to_the_largest_line),
	    PRICE_TEST(test_taxes_are_given_back_in_proportion),
	    PRICE_TEST(test_no_refund_is_below_zero_or_above_the_total),
	    PRICE_TEST(test_the_largest_amounts_are_exact),
	    PRICE_TEST(test_a_price_that_is_not_known_has_no_fee),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
