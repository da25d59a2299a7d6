/* What rules say of a period: each at its edges, all that forbid, and the words. */
#include "availability/verdict.h"
#include "rpc/call.h"
#include "rules_of.h"

#include <stdio.h>
#include <string.h>

#define EVERY_DAY "\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"]"
#define JUNE "2027-06-01"

static int64_t now;

static void judge(const struct booking_rules *rules, int64_t from, int64_t to, int guests, struct verdict *ret)
{
	const struct booking_wish wish = {.period = {from, to}, .units = 2, .guests = guests, .shortest = 15 * MINUTE};
	verdict_of(rules, &wish, now, &ctx.arena, ret);
}

/* The rules that forbid, in order: "closed guests". */
static const char *said(const struct booking_rules *rules, int64_t from, int64_t to, int guests)
{
	static char text[256];
	struct verdict verdict;
	judge(rules, from, to, guests, &verdict);
	text[0] = '\0';
	for (size_t i = 0; i < verdict.count; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "",
			       verdict.refusals[i].rule);
	return text;
}

/* Of so many hours on the first of June from an hour on. */
static const char *of_hours(const struct booking_rules *rules, double from, double to)
{
	int64_t midnight = at(rules, JUNE, 0, 0);
	return said(rules, midnight + (int64_t)(from * (double)HOUR), midnight + (int64_t)(to * (double)HOUR), 0);
}

static void test_without_rules_only_the_clock_and_the_platform_speak(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{}");
	assert_string_equal(of_hours(&rules, 10, 10.25), "");
	assert_string_equal(of_hours(&rules, 10, 10.24), "min_duration");
	assert_string_equal(of_hours(&rules, 0, 366 * 24), "");
	assert_string_equal(of_hours(&rules, 0, 366 * 24 + 0.01), "max_duration");
	assert_string_equal(said(&rules, now - MINUTE, now + HOUR, 0), "");
	assert_string_equal(said(&rules, now - MINUTE - 1, now + HOUR, 0), "in_past");
	assert_string_equal(said(&rules, now - HOUR, now, 0), "in_past");
	assert_string_equal(said(&rules, now + 999 * DAY, now + 1000 * DAY, 0), "");
	assert_string_equal(said(&rules, now + 999 * DAY, now + 1000 * DAY + 1, 0), "horizon");
}

static void test_notice_and_horizon(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{\"notice_minutes\":60,\"horizon_days\":2}");
	assert_string_equal(said(&rules, now + HOUR, now + 2 * HOUR, 0), "");
	assert_string_equal(said(&rules, now + HOUR - 1, now + 2 * HOUR, 0), "notice");
	assert_string_equal(said(&rules, now + DAY, now + 2 * DAY, 0), "");
	assert_string_equal(said(&rules, now + DAY, now + 2 * DAY + 1, 0), "horizon");
}

static void test_lengths_by_the_hour_and_session(void **state)
{
	(void)state;
	static const char json[] = "{\"min_minutes\":60,\"max_minutes\":180,\"min_days\":5,\"max_days\":6,"
				   "\"step_minutes\":30,\"start_grid_minutes\":60}";
	for (int i = 0; i < 2; i++) {
		struct booking_rules rules = rules_of(i == 0 ? "hour" : "session", json);
		assert_string_equal(of_hours(&rules, 10, 11), "");
		assert_string_equal(of_hours(&rules, 10, 13), "");
		assert_string_equal(of_hours(&rules, 10, 10.5), "min_duration");
		assert_string_equal(of_hours(&rules, 10, 13.5), "max_duration");
		assert_string_equal(of_hours(&rules, 10, 11.25), "step");
		assert_string_equal(of_hours(&rules, 10.5, 11.5), "start_grid");
		assert_string_equal(of_hours(&rules, 10 + 1.0 / 3600, 11 + 1.0 / 3600), "start_grid");
	}
}

static void test_the_grid_is_that_of_the_wall_clock(void **state)
{
	(void)state;
	struct booking_rules rules = rules_in("Asia/Kathmandu", "hour", "{\"start_grid_minutes\":60}");
	int64_t midnight = at(&rules, JUNE, 0, 0);
	assert_string_equal(said(&rules, midnight + 10 * HOUR, midnight + 11 * HOUR, 0), "");
	assert_string_equal(said(&rules, midnight + 10 * HOUR + 15 * MINUTE, midnight + 12 * HOUR, 0), "start_grid");
}

static const char *details_of(const struct booking_rules *rules, double from, double to)
{
	int64_t midnight = at(rules, JUNE, 0, 0);
	struct verdict verdict;
	judge(rules, midnight + (int64_t)(from * (double)HOUR), midnight + (int64_t)(to * (double)HOUR), 0, &verdict);
	assert_true(verdict.count > 0);
	return verdict.refusals[0].words[WORDS_ENGLISH];
}

static void test_lengths_by_the_day_and_night(void **state)
{
	(void)state;
	static const char json[] =
	    "{\"min_minutes\":600000,\"step_minutes\":7,\"start_grid_minutes\":7,\"min_days\":2,\"max_days\":3}";
	for (int i = 0; i < 2; i++) {
		struct booking_rules rules = rules_of(i == 0 ? "day" : "night", json);
		assert_string_equal(of_hours(&rules, 10, 34), "min_duration");
		assert_string_equal(of_hours(&rules, 10, 34.1), "");
		assert_string_equal(of_hours(&rules, 10, 82), "");
		assert_string_equal(of_hours(&rules, 10, 82.1), "max_duration");
		assert_string_equal(details_of(&rules, 10, 34), i == 0 ? "The shortest booking takes 2 days."
								       : "The shortest booking takes 2 nights.");
		assert_string_equal(details_of(&rules, 10, 82.1), i == 0 ? "The longest booking takes 3 days."
									 : "The longest booking takes 3 nights.");
	}
}

#define TWO_A_DAY                                                                             \
	"{\"opening_hours\":[{" EVERY_DAY ",\"from\":\"09:00\",\"to\":\"12:00\"},{" EVERY_DAY \
	",\"from\":\"13:00\",\"to\":\"02:00\"}]}"

static void test_a_period_lies_in_one_open_interval(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", TWO_A_DAY);
	assert_string_equal(of_hours(&rules, 9, 12), "");
	assert_string_equal(of_hours(&rules, 13, 26), "");
	assert_string_equal(of_hours(&rules, 11, 14), "closed");
	assert_string_equal(of_hours(&rules, 8, 9), "closed");
	assert_string_equal(of_hours(&rules, 12, 12.5), "closed");
	assert_string_equal(of_hours(&rules, 25, 26.5), "closed");
}

static void test_what_is_closed_is_said_from_when_to_when(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", TWO_A_DAY);
	assert_string_equal(details_of(&rules, 11, 14), "Closed from 2027-06-01 12:00 to 2027-06-01 13:00.");
	assert_string_equal(details_of(&rules, 8, 10), "Closed from 2027-06-01 08:00 to 2027-06-01 09:00.");
	assert_string_equal(details_of(&rules, 4, 5), "Closed from 2027-06-01 04:00 to 2027-06-01 05:00.");
	assert_string_equal(details_of(&rules, 25, 27), "Closed from 2027-06-02 02:00 to 2027-06-02 03:00.");
}

static void test_a_session_is_one_whole_interval(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("session", TWO_A_DAY);
	assert_string_equal(of_hours(&rules, 9, 12), "");
	assert_string_equal(of_hours(&rules, 13, 26), "");
	assert_string_equal(of_hours(&rules, 9, 11), "session");
	assert_string_equal(of_hours(&rules, 10, 12), "session");
	assert_string_equal(of_hours(&rules, 9, 26), "closed session");
	assert_string_equal(details_of(&rules, 10, 12),
			    "Sessions are booked whole: from 2027-06-01 09:00 to 2027-06-01 12:00.");
}

/* 1 June 2027 is a Tuesday. */
static void test_days_are_whole_and_open(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of(
	    "day", "{\"opening_hours\":[{\"days\":[\"tue\",\"wed\",\"fri\"],\"from\":\"09:00\",\"to\":\"23:00\"}]}");
	assert_string_equal(of_hours(&rules, 9, 23), "");
	assert_string_equal(of_hours(&rules, 9, 47), "");
	assert_string_equal(of_hours(&rules, 9, 22), "unit_grid");
	assert_string_equal(of_hours(&rules, 10, 47), "unit_grid");
	assert_string_equal(of_hours(&rules, 9, 71), "closed");
	assert_string_equal(of_hours(&rules, 9, 95), "closed");
	assert_string_equal(details_of(&rules, 9, 95), "Closed from 2027-06-03 00:00 to 2027-06-04 00:00.");
	assert_string_equal(details_of(&rules, 10, 47),
			    "Whole dates are booked: from 2027-06-01 09:00 to 2027-06-02 23:00.");
}

static void test_nights_are_whole_and_the_departure_date_may_be_closed(void **state)
{
	(void)state;
	struct booking_rules rules =
	    rules_of("night", "{\"opening_hours\":[{\"days\":[\"tue\",\"wed\"],\"from\":\"15:00\",\"to\":\"11:00\"}]}");
	assert_string_equal(of_hours(&rules, 15, 35), "");
	assert_string_equal(of_hours(&rules, 15, 59), "");
	assert_string_equal(of_hours(&rules, 15, 83), "closed");
	assert_string_equal(of_hours(&rules, 15, 58), "unit_grid");
}

static void test_exceptions_close_a_listing_without_hours(void **state)
{
	(void)state;
	static const char json[] =
	    "{\"exceptions\":[{\"from\":\"2027-06-02\",\"closed\":true,\"note\":\"Midsummer\"}]}";
	struct booking_rules hour = rules_of("hour", json), day = rules_of("day", json);
	assert_string_equal(of_hours(&hour, 10, 24), "");
	assert_string_equal(of_hours(&hour, 10, 24.5), "closed");
	assert_string_equal(of_hours(&day, 10, 24), "");
	assert_string_equal(of_hours(&day, 10, 58), "closed");
	assert_string_equal(details_of(&hour, 10, 25), "Closed from 2027-06-02 00:00 to 2027-06-02 01:00: Midsummer.");
}

static void test_guests_are_counted_against_all_units(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{\"guests_per_unit\":10}");
	int64_t from = at(&rules, JUNE, 10, 0);
	assert_string_equal(said(&rules, from, from + HOUR, 20), "");
	assert_string_equal(said(&rules, from, from + HOUR, 21), "guests");
	struct booking_rules unlimited = rules;
	unlimited.guests_per_unit = 0;
	assert_string_equal(said(&unlimited, from, from + HOUR, 1000000), "");
}

static void test_all_that_forbid_are_told_in_order(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of(
	    "hour", "{\"notice_minutes\":120,\"min_minutes\":120,\"step_minutes\":60,\"start_grid_minutes\":60,"
		    "\"opening_hours\":[],\"guests_per_unit\":1}");
	assert_string_equal(said(&rules, now + 90 * MINUTE + 7, now + 179 * MINUTE, 3),
			    "notice min_duration step start_grid closed guests");
}

static void test_the_verdict_on_a_period_leaves_the_clock_out(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{\"notice_minutes\":120,\"min_minutes\":120}");
	const struct booking_wish wish = {.period = {now - 5 * HOUR, now - 4 * HOUR}, .units = 1};
	struct verdict verdict;
	verdict_of_period(&rules, &wish, &ctx.arena, &verdict);
	assert_int_equal(verdict.count, 1);
	assert_true(verdict_has(&verdict, "min_duration"));
	assert_false(verdict_has(&verdict, "notice"));
}

static void test_a_refusal_tells_the_first_and_all(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{\"min_minutes\":90,\"opening_hours\":[]}");
	struct verdict verdict;
	judge(&rules, at(&rules, JUNE, 10, 0), at(&rules, JUNE, 11, 0), 0, &verdict);
	struct rpc_call call = {.ctx = &ctx};
	error_clear(&ctx.error);
	assert_int_equal(verdict_refuse(&call, &verdict), -1);
	assert_int_equal(ctx.error.code, ERROR_PRECONDITION_FAILED);
	assert_string_equal(
	    ctx.error.details,
	    "{\"rule\":\"min_duration\",\"minimum_seconds\":5400,\"refusals\":["
	    "{\"rule\":\"min_duration\",\"minimum_seconds\":5400,\"message\":{\"en\":\"The shortest booking takes 1 h 30 "
	    "min.\",\"ru\":\"Самое короткое бронирование: 1 ч 30 мин.\"}},"
	    "{\"rule\":\"closed\",\"closed_from\":\"2027-06-01T08:00:00.000000Z\",\"closed_to\":"
	    "\"2027-06-01T09:00:00.000000Z\",\"message\":{\"en\":\"Closed from 2027-06-01 10:00 to 2027-06-01 11:00.\","
	    "\"ru\":\"Закрыто с 2027-06-01 10:00 до 2027-06-01 11:00.\"}}]}");
	error_clear(&ctx.error);
}

static const char *shown_length(int64_t length)
{
	return words_length(&ctx.arena, "x", length).shown[WORDS_ENGLISH];
}

static void test_lengths_are_shown_in_their_parts(void **state)
{
	(void)state;
	assert_string_equal(shown_length(0), "0 min");
	assert_string_equal(shown_length(90 * MINUTE), "1 h 30 min");
	assert_string_equal(shown_length(2 * DAY + CLOCK_SECOND), "2 d 1 s");
	assert_string_equal(shown_length(DAY), "1 d");
}

static void test_a_full_verdict_takes_no_more(void **state)
{
	(void)state;
	struct verdict verdict = {0};
	for (int i = 0; i < VERDICT_MAX + 5; i++)
		verdict_add(&verdict, words_refusal(&ctx.arena, "in_past", 0, NULL));
	assert_int_equal(verdict.count, VERDICT_MAX);
}

static int set_up_clock(void **state)
{
	set_up(state);
	assert_true(clock_parse("2026-06-01T12:00:00Z", &now));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_without_rules_only_the_clock_and_the_platform_speak),
	    cmocka_unit_test(test_notice_and_horizon),
	    cmocka_unit_test(test_lengths_by_the_hour_and_session),
	    cmocka_unit_test(test_the_grid_is_that_of_the_wall_clock),
	    cmocka_unit_test(test_lengths_by_the_day_and_night),
	    cmocka_unit_test(test_a_period_lies_in_one_open_interval),
	    cmocka_unit_test(test_what_is_closed_is_said_from_when_to_when),
	    cmocka_unit_test(test_a_session_is_one_whole_interval),
	    cmocka_unit_test(test_days_are_whole_and_open),
	    cmocka_unit_test(test_nights_are_whole_and_the_departure_date_may_be_closed),
	    cmocka_unit_test(test_exceptions_close_a_listing_without_hours),
	    cmocka_unit_test(test_guests_are_counted_against_all_units),
	    cmocka_unit_test(test_all_that_forbid_are_told_in_order),
	    cmocka_unit_test(test_the_verdict_on_a_period_leaves_the_clock_out),
	    cmocka_unit_test(test_a_refusal_tells_the_first_and_all),
	    cmocka_unit_test(test_lengths_are_shown_in_their_parts),
	    cmocka_unit_test(test_a_full_verdict_takes_no_more),
	};
	return cmocka_run_group_tests(tests, set_up_clock, tear_down);
}
