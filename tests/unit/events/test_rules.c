/* The rules of a listing, read from their JSON. */
#include "rules_of.h"

#include <string.h>

static void test_no_rules_are_the_defaults(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("day", "{}");
	assert_false(rules.has_hours || rules.named || rules.by_request || rules.decline_overlapping);
	assert_int_equal(rules.horizon_days, 1000);
	assert_int_equal(rules.request_hours, 24);
	assert_int_equal(rules.guests_per_unit, 40);
	assert_int_equal(rules.refund_count, 1);
	assert_int_equal(rules.refunds[0].until_hours, 0);
	assert_int_equal(rules.refunds[0].refund_bp, 10000);
	assert_int_equal(rules.buffer_before | rules.buffer_after | rules.notice | rules.step | rules.start_grid, 0);
	assert_int_equal(rules.bookings_per_user | rules.overbooking | rules.min_days | rules.max_days, 0);
	assert_false(rules_sells_dates(&rules));
}

static void test_all_members_are_read(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of(
	    "hour", "{\"buffer_before_minutes\":1,\"buffer_after_minutes\":2,\"notice_minutes\":3,\"horizon_days\":4,"
		    "\"min_minutes\":5,\"max_minutes\":6,\"min_days\":7,\"max_days\":8,\"step_minutes\":9,"
		    "\"start_grid_minutes\":10,\"units_mode\":\"named\",\"unit_names\":[\"Red\",\"Blue\",\"Green\"],"
		    "\"guests_per_unit\":11,\"confirmation\":\"request\",\"request_hours\":12,"
		    "\"overlapping_requests\":\"decline\",\"overbooking\":13,\"limits\":{\"bookings_per_user\":14,"
		    "\"bookings_per_user_per_day\":15,\"minutes_per_user_per_day\":16,\"gap_minutes_per_user\":17},"
		    "\"cancellation\":[{\"until_hours_before_start\":48,\"refund_bp\":9000},"
		    "{\"until_hours_before_start\":24,\"refund_bp\":5000}]}");
	assert_int_equal(rules.buffer_before, MINUTE);
	assert_int_equal(rules.buffer_after, 2 * MINUTE);
	assert_int_equal(rules.notice, 3 * MINUTE);
	assert_int_equal(rules.horizon_days, 4);
	assert_int_equal(rules.min_length, 5 * MINUTE);
	assert_int_equal(rules.max_length, 6 * MINUTE);
	assert_int_equal(rules.min_days, 7);
	assert_int_equal(rules.max_days, 8);
	assert_int_equal(rules.step, 9 * MINUTE);
	assert_int_equal(rules.start_grid, 10 * MINUTE);
	assert_true(rules.named && rules.by_request && rules.decline_overlapping);
	assert_int_equal(rules.name_count, 3);
	assert_string_equal(rules.unit_names[2], "Green");
	assert_int_equal(rules.guests_per_unit, 11);
	assert_int_equal(rules.request_hours, 12);
	assert_int_equal(rules.overbooking, 13);
	assert_int_equal(rules.bookings_per_user, 14);
	assert_int_equal(rules.bookings_per_user_per_day, 15);
	assert_int_equal(rules.time_per_user_per_day, 16 * MINUTE);
	assert_int_equal(rules.gap_per_user, 17 * MINUTE);
	assert_int_equal(rules.refund_count, 2);
	assert_int_equal(rules.refunds[1].until_hours, 24);
	assert_int_equal(rules.refunds[1].refund_bp, 5000);
	assert_int_equal(rules_guests_most(&rules, 3), 33);
}

static void test_hours_are_minutes_and_may_end_on_the_next_date(void **state)
{
	(void)state;
	struct booking_rules rules =
	    rules_of("hour", "{\"opening_hours\":[{\"days\":[\"mon\",\"sun\"],\"from\":\"09:30\",\"to\":\"24:00\"},"
			     "{\"days\":[\"sun\"],\"from\":\"23:00\",\"to\":\"02:15\"},"
			     "{\"days\":[\"tue\"],\"from\":\"10:00\",\"to\":\"10:00\"}]}");
	assert_true(rules.has_hours);
	assert_int_equal(rules.week[0].count, 1);
	assert_int_equal(rules.week[0].hours[0].from, 570);
	assert_int_equal(rules.week[0].hours[0].to, 1440);
	assert_int_equal(rules.week[1].hours[0].to, 600 + 1440);
	assert_int_equal(rules.week[2].count, 0);
	assert_int_equal(rules.week[6].count, 2);
	assert_int_equal(rules.week[6].hours[1].to, 1440 + 135);
}

static void test_exceptions_are_dates(void **state)
{
	(void)state;
	struct booking_rules rules =
	    rules_of("hour", "{\"exceptions\":[{\"from\":\"2027-05-01\",\"closed\":true,\"note\":\"May\"},"
			     "{\"from\":\"2027-12-24\",\"to\":\"2028-01-02\",\"yearly\":true,"
			     "\"hours\":[{\"from\":\"10:00\",\"to\":\"12:00\"}]}]}");
	assert_int_equal(rules.exception_count, 2);
	assert_int_equal(rules.exceptions[0].from, day_of("2027-05-01"));
	assert_int_equal(rules.exceptions[0].to, day_of("2027-05-01"));
	assert_true(rules.exceptions[0].closed && !rules.exceptions[0].yearly);
	assert_string_equal(rules.exceptions[0].note, "May");
	assert_int_equal(rules.exceptions[1].to, day_of("2028-01-02"));
	assert_true(rules.exceptions[1].yearly && !rules.exceptions[1].closed);
	assert_int_equal(rules.exceptions[1].hours.hours[0].to, 720);
	assert_null(rules.exceptions[1].note);
}

static void test_units_of_sale(void **state)
{
	(void)state;
	assert_int_equal(rules_unit("hour"), SALE_HOUR);
	assert_int_equal(rules_unit("day"), SALE_DAY);
	assert_int_equal(rules_unit("night"), SALE_NIGHT);
	assert_int_equal(rules_unit("session"), SALE_SESSION);
	struct booking_rules night = rules_of("night", "{\"opening_hours\":[]}"),
			     hour = rules_of("hour", "{\"opening_hours\":[]}");
	assert_true(rules_sells_dates(&night) && night.has_hours);
	assert_false(rules_sells_dates(&hour));
}

static int read_with(const char *json, const char *zone)
{
	const struct rules_source source = {.json = json, .zone = zone, .unit = "day", .units = 1};
	error_clear(&ctx.error);
	struct booking_rules rules;
	return rules_read(&ctx, &source, &rules);
}

static void test_what_cannot_be_read_is_a_fault_of_ours(void **state)
{
	(void)state;
	assert_int_equal(read_with("{}", "Europe/Berlin"), 0);
	assert_int_equal(read_with("{", "Europe/Berlin"), -1);
	assert_int_equal(ctx.error.code, ERROR_INTERNAL);
	assert_int_equal(read_with("{}", "Mars/Base"), -1);
	assert_int_equal(ctx.error.code, ERROR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_rules_are_the_defaults),
	    cmocka_unit_test(test_all_members_are_read),
	    cmocka_unit_test(test_hours_are_minutes_and_may_end_on_the_next_date),
	    cmocka_unit_test(test_exceptions_are_dates),
	    cmocka_unit_test(test_units_of_sale),
	    cmocka_unit_test(test_what_cannot_be_read_is_a_fault_of_ours),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
