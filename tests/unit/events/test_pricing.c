/* What set_pricing refuses beyond the schema, and how a pricing is read. */
#include "base/civil.h"
#include "events/price_fixture.h"
#include "pricing/pricing_check.h"

/* "path rule expected" of the fault; "" for none. The base price is 1000 EUR. */
static const char *fault_of(const char *json)
{
	struct json_object *tree = json_of(json);
	struct pricing_base base = {1000, "EUR", &rules};
	struct pricing_fault fault = {0};
	bool sound = pricing_check(&ctx.arena, tree, &base, &fault);
	const char *expected = fault.expected ? fault.expected : "-";
	const char *text = sound ? "" : arena_printf(&ctx.arena, "%s %s %s", fault.path, fault.rule, expected);
	json_object_put(tree);
	return text;
}

static void test_a_sound_pricing_passes(void **state)
{
	(void)state;
	assert_string_equal(fault_of("{}"), "");
	assert_string_equal(
	    fault_of("{'currency':'EUR','rules':[{'id':1,'amount':0,'currency':'EUR','season':{'from':'2027-01-01',"
		     "'to':'2027-01-01'}},{'id':2,'amount':5}],'adjustments':[{'id':1,'on':'length','at_least':1,"
		     "'less_than':2,'percent_bp':-10000}],'extras':[{'key':'a','name':'A','amount':1,'per':'booking'}],"
		     "'taxes':[{'name':'VAT','rate_bp':1,'included':true}],'minimum':1,'deposit_bp':1}"),
	    "");
}

static void test_ids_keys_and_names_stand_once(void **state)
{
	(void)state;
	assert_string_equal(fault_of("{'rules':[{'id':1,'amount':1},{'id':2,'amount':1},{'id':1,'amount':1}]}"),
			    "/rules/2/id unique -");
	assert_string_equal(fault_of("{'adjustments':[{'id':7,'on':'guests','percent_bp':1},"
				     "{'id':7,'on':'length','percent_bp':1}]}"),
			    "/adjustments/1/id unique -");
	assert_string_equal(fault_of("{'extras':[{'key':'a','name':'A','amount':1,'per':'unit'},"
				     "{'key':'a','name':'B','amount':1,'per':'unit'}]}"),
			    "/extras/1/key unique -");
	assert_string_equal(fault_of("{'taxes':[{'name':'A','rate_bp':1,'included':true},"
				     "{'name':'A','rate_bp':2,'included':false}]}"),
			    "/taxes/1/name unique -");
}

static void test_seasons_are_dates_in_order(void **state)
{
	(void)state;
	assert_string_equal(
	    fault_of("{'rules':[{'id':1,'amount':1,'season':{'from':'2027-02-02','to':'2027-02-01'}}]}"),
	    "/rules/0/season/to not_before \"2027-02-02\"");
	assert_string_equal(
	    fault_of("{'rules':[{'id':1,'amount':1,'season':{'from':'2027-02-29','to':'2027-03-01'}}]}"),
	    "/rules/0/season/from format \"date\"");
	assert_string_equal(
	    fault_of("{'rules':[{'id':1,'amount':1,'season':{'from':'2027-02-01','to':'2027-02-30'}}]}"),
	    "/rules/0/season/to format \"date\"");
	assert_string_equal(fault_of("{'rules':[{'id':1,'amount':1,'season':{'from':'2027-02-01','to':'2028-02-02',"
				     "'yearly':true}}]}"),
			    "/rules/0/season/to maximum_days 366");
	assert_string_equal(fault_of("{'rules':[{'id':1,'amount':1,'season':{'from':'2027-02-01','to':'2028-02-01',"
				     "'yearly':true}}]}"),
			    "");
	assert_string_equal(fault_of("{'rules':[{'id':1,'amount':1,'season':{'from':'2027-02-01','to':'2029-02-02',"
				     "'yearly':false}}]}"),
			    "");
}

static void test_bands_have_room(void **state)
{
	(void)state;
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests','at_least':5,'less_than':5,"
				     "'percent_bp':1}]}"),
			    "/adjustments/0/less_than exclusiveMinimum 5");
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests','less_than':0,'percent_bp':1}]}"),
			    "/adjustments/0/less_than exclusiveMinimum 0");
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests','less_than':1,'percent_bp':1}]}"), "");
}

static void test_an_adjustment_has_one_kind_of_value(void **state)
{
	(void)state;
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests'}]}"),
			    "/adjustments/0/percent_bp form \"the only one of percent_bp and amount\"");
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests','amount':1,'percent_bp':1}]}"),
			    "/adjustments/0/amount form \"the only one of percent_bp and amount\"");
}

static void test_all_amounts_are_in_one_currency(void **state)
{
	(void)state;
	assert_string_equal(fault_of("{'currency':'NOK'}"), "/currency one_currency \"EUR\"");
	assert_string_equal(fault_of("{'rules':[{'id':1,'amount':1,'currency':'NOK'}]}"),
			    "/rules/0/currency one_currency \"EUR\"");
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'length','amount':1,'currency':'NOK'}]}"),
			    "/adjustments/0/currency one_currency \"EUR\"");
	assert_string_equal(fault_of("{'extras':[{'key':'a','name':'A','amount':1,'currency':'NOK','per':'booking'}]}"),
			    "/extras/0/currency one_currency \"EUR\"");
}

static void test_no_fixed_discount_makes_a_price_negative(void **state)
{
	(void)state;
	const char *refused = "/adjustments/0/amount negative_price -1000";
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests','amount':-1000}]}"), "");
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'guests','amount':-1001}]}"), refused);
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'lead_time','at_least':5,'amount':-1001}]}"),
			    refused);
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'length','amount':-1001}]}"), refused);
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'length','at_least':3,'amount':-3000}]}"), "");
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'length','at_least':3,'amount':-3001}]}"),
			    "/adjustments/0/amount negative_price -3000");
	assert_string_equal(fault_of("{'rules':[{'id':1,'amount':9000},{'id':2,'amount':900}],"
				     "'adjustments':[{'id':1,'on':'length','at_least':3,'amount':-2701}]}"),
			    "/adjustments/0/amount negative_price -2700");
	rules.unit = SALE_SESSION;
	assert_string_equal(fault_of("{'adjustments':[{'id':1,'on':'length','at_least':3,'amount':-1001}]}"), refused);
}

static void test_the_least_price_of_long_bookings_is_no_more_than_an_amount(void **state)
{
	(void)state;
	assert_string_equal(
	    fault_of("{'rules':[{'id':1,'amount':9000000000000000}],'adjustments':[{'id':1,'on':'length',"
		     "'at_least':9000000000000000,'amount':-9000000000000000}]}"),
	    "");
}

static void test_members_that_are_absent_have_their_defaults(void **state)
{
	(void)state;
	use_pricing("{}");
	assert_int_equal(pricing.rule_count + pricing.adjustment_count + pricing.extra_count + pricing.tax_count, 0);
	assert_int_equal(pricing.minimum + pricing.deposit_bp, 0);
	use_pricing("{'rules':[{'id':1,'amount':7}],'adjustments':[{'id':2,'on':'lead_time','amount':-3}],"
		    "'extras':[{'key':'a','name':'A','amount':1,'per':'hour'}],"
		    "'taxes':[{'name':'VAT','rate_bp':5,'included':true}]}");
	assert_int_equal(pricing.rules[0].priority, 0);
	assert_int_equal(pricing.rules[0].weekdays, 0x7F);
	assert_null(pricing.rules[0].name);
	assert_false(pricing.rules[0].has_season || pricing.rules[0].has_hours);
	assert_int_equal(pricing.adjustments[0].measure, ADJUST_LEAD_TIME);
	assert_int_equal(pricing.adjustments[0].at_least, 0);
	assert_int_equal(pricing.adjustments[0].less_than, INT64_MAX);
	assert_false(pricing.adjustments[0].in_percent);
	assert_int_equal(pricing.adjustments[0].value, -3);
	assert_int_equal(pricing.extras[0].most, PRICING_EXTRA_MOST);
	assert_int_equal(pricing.extras[0].per, EXTRA_PER_HOUR);
	assert_true(pricing.extras[0].refundable);
	assert_true(pricing.taxes[0].included);
	assert_int_equal(pricing.taxes[0].rate_bp, 5);
}

static void test_members_that_are_given_are_read(void **state)
{
	(void)state;
	use_pricing("{'rules':[{'id':1,'amount':7,'priority':-3,'name':'Sun','days':['mon','sun'],"
		    "'season':{'from':'1970-01-02','to':'1970-01-03','yearly':true},"
		    "'hours':{'from':'09:05','to':'24:00'}}]}");
	const struct price_rule *rule = &pricing.rules[0];
	assert_int_equal(rule->weekdays, 0x41);
	assert_int_equal(rule->season_from, 1);
	assert_int_equal(rule->season_to, 2);
	assert_true(rule->has_season && rule->yearly && rule->has_hours);
	assert_int_equal(rule->hours_from, 9 * 60 + 5);
	assert_int_equal(rule->hours_to, 24 * 60);
	assert_int_equal(rule->priority, -3);
	assert_string_equal(rule->name, "Sun");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PRICE_TEST(test_a_sound_pricing_passes),
	    PRICE_TEST(test_ids_keys_and_names_stand_once),
	    PRICE_TEST(test_seasons_are_dates_in_order),
	    PRICE_TEST(test_bands_have_room),
	    PRICE_TEST(test_an_adjustment_has_one_kind_of_value),
	    PRICE_TEST(test_all_amounts_are_in_one_currency),
	    PRICE_TEST(test_no_fixed_discount_makes_a_price_negative),
	    PRICE_TEST(test_the_least_price_of_long_bookings_is_no_more_than_an_amount),
	    PRICE_TEST(test_members_that_are_absent_have_their_defaults),
	    PRICE_TEST(test_members_that_are_given_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
