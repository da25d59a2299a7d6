/* What comes upon the time: adjustments, extras, minimum, taxes, deposit; and a price as JSON and back. */
#include "events/price_fixture.h"

#define ONE_HOUR "2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z"

static void test_adjustments_are_each_on_the_running_subtotal(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	request.guests = 5;
	use_pricing("{'adjustments':[{'id':1,'on':'length','percent_bp':1000},"
		    "{'id':3,'on':'length','priority':5,'amount':500},"
		    "{'id':2,'on':'length','priority':5,'percent_bp':-5000}]}");
	assert_string_equal(priced(),
			    "time - 1 hour 1000; adjustment 2 -500; adjustment 3 500; adjustment 1 100; 1100");
	assert_true(price.lines[1].refundable);
}

static void test_percentages_are_rounded_half_away_from_zero(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	pricing.price = 1;
	use_pricing("{'adjustments':[{'id':1,'on':'length','percent_bp':5000}]}");
	assert_string_equal(priced(), "time - 1 hour 1; adjustment 1 1; 2");
	use_pricing("{'adjustments':[{'id':1,'on':'length','percent_bp':-5000}]}");
	assert_string_equal(priced(), "time - 1 hour 1; adjustment 1 -1; 0");
	use_pricing("{'adjustments':[{'id':1,'on':'length','percent_bp':4999}]}");
	assert_string_equal(priced(), "time - 1 hour 1; adjustment 1 0; 1");
}

static void test_a_subtotal_below_zero_becomes_zero_with_a_line(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	use_pricing("{'adjustments':[{'id':1,'on':'length','amount':-1500},{'id':2,'on':'length','amount':200}]}");
	assert_string_equal(priced(), "time - 1 hour 1000; adjustment 1 -1500; floor - 500; adjustment 2 200; 200");
	use_pricing("{'adjustments':[{'id':1,'on':'length','amount':-1000}]}");
	assert_string_equal(priced(), "time - 1 hour 1000; adjustment 1 -1000; 0");
}

static void test_length_is_in_hours_or_in_days(void **state)
{
	(void)state;
	use_pricing("{'adjustments':[{'id':1,'on':'length','at_least':2,'less_than':3,'amount':1}]}");
	use_period("2027-03-01T10:00:00Z", "2027-03-01T12:00:00Z");
	assert_string_equal(priced(), "time - 2 hour 2000; adjustment 1 1; 2001");
	request.period.to--;
	assert_string_equal(priced(), "time - 2 hour 2000; 2000");
	request.period.to += HOUR;
	assert_string_equal(priced(), "time - 3 hour 3000; adjustment 1 1; 3001");
	request.period.to++;
	assert_string_equal(priced(), "time - 3 hour 3000; 3000");
	rules.unit = SALE_SESSION;
	assert_string_equal(priced(), "time - 1 session 1000; 1000");
	rules.unit = SALE_DAY;
	use_period("2027-03-01T10:00:00Z", "2027-03-02T10:00:01Z");
	assert_string_equal(priced(), "time - 2 day 2000; adjustment 1 1; 2001");
	rules.unit = SALE_NIGHT;
	use_period("2027-03-01T10:00:00Z", "2027-03-04T09:00:00Z");
	assert_string_equal(priced(), "time - 3 night 3000; 3000");
}

static void test_lead_time_is_from_now_to_the_beginning(void **state)
{
	(void)state;
	use_pricing("{'adjustments':[{'id':1,'on':'lead_time','less_than':24,'percent_bp':2000},"
		    "{'id':2,'on':'lead_time','at_least':720,'percent_bp':-1000}]}");
	use_period(ONE_HOUR);
	request.now = request.period.from - DAY;
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
	request.now++;
	assert_string_equal(priced(), "time - 1 hour 1000; adjustment 1 200; 1200");
	request.now = request.period.from - 30 * DAY;
	assert_string_equal(priced(), "time - 1 hour 1000; adjustment 2 -100; 900");
	request.now++;
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
}

static void test_guests_are_counted_and_must_be_said(void **state)
{
	(void)state;
	use_pricing("{'adjustments':[{'id':1,'on':'guests','at_least':50,'less_than':100,'amount':300}]}");
	use_period(ONE_HOUR);
	assert_string_equal(priced(), "{\"fields\":[{\"path\":\"/params/guests\",\"rule\":\"required\"}]}");
	assert_int_equal(ctx.error.code, ERROR_INVALID_PARAMS);
	request.guests = 49;
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
	request.guests = 50;
	assert_string_equal(priced(), "time - 1 hour 1000; adjustment 1 300; 1300");
	request.guests = 99;
	assert_string_equal(priced(), "time - 1 hour 1000; adjustment 1 300; 1300");
	request.guests = 100;
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
}

static const char EXTRAS[] = "{'extras':[{'key':'clean','name':'Cleaning','amount':100,'per':'booking','most':2},"
			     "{'key':'chair','name':'Chairs','amount':10,'per':'unit'},"
			     "{'key':'food','name':'Food','amount':7,'per':'guest','refundable':false},"
			     "{'key':'heat','name':'Heating','amount':50,'per':'day'},"
			     "{'key':'guard','name':'Guard','amount':30,'per':'hour'}]}";

static void test_extras_are_charged_by_what_they_are_per(void **state)
{
	(void)state;
	static const struct price_extra chosen[] = {
	    {"guard", 2}, {"heat", 1}, {"food", 1}, {"chair", 20}, {"clean", 2}};
	use_pricing(EXTRAS);
	request.extras = chosen;
	request.extra_count = 5;
	request.units = 2;
	request.guests = 30;
	use_period("2027-03-01T10:00:00Z", "2027-03-02T10:30:00Z"); /* 24.5 hours, two local days begun */
	assert_string_equal(priced(), "time - 50 hour 50000; extra clean 2 booking 200; extra chair 40 unit 400; "
				      "extra food 30 guest 210; extra heat 2 day 100; extra guard 50 hour 1500; 52410");
	assert_string_equal(price.lines[1].label, "Cleaning");
	assert_int_equal(price.lines[1].unit_amount, 100);
	assert_true(price.lines[1].refundable);
	assert_false(price.lines[3].refundable);
}

static const char *refused_extras(const struct price_extra *extras, size_t count)
{
	request.extras = extras;
	request.extra_count = count;
	const char *text = priced();
	assert_int_equal(ctx.error.code, ERROR_INVALID_PARAMS);
	return text;
}

static void test_extras_that_cannot_be_had_are_named(void **state)
{
	(void)state;
	use_pricing(EXTRAS);
	use_period(ONE_HOUR);
	assert_string_equal(refused_extras((struct price_extra[]){{"heat", 1}, {"boat", 1}}, 2),
			    "{\"fields\":[{\"path\":\"/params/extras/1/key\",\"rule\":\"exists\"}]}");
	assert_string_equal(refused_extras((struct price_extra[]){{"heat", 1}, {"clean", 1}, {"heat", 1}}, 3),
			    "{\"fields\":[{\"path\":\"/params/extras/2/key\",\"rule\":\"unique\"}]}");
	assert_string_equal(
	    refused_extras((struct price_extra[]){{"clean", 3}}, 1),
	    "{\"fields\":[{\"path\":\"/params/extras/0/quantity\",\"rule\":\"maximum\",\"expected\":2}]}");
	assert_string_equal(
	    refused_extras((struct price_extra[]){{"heat", 1001}}, 1),
	    "{\"fields\":[{\"path\":\"/params/extras/0/quantity\",\"rule\":\"maximum\",\"expected\":1000}]}");
	assert_string_equal(refused_extras((struct price_extra[]){{"food", 1}}, 1),
			    "{\"fields\":[{\"path\":\"/params/guests\",\"rule\":\"required\"}]}");
	request.extras = (struct price_extra[]){{"clean", 2}};
	assert_string_equal(priced(), "time - 1 hour 1000; extra clean 2 booking 200; 1200");
	pricing = (struct pricing){0};
	assert_non_null(strstr(refused_extras((struct price_extra[]){{"heat", 1}}, 1), "exists"));
}

static void test_the_minimum_is_a_line_for_what_lacks(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	use_pricing("{'minimum':1500}");
	assert_string_equal(priced(), "time - 1 hour 1000; minimum - 500; 1500");
	use_pricing("{'minimum':1000}");
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
	use_pricing("{'minimum':1001,'extras':[{'key':'a','name':'A','amount':1,'per':'booking'}]}");
	assert_string_equal(priced(), "time - 1 hour 1000; minimum - 1; 1001");
	request.extras = &(struct price_extra){"a", 1};
	request.extra_count = 1;
	assert_string_equal(priced(), "time - 1 hour 1000; extra a 1 booking 1; 1001");
}

static void test_taxes_on_top_are_added_line_by_line(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	pricing.price = 1050;
	use_pricing(
	    "{'adjustments':[{'id':1,'on':'length','amount':-50}],"
	    "'taxes':[{'name':'VAT','rate_bp':500,'included':false},{'name':'City','rate_bp':90,'included':false}]}");
	/* 52.5 and -2.5 become 53 and -3; 9.45 and -0.45 become 9 and 0 */
	assert_string_equal(priced(), "time - 1 hour 1050; adjustment 1 -50; tax - 50; tax - 9; 1059");
	assert_int_equal(price.taxes, 59);
	assert_int_equal(price.lines[0].tax_added, 62);
	assert_int_equal(price.lines[1].tax_added, -3);
	assert_int_equal(price.lines[0].tax_included, 0);
	assert_string_equal(price.lines[3].label, "City");
	assert_int_equal(price.tax_count, 2);
	assert_int_equal(price.tax_sums[1].amount, 9);
}

static void test_taxes_included_are_shown_and_change_no_total(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	use_pricing(
	    "{'taxes':[{'name':'VAT','rate_bp':2000,'included':true},{'name':'City','rate_bp':500,'included':true},"
	    "{'name':'Resort','rate_bp':100,'included':false}]}");
	/* of 1000, 800 are before tax: 160 and 40 */
	assert_string_equal(priced(), "time - 1 hour 1000; tax - 10; 1010");
	assert_int_equal(price.lines[0].tax_included, 200);
	assert_int_equal(price.lines[0].tax_added, 10);
	assert_int_equal(price.tax_sums[0].amount, 160);
	assert_int_equal(price.tax_sums[1].amount, 40);
	assert_int_equal(price.taxes, 210);
	use_pricing(
	    "{'taxes':[{'name':'VAT','rate_bp':2000,'included':true},{'name':'City','rate_bp':500,'included':true}]}");
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
	assert_int_equal(price.lines[0].tax_included, 200);
	pricing.price = 1;
	use_pricing("{'taxes':[{'name':'VAT','rate_bp':5000,'included':false}]}");
	assert_string_equal(priced(), "time - 1 hour 1; tax - 1; 2");
}

static void test_taxes_of_discounts_bring_no_tax_below_zero(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	pricing.price = 9;
	use_pricing("{'adjustments':[{'id':1,'on':'length','amount':-5},{'id':2,'on':'length','amount':-5}],"
		    "'taxes':[{'name':'VAT','rate_bp':1000,'included':false}]}");
	/* 0.9 is 1; -0.5 is -1, twice; 0.1 is 0 */
	assert_string_equal(priced(), "time - 1 hour 9; adjustment 1 -5; adjustment 2 -5; floor - 1; tax - 0; 0");
	assert_int_equal(price.taxes, 0);
}

static void test_the_deposit_is_a_part_of_the_total(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	pricing.price = 1005;
	use_pricing("{'deposit_bp':3000,'taxes':[{'name':'VAT','rate_bp':1000,'included':false}]}");
	assert_string_equal(priced(), "time - 1 hour 1005; tax - 101; 1106");
	assert_int_equal(price.deposit, 332);
	use_pricing("{'deposit_bp':10000}");
	(void)priced();
	assert_int_equal(price.deposit, 1005);
}

static void test_a_price_is_read_back_as_it_was_written(void **state)
{
	(void)state;
	use_period(ONE_HOUR);
	request.extras = &(struct price_extra){"a", 3};
	request.extra_count = 1;
	use_pricing(
	    "{'minimum':2000,'deposit_bp':1000,'extras':[{'key':'a','name':'\\\"A\\\"','amount':1,'per':'booking',"
	    "'refundable':false}],'taxes':[{'name':'VAT','rate_bp':1000,'included':true},"
	    "{'name':'City','rate_bp':100,'included':false}]}");
	(void)priced();
	const char *json = price_json(&ctx.arena, &price);
	assert_string_equal(
	    json, "{\"currency\":\"EUR\",\"total\":2020,\"deposit\":202,\"taxes\":202,\"tax_sums\":["
		  "{\"name\":\"VAT\",\"rate_bp\":1000,\"included\":true,\"amount\":182},"
		  "{\"name\":\"City\",\"rate_bp\":100,\"included\":false,\"amount\":20}],\"lines\":["
		  "{\"kind\":\"time\",\"key\":null,\"label\":null,\"amount\":1000,\"tax_included\":91,"
		  "\"tax_added\":10,\"refundable\":true,\"quantity\":1,\"per\":\"hour\",\"unit_amount\":1000},"
		  "{\"kind\":\"extra\",\"key\":\"a\",\"label\":\"\\\"A\\\"\",\"amount\":3,\"tax_included\":0,"
		  "\"tax_added\":0,\"refundable\":false,\"quantity\":3,\"per\":\"booking\",\"unit_amount\":1},"
		  "{\"kind\":\"minimum\",\"key\":null,\"label\":null,\"amount\":997,\"tax_included\":91,"
		  "\"tax_added\":10,\"refundable\":true,\"quantity\":null,\"per\":null,\"unit_amount\":null},"
		  "{\"kind\":\"tax\",\"key\":null,\"label\":\"City\",\"amount\":20,\"tax_included\":0,"
		  "\"tax_added\":0,\"refundable\":true,\"quantity\":null,\"per\":null,\"unit_amount\":null}]}");
	struct price back;
	assert_int_equal(price_read(&ctx, json, &back), 0);
	assert_string_equal(price_json(&ctx.arena, &back), json);
	assert_true(back.known);
}

static void test_what_is_no_price_is_not_read(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "[]", "{}", "{\"lines\":[]}", "{\"tax_sums\":[]}"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		error_clear(&ctx.error);
		assert_int_equal(price_read(&ctx, texts[i], &price), -1);
		assert_int_equal(ctx.error.code, ERROR_INTERNAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PRICE_TEST(test_adjustments_are_each_on_the_running_subtotal),
	    PRICE_TEST(test_percentages_are_rounded_half_away_from_zero),
	    PRICE_TEST(test_a_subtotal_below_zero_becomes_zero_with_a_line),
	    PRICE_TEST(test_length_is_in_hours_or_in_days),
	    PRICE_TEST(test_lead_time_is_from_now_to_the_beginning),
	    PRICE_TEST(test_guests_are_counted_and_must_be_said),
	    PRICE_TEST(test_extras_are_charged_by_what_they_are_per),
	    PRICE_TEST(test_extras_that_cannot_be_had_are_named),
	    PRICE_TEST(test_the_minimum_is_a_line_for_what_lacks),
	    PRICE_TEST(test_taxes_on_top_are_added_line_by_line),
	    PRICE_TEST(test_taxes_included_are_shown_and_change_no_total),
	    PRICE_TEST(test_taxes_of_discounts_bring_no_tax_below_zero),
	    PRICE_TEST(test_the_deposit_is_a_part_of_the_total),
	    PRICE_TEST(test_a_price_is_read_back_as_it_was_written),
	    PRICE_TEST(test_what_is_no_price_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
