/* What is left of a price when time is given back, or the booking becomes another one: lines, taxes and deposit add up.
 */
#include "events/price_fixture.h"
#include "pricing/money.h"
#include "pricing/price_change.h"

static struct price_line lines[8];
static struct price_tax_sum sums[4];
static struct price changed;

/* A price of these lines, with a tenth of it as deposit, and a tax: what the lines add, else a tenth of each. */
static void use_price(size_t count, const struct price_line *from)
{
	int64_t on_top = 0, kept = 0;
	price = (struct price){.known = true, .currency = "EUR", .lines = lines, .tax_sums = sums, .tax_count = 1};
	for (; price.count < count; price.count++) {
		struct price_line *line = &lines[price.count];
		*line = from[price.count];
		line->tax_included = line->kind == PRICE_TAX || line->tax_added ? 0 : line->amount / 10;
		on_top += line->tax_added;
		kept += line->kind == PRICE_KEPT ? line->tax_included : 0;
		price.total += line->amount;
		price.taxes += line->tax_included + line->tax_added;
	}
	price.deposit = price.total / 10;
	sums[0] = (struct price_tax_sum){
	    .name = "VAT", .rate_bp = 1000, .included = on_top == 0, .amount = price.taxes, .kept = kept};
}

/* Taxes that are included are those of the lines, others are lines themselves. */
static void check_sums(void)
{
	int64_t total = 0, included = 0, on_top = 0;
	for (size_t i = 0; i < changed.count; i++) {
		total += changed.lines[i].amount;
		included += changed.lines[i].tax_included;
		on_top += changed.lines[i].kind == PRICE_TAX ? changed.lines[i].amount : 0;
	}
	assert_int_equal(total, changed.total);
	assert_int_equal(included + on_top, changed.taxes);
	for (size_t i = 0; i < changed.tax_count; i++) {
		included -= changed.tax_sums[i].included ? changed.tax_sums[i].amount : 0;
		on_top -= changed.tax_sums[i].included ? 0 : changed.tax_sums[i].amount;
	}
	assert_int_equal(included, 0);
	assert_int_equal(on_top, 0);
}

static void shorten(const struct price *from, int64_t back, int64_t length, int32_t refund_bp)
{
	const struct price before = *from;
	price_shorten(&ctx.arena, &before, back, length, refund_bp, &changed);
	check_sums();
}

static const struct price_line *line_of(enum price_kind kind)
{
	const struct price_line *found = NULL;
	for (size_t i = 0; i < changed.count; i++)
		if (changed.lines[i].kind == kind) {
			assert_null(found);
			found = &changed.lines[i];
		}
	return found;
}

static void assert_line(enum price_kind kind, int64_t amount, int64_t tax)
{
	const struct price_line *line = line_of(kind);
	assert_non_null(line);
	assert_int_equal(line->amount, amount);
	assert_int_equal(line->tax_included, tax);
	assert_int_equal(line->refundable, kind != PRICE_KEPT);
}

static void test_time_given_back_is_cancelled_by_the_policy(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_TIME, .amount = 1000, .refundable = true}});
	shorten(&price, HOUR, 4 * HOUR, 5000);
	assert_line(PRICE_SHORTENED, -250, -25);
	assert_line(PRICE_KEPT, 125, 12);
	assert_int_equal(changed.total, 875);
	assert_int_equal(changed.deposit, 88);
	assert_int_equal(changed.taxes, 87);
}

static void test_all_of_it_or_nothing_is_refunded(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_TIME, .amount = 1000, .refundable = true}});
	shorten(&price, HOUR, 4 * HOUR, 10000);
	assert_line(PRICE_SHORTENED, -250, -25);
	assert_null(line_of(PRICE_KEPT));
	assert_int_equal(changed.total, 750);
	assert_int_equal(changed.deposit, 75);
	shorten(&price, HOUR, 4 * HOUR, 0);
	assert_line(PRICE_SHORTENED, -250, -25);
	assert_line(PRICE_KEPT, 250, 25);
	assert_int_equal(changed.total, 1000);
	assert_int_equal(changed.taxes, 100);
}

/* Time, what is adjusted of it, and extras by time; not what is sold once, nor what is not refundable. */
static void test_only_what_grows_with_time_is_given_back(void **state)
{
	(void)state;
	use_price(8, (struct price_line[]){
			 {.kind = PRICE_TIME, .amount = 1000, .refundable = true},
			 {.kind = PRICE_ADJUSTMENT, .amount = -200, .refundable = true},
			 {.kind = PRICE_EXTRA, .per = "hour", .amount = 100, .refundable = true},
			 {.kind = PRICE_EXTRA, .per = "day", .amount = 100},
			 {.kind = PRICE_EXTRA, .per = "booking", .amount = 5000, .refundable = true},
			 {.kind = PRICE_EXTRA, .per = "unit", .amount = 5000, .refundable = true},
			 {.kind = PRICE_EXTRA, .per = "guest", .amount = 5000, .refundable = true},
			 {.kind = PRICE_MINIMUM, .amount = 3000, .refundable = true},
		     });
	shorten(&price, HOUR, 2 * HOUR, 10000);
	assert_line(PRICE_SHORTENED, -450, -45);
}

static void test_what_is_added_as_tax_goes_with_its_line(void **state)
{
	(void)state;
	use_price(2, (struct price_line[]){
			 {.kind = PRICE_TIME, .amount = 1000, .tax_added = 200, .refundable = true},
			 {.kind = PRICE_TAX, .amount = 200, .refundable = true},
		     });
	shorten(&price, HOUR, 2 * HOUR, 10000);
	assert_line(PRICE_SHORTENED, -600, -100);
	assert_int_equal(changed.total, 600);
	assert_int_equal(changed.taxes, 100);
	assert_int_equal(changed.tax_count, 2);
	assert_int_equal(changed.tax_sums[1].amount, -100);
	assert_string_equal(changed.tax_sums[1].name, "VAT");
}

/* However often it is shortened, a price has two lines for it; all of the time in two parts is all of it. */
static void test_a_price_does_not_grow_by_being_shortened(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_TIME, .amount = 1000, .refundable = true}});
	shorten(&price, HOUR, 4 * HOUR, 5000);
	shorten(&changed, HOUR, 3 * HOUR, 5000);
	shorten(&changed, HOUR, 2 * HOUR, 0);
	assert_int_equal(changed.count, 3);
	assert_int_equal(line_of(PRICE_SHORTENED)->amount, -750);
	assert_int_equal(line_of(PRICE_KEPT)->amount, 500);
	assert_int_equal(changed.total, 750);
	shorten(&changed, HOUR, HOUR, 10000);
	assert_int_equal(changed.total, 500);
}

/* Discounts beyond the time's own price leave nothing to give back, and nothing is charged for giving it back. */
static void test_nothing_becomes_dearer(void **state)
{
	(void)state;
	use_price(2, (struct price_line[]){
			 {.kind = PRICE_TIME, .amount = -100, .refundable = true},
			 {.kind = PRICE_EXTRA, .per = "booking", .amount = 500, .refundable = true},
		     });
	shorten(&price, HOUR, 2 * HOUR, 10000);
	assert_int_equal(changed.total, 400);
	assert_int_equal(changed.count, 2);
	use_price(2, (struct price_line[]){
			 {.kind = PRICE_TIME, .amount = 1000, .refundable = true},
			 {.kind = PRICE_EXTRA, .per = "booking", .amount = -900, .refundable = true},
		     });
	shorten(&price, HOUR, 2 * HOUR, 10000);
	assert_int_equal(changed.total, 50);
}

static struct price now_of(int64_t amount, int64_t fixed, int64_t rate_bp)
{
	static struct price_line its_lines[2];
	static struct price_tax_sum its_sum;
	struct price now = {.known = true, .currency = "EUR", .lines = its_lines, .tax_sums = &its_sum, .tax_count = 1};
	its_lines[now.count++] =
	    (struct price_line){.kind = PRICE_TIME, .amount = amount, .tax_included = amount / 10, .refundable = true};
	if (fixed)
		its_lines[now.count++] =
		    (struct price_line){.kind = PRICE_EXTRA, .amount = fixed, .tax_included = fixed / 10};
	now.total = amount + fixed;
	now.deposit = now.taxes = now.total / 10;
	its_sum = (struct price_tax_sum){.name = "VAT", .rate_bp = rate_bp, .included = true, .amount = now.taxes};
	return now;
}

static void replace_of(struct price before, struct price now, int32_t refund_bp, bool refund_all)
{
	assert_true(price_replace(&ctx.arena, &before, &now, refund_bp, refund_all, &changed));
	check_sums();
}

static void replace(struct price now, int32_t refund_bp, bool refund_all)
{
	replace_of(price, now, refund_bp, refund_all);
}

static void test_a_cheaper_booking_keeps_what_the_policy_keeps(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_TIME, .amount = 1000, .refundable = true}});
	replace(now_of(600, 0, 1000), 5000, false);
	assert_line(PRICE_KEPT, 200, 20);
	assert_int_equal(changed.total, 800);
	assert_int_equal(changed.deposit, 80);
	assert_int_equal(changed.taxes, 80);
	assert_int_equal(changed.tax_count, 1);
	replace(now_of(600, 0, 1000), 5000, true);
	assert_int_equal(changed.total, 600);
	assert_null(line_of(PRICE_KEPT));
	replace(now_of(1000, 0, 1000), 0, false);
	assert_int_equal(changed.count, 1);
	replace(now_of(1400, 0, 1000), 0, false);
	assert_int_equal(changed.total, 1400);
}

/* What was kept had the tax of its time. */
static void test_a_tax_of_another_rate_stands_beside(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_TIME, .amount = 1000, .refundable = true}});
	replace(now_of(600, 0, 2000), 0, false);
	assert_int_equal(changed.tax_count, 2);
	assert_int_equal(changed.tax_sums[0].amount, 60);
	assert_int_equal(changed.tax_sums[1].amount, 40);
	assert_int_equal(changed.tax_sums[1].rate_bp, 1000);
	assert_string_equal(changed.tax_sums[1].name, "VAT");
	assert_true(changed.tax_sums[1].included);
}

/* However often the booking is moved, what was kept has the tax that it had, and the deposit is that of the total. */
static void test_what_was_kept_has_its_own_tax_for_good(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_TIME, .amount = 1000, .refundable = true}});
	replace(now_of(600, 0, 2000), 0, false);
	for (int i = 0; i < 4; i++) {
		replace_of(changed, now_of(600, 0, 2000), 0, false);
		assert_line(PRICE_KEPT, 400, 40);
		assert_int_equal(changed.tax_sums[0].amount, 60);
		assert_int_equal(changed.tax_sums[1].amount, 40);
		assert_int_equal(changed.tax_sums[1].kept, 40);
		assert_int_equal(changed.deposit, 100);
	}
	replace_of(changed, now_of(300, 0, 2000), 0, false);
	assert_line(PRICE_KEPT, 700, 70);
	assert_int_equal(changed.tax_sums[0].kept, 30);
	assert_int_equal(changed.tax_sums[1].kept, 40);
}

/* Whatever the policy gives back, what is not refundable is lost with its line; a line that stays loses nothing. */
static void test_what_is_not_refundable_is_kept(void **state)
{
	(void)state;
	use_price(2, (struct price_line[]){
			 {.kind = PRICE_TIME, .amount = 1000, .refundable = true},
			 {.kind = PRICE_EXTRA, .amount = 300},
		     });
	replace(now_of(600, 0, 1000), 10000, false);
	assert_line(PRICE_KEPT, 300, 30);
	assert_int_equal(changed.total, 900);
	replace(now_of(600, 300, 1000), 10000, false);
	assert_int_equal(changed.total, 900);
	assert_null(line_of(PRICE_KEPT));
	replace(now_of(1000, 400, 1000), 5000, false);
	assert_int_equal(changed.total, 1400);
	replace(now_of(1200, 0, 1000), 5000, false);
	assert_int_equal(changed.total, 1500);
}

static void test_what_was_kept_stays(void **state)
{
	(void)state;
	use_price(2, (struct price_line[]){
			 {.kind = PRICE_TIME, .amount = 600, .refundable = true},
			 {.kind = PRICE_KEPT, .amount = 200},
		     });
	replace(now_of(600, 0, 1000), 0, false);
	assert_line(PRICE_KEPT, 200, 20);
	assert_int_equal(changed.total, 800);
	replace(now_of(200, 0, 1000), 5000, false);
	assert_line(PRICE_KEPT, 400, 40);
	assert_int_equal(changed.total, 600);
	replace(now_of(100, 0, 1000), 10000, true);
	assert_int_equal(changed.total, 300);
}

static void test_a_sum_that_is_no_amount_is_refused(void **state)
{
	(void)state;
	use_price(1, (struct price_line[]){{.kind = PRICE_KEPT, .amount = 1000}});
	struct price now = now_of(MONEY_MAX - 1000, 0, 1000);
	assert_true(price_replace(&ctx.arena, &price, &now, 0, false, &changed));
	assert_int_equal(changed.total, MONEY_MAX);
	now = now_of(MONEY_MAX - 999, 0, 1000);
	assert_false(price_replace(&ctx.arena, &price, &now, 0, false, &changed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PRICE_TEST(test_time_given_back_is_cancelled_by_the_policy),
	    PRICE_TEST(test_all_of_it_or_nothing_is_refunded),
	    PRICE_TEST(test_only_what_grows_with_time_is_given_back),
	    PRICE_TEST(test_what_is_added_as_tax_goes_with_its_line),
	    PRICE_TEST(test_a_price_does_not_grow_by_being_shortened),
	    PRICE_TEST(test_nothing_becomes_dearer),
	    PRICE_TEST(test_a_cheaper_booking_keeps_what_the_policy_keeps),
	    PRICE_TEST(test_a_tax_of_another_rate_stands_beside),
	    PRICE_TEST(test_what_was_kept_has_its_own_tax_for_good),
	    PRICE_TEST(test_what_is_not_refundable_is_kept),
	    PRICE_TEST(test_what_was_kept_stays),
	    PRICE_TEST(test_a_sum_that_is_no_amount_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
