/* What time costs: hours, days and nights by their own local start, under the rule that holds then. */
#include "events/price_fixture.h"

static void test_each_hour_begun_is_charged(void **state)
{
	(void)state;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T12:00:00Z");
	assert_string_equal(priced(), "time - 2 hour 2000; 2000");
	request.period.to++;
	assert_string_equal(priced(), "time - 3 hour 3000; 3000");
	request.period.to = request.period.from + 1;
	assert_string_equal(priced(), "time - 1 hour 1000; 1000");
	request.units = 3;
	assert_string_equal(priced(), "time - 3 hour 3000; 3000");
}

static void test_a_grid_charges_parts_of_an_hour(void **state)
{
	(void)state;
	rules.start_grid = 30 * MINUTE;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T11:30:00Z");
	assert_string_equal(priced(), "time - 90 minute 1500; 1500");
	request.period.to++;
	assert_string_equal(priced(), "time - 2 hour 2000; 2000");
	rules.step = 15 * MINUTE; /* before the grid of starts */
	assert_string_equal(priced(), "time - 105 minute 1750; 1750");
	rules.step = 90 * MINUTE;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z");
	assert_string_equal(priced(), "time - 90 minute 1500; 1500");
	pricing.price = 1001;
	rules.step = 30 * MINUTE;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T10:30:00Z");
	assert_string_equal(priced(), "time - 30 minute 501; 501");
	request.units = 2;
	assert_string_equal(priced(), "time - 60 minute 1001; 1001");
}

static void test_a_session_is_charged_once(void **state)
{
	(void)state;
	rules.unit = SALE_SESSION;
	request.units = 2;
	use_period("2027-03-01T10:00:00Z", "2027-03-05T12:00:00Z");
	assert_string_equal(priced(), "time - 2 session 2000; 2000");
	use_pricing("{'rules':[{'id':1,'amount':700,'days':['mon']}]}");
	assert_string_equal(priced(), "time 1 2 session 1400; 1400");
}

static void test_days_are_those_of_the_local_clock(void **state)
{
	(void)state;
	rules.unit = SALE_DAY;
	use_period("2027-03-27T11:00:00Z", "2027-03-28T10:00:00Z"); /* clocks go forward: noon to noon */
	assert_string_equal(priced(), "time - 1 day 1000; 1000");
	request.period.to++;
	assert_string_equal(priced(), "time - 2 day 2000; 2000");
	use_period("2027-10-30T10:00:00Z", "2027-10-31T11:00:00Z"); /* and back: 25 hours */
	assert_string_equal(priced(), "time - 1 day 1000; 1000");
	request.period.to++;
	assert_string_equal(priced(), "time - 2 day 2000; 2000");
	use_period("2027-10-30T00:30:00Z", "2027-10-31T01:30:00Z"); /* 2:30 to the second 2:30 */
	assert_string_equal(priced(), "time - 1 day 1000; 1000");
	use_period("2027-03-27T01:30:00Z", "2027-03-28T01:30:00Z"); /* 2:30, which is skipped the next day */
	assert_string_equal(priced(), "time - 1 day 1000; 1000");
	request.period.to++;
	assert_string_equal(priced(), "time - 2 day 2000; 2000");
	use_period("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"); /* from the first 2:30 to the second */
	assert_string_equal(priced(), "time - 1 day 1000; 1000");
	rules.unit = SALE_NIGHT;
	use_period("2027-05-01T13:00:00Z", "2027-05-04T09:00:00Z");
	assert_string_equal(priced(), "time - 3 night 3000; 3000");
}

static void test_weekdays_are_those_of_the_local_start(void **state)
{
	(void)state;
	rules.unit = SALE_NIGHT;
	use_pricing("{'rules':[{'id':1,'amount':2000,'days':['fri','sat']}]}");
	use_period("2027-05-06T13:00:00Z", "2027-05-10T09:00:00Z"); /* Thursday to Monday */
	assert_string_equal(priced(), "time - 2 night 2000; time 1 2 night 4000; 6000");
	rules.unit = SALE_HOUR;
	use_period("2027-05-06T21:00:00Z", "2027-05-06T23:00:00Z"); /* Thursday 23 to Friday 1 in Berlin */
	assert_string_equal(priced(), "time - 1 hour 1000; time 1 1 hour 2000; 3000");
	use_period("2027-05-08T21:30:00Z", "2027-05-08T23:30:00Z"); /* Saturday 23:30 and Sunday 0:30 */
	assert_string_equal(priced(), "time 1 1 hour 2000; time - 1 hour 1000; 3000");
}

static void test_hours_of_a_rule_may_pass_midnight(void **state)
{
	(void)state;
	use_pricing("{'rules':[{'id':1,'amount':500,'hours':{'from':'22:00','to':'04:00'}}]}");
	use_period("2027-05-06T19:00:00Z", "2027-05-07T03:00:00Z"); /* 21 to 5 */
	assert_string_equal(priced(), "time - 2 hour 2000; time 1 6 hour 3000; 5000");
	use_pricing("{'rules':[{'id':1,'amount':500,'hours':{'from':'22:00','to':'24:00'}}]}");
	assert_string_equal(priced(), "time - 6 hour 6000; time 1 2 hour 1000; 7000");
	use_pricing("{'rules':[{'id':1,'amount':500,'hours':{'from':'08:00','to':'08:00'}}]}");
	assert_string_equal(priced(), "time 1 8 hour 4000; 4000");
	use_pricing("{'rules':[{'id':1,'amount':500,'hours':{'from':'21:01','to':'23:00'}}]}");
	assert_string_equal(priced(), "time - 7 hour 7000; time 1 1 hour 500; 7500");
}

static void test_hours_are_those_of_the_clock_when_it_is_changed(void **state)
{
	(void)state;
	use_pricing("{'rules':[{'id':1,'amount':500,'hours':{'from':'02:00','to':'03:00'}}]}");
	use_period("2027-03-28T00:00:00Z", "2027-03-28T03:00:00Z"); /* 1, 3, 4 o'clock */
	assert_string_equal(priced(), "time - 3 hour 3000; 3000");
	use_period("2027-10-30T23:00:00Z", "2027-10-31T03:00:00Z"); /* 1, 2, 2, 3 o'clock */
	assert_string_equal(priced(), "time - 2 hour 2000; time 1 2 hour 1000; 3000");
	rules.zone = zone_find("Australia/Lord_Howe"); /* half an hour back, on the first Sunday of April at 2 */
	use_period("2027-04-03T14:00:00Z", "2027-04-03T17:00:00Z"); /* 1:00, 1:30 again after an hour, 2:30 */
	assert_string_equal(priced(), "time - 2 hour 2000; time 1 1 hour 500; 2500");
}

static void test_times_before_1970_have_their_date_too(void **state)
{
	(void)state;
	rules.zone = zone_find("UTC");
	use_pricing("{'rules':[{'id':1,'amount':500,'days':['tue'],'hours':{'from':'22:00','to':'23:00'}}]}");
	use_period("1969-12-30T21:00:00Z", "1969-12-31T00:00:00Z");
	assert_string_equal(priced(), "time - 2 hour 2000; time 1 1 hour 500; 2500");
}

static void test_seasons_include_both_dates(void **state)
{
	(void)state;
	rules.unit = SALE_DAY;
	use_pricing("{'rules':[{'id':1,'amount':3000,'season':{'from':'2027-07-02','to':'2027-07-03'}}]}");
	use_period("2027-07-01T08:00:00Z", "2027-07-05T08:00:00Z");
	assert_string_equal(priced(), "time - 2 day 2000; time 1 2 day 6000; 8000");
	use_period("2028-07-01T08:00:00Z", "2028-07-05T08:00:00Z");
	assert_string_equal(priced(), "time - 4 day 4000; 4000");
}

static void test_yearly_seasons_pass_new_year(void **state)
{
	(void)state;
	rules.unit = SALE_DAY;
	use_pricing(
	    "{'rules':[{'id':1,'amount':3000,'season':{'from':'2020-12-31','to':'2021-01-01','yearly':true}}]}");
	use_period("2027-12-30T08:00:00Z", "2028-01-03T08:00:00Z");
	assert_string_equal(priced(), "time - 2 day 2000; time 1 2 day 6000; 8000");
	use_pricing(
	    "{'rules':[{'id':1,'amount':3000,'season':{'from':'2024-02-29','to':'2024-02-29','yearly':true}}]}");
	use_period("2027-02-27T08:00:00Z", "2027-03-02T08:00:00Z");
	assert_string_equal(priced(), "time - 3 day 3000; 3000");
	use_period("2028-02-28T08:00:00Z", "2028-03-02T08:00:00Z");
	assert_string_equal(priced(), "time - 2 day 2000; time 1 1 day 3000; 5000");
}

static void test_the_highest_priority_wins_and_of_equal_ones_the_lowest_id(void **state)
{
	(void)state;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z");
	use_pricing("{'rules':[{'id':3,'amount':3},{'id':2,'amount':2},{'id':9,'priority':-1,'amount':9}]}");
	assert_string_equal(priced(), "time 2 1 hour 2; 2");
	use_pricing("{'rules':[{'id':3,'amount':3,'name':'Monday','priority':1},{'id':2,'amount':2}]}");
	assert_string_equal(priced(), "time 3 1 hour 3; 3");
	assert_string_equal(price.lines[0].label, "Monday");
	assert_int_equal(price.lines[0].unit_amount, 3);
	use_pricing("{'rules':[{'id':3,'amount':3,'priority':1,'days':['tue']},{'id':2,'amount':2}]}");
	assert_string_equal(priced(), "time 2 1 hour 2; 2");
	use_pricing("{'rules':[{'id':3,'amount':3,'priority':1,'hours':{'from':'12:00','to':'13:00'}},"
		    "{'id':2,'amount':2}]}");
	assert_string_equal(priced(), "time 2 1 hour 2; 2");
}

static void test_a_listing_without_a_price_has_none(void **state)
{
	(void)state;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z");
	pricing = (struct pricing){0};
	assert_string_equal(priced(), "0");
	assert_false(price.known);
	assert_string_equal(price_json(&ctx.arena, &price), "{\"currency\":null,\"total\":null,\"deposit\":null,"
							    "\"taxes\":null,\"tax_sums\":[],\"lines\":[]}");
}

static void test_a_price_that_no_amount_can_hold_names_what_makes_it(void **state)
{
	(void)state;
	pricing.price = 9000000000000000;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z");
	assert_string_equal(priced(), "time - 1 hour 9000000000000000; 9000000000000000");
	request.period.to++;
	assert_string_equal(priced(), "{\"fields\":[{\"path\":\"/params/period\",\"rule\":\"max_price\","
				      "\"expected\":9000000000000000}]}");
	assert_int_equal(ctx.error.code, ERROR_TOO_LARGE);
	request.units = 100;
	use_period("2027-03-01T10:00:00Z", "2028-03-01T11:00:00Z");
	assert_non_null(strstr(priced(), "/params/units"));
	request.units = 2;
	assert_non_null(strstr(priced(), "/params/units"));
	request.units = 1;
	use_period("2027-03-01T10:00:00Z", "2027-03-01T11:00:00Z");
	use_pricing("{'adjustments':[{'id':1,'on':'length','percent_bp':1}]}");
	assert_non_null(strstr(priced(), "/params/period"));
	use_pricing("{'extras':[{'key':'a','name':'A','amount':1,'per':'booking'}]}");
	request.extras = &(struct price_extra){"a", 1};
	request.extra_count = 1;
	assert_non_null(strstr(priced(), "/params/extras"));
	request.extra_count = 0;
	use_pricing("{'taxes':[{'name':'VAT','rate_bp':1,'included':false}]}");
	assert_non_null(strstr(priced(), "/params/period"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PRICE_TEST(test_each_hour_begun_is_charged),
	    PRICE_TEST(test_a_grid_charges_parts_of_an_hour),
	    PRICE_TEST(test_a_session_is_charged_once),
	    PRICE_TEST(test_days_are_those_of_the_local_clock),
	    PRICE_TEST(test_weekdays_are_those_of_the_local_start),
	    PRICE_TEST(test_hours_of_a_rule_may_pass_midnight),
	    PRICE_TEST(test_hours_are_those_of_the_clock_when_it_is_changed),
	    PRICE_TEST(test_times_before_1970_have_their_date_too),
	    PRICE_TEST(test_seasons_include_both_dates),
	    PRICE_TEST(test_yearly_seasons_pass_new_year),
	    PRICE_TEST(test_the_highest_priority_wins_and_of_equal_ones_the_lowest_id),
	    PRICE_TEST(test_a_listing_without_a_price_has_none),
	    PRICE_TEST(test_a_price_that_no_amount_can_hold_names_what_makes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
