/* Opening hours as instants: exceptions, midnight, clocks that change, whole dates. */
#include "rules_of.h"

#include <stdio.h>
#include <string.h>

#define EVERY_DAY "\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"]"
#define NINE_TO_FIVE "\"opening_hours\":[{" EVERY_DAY ",\"from\":\"09:00\",\"to\":\"17:00\"}]"

/* Spans as hours after a moment: "9-17 33-41". */
static const char *shown(const struct span *spans, size_t count, int64_t since)
{
	static char text[512];
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%g-%g", i > 0 ? " " : "",
			       (double)(spans[i].from - since) / (double)HOUR,
			       (double)(spans[i].to - since) / (double)HOUR);
	return text;
}

static const char *open_in(const struct booking_rules *rules, int64_t from, int64_t to)
{
	struct span *spans;
	size_t count = hours_open(rules, from, to, &ctx.arena, &spans);
	return shown(spans, count, from);
}

static const char *open_on(const struct booking_rules *rules, const char *first, const char *end)
{
	return open_in(rules, at(rules, first, 0, 0), at(rules, end, 0, 0));
}

static void test_hours_of_dates_are_cut_to_what_is_asked(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{" NINE_TO_FIVE "}");
	assert_string_equal(open_on(&rules, "2027-06-01", "2027-06-03"), "9-17 33-41");
	assert_string_equal(open_in(&rules, at(&rules, "2027-06-01", 10, 0), at(&rules, "2027-06-01", 11, 30)),
			    "0-1.5");
	assert_string_equal(open_in(&rules, at(&rules, "2027-06-01", 17, 0), at(&rules, "2027-06-02", 9, 0)), "");
	assert_string_equal(open_in(&rules, at(&rules, "2027-06-01", 12, 0), at(&rules, "2027-06-01", 12, 0)), "");
}

static void test_what_touches_or_overlaps_is_one(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of(
	    "hour", "{\"opening_hours\":[{" EVERY_DAY ",\"from\":\"20:00\",\"to\":\"04:00\"},"
		    "{" EVERY_DAY ",\"from\":\"03:00\",\"to\":\"06:00\"},{" EVERY_DAY
		    ",\"from\":\"06:00\",\"to\":\"08:00\"},{" EVERY_DAY ",\"from\":\"21:00\",\"to\":\"22:00\"}]}");
	assert_string_equal(open_on(&rules, "2027-06-01", "2027-06-03"), "0-8 20-32 44-48");
}

static void test_without_hours_it_is_always_open_but_for_exceptions(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("hour", "{\"exceptions\":[{\"from\":\"2027-06-02\",\"closed\":true}]}");
	assert_string_equal(open_on(&rules, "2027-06-01", "2027-06-04"), "0-24 48-72");
	struct booking_rules never = rules_of("hour", "{\"opening_hours\":[]}");
	assert_string_equal(open_on(&never, "2027-06-01", "2027-06-04"), "");
}

static const char *hours_with(const char *exceptions, const char *date)
{
	struct booking_rules rules =
	    rules_of("hour", arena_printf(&ctx.arena, "{" NINE_TO_FIVE ",\"exceptions\":[%s]}", exceptions));
	int64_t from = at(&rules, date, 0, 0);
	return open_in(&rules, from, from + DAY);
}

#define CLOSED(more) "{\"from\":\"2027-06-02\",\"closed\":true" more "}"
#define HOURS(from, more) "{\"from\":\"2027-06-02\",\"hours\":[{\"from\":\"" from "\",\"to\":\"20:00\"}]" more "}"
#define YEARLY ",\"yearly\":true"

static void test_which_exception_wins(void **state)
{
	(void)state;
	assert_string_equal(hours_with(HOURS("19:00", ""), "2027-06-02"), "19-20");
	assert_string_equal(hours_with(HOURS("19:00", ""), "2027-06-03"), "9-17");
	assert_string_equal(hours_with(HOURS("19:00", ""), "2028-06-02"), "9-17");
	assert_string_equal(hours_with(HOURS("19:00", YEARLY), "2028-06-02"), "19-20");
	assert_string_equal(hours_with(HOURS("19:00", "") "," HOURS("18:00", ""), "2027-06-02"), "18-20");
	assert_string_equal(hours_with(HOURS("19:00", "") "," HOURS("18:00", YEARLY), "2027-06-02"), "19-20");
	assert_string_equal(hours_with(HOURS("18:00", YEARLY) "," HOURS("19:00", ""), "2027-06-02"), "19-20");
	assert_string_equal(hours_with(HOURS("18:00", YEARLY) "," HOURS("17:00", YEARLY), "2027-06-02"), "17-20");
	assert_string_equal(hours_with(CLOSED(YEARLY) "," HOURS("19:00", ""), "2027-06-02"), "");
	assert_string_equal(hours_with(HOURS("19:00", "") "," CLOSED(""), "2027-06-02"), "");
}

static void test_an_exceptions_range_has_both_its_ends(void **state)
{
	(void)state;
	static const char days[] = "{\"from\":\"2027-06-02\",\"to\":\"2027-06-03\",\"closed\":true}";
	assert_string_equal(hours_with(days, "2027-06-01"), "9-17");
	assert_string_equal(hours_with(days, "2027-06-02"), "");
	assert_string_equal(hours_with(days, "2027-06-03"), "");
	assert_string_equal(hours_with(days, "2027-06-04"), "9-17");
}

/* In 2027 Berlin goes from 2:00 to 3:00 on 28 March and from 3:00 back to 2:00 on 31 October. */
static void test_hours_on_days_on_which_clocks_change(void **state)
{
	(void)state;
	struct booking_rules rules =
	    rules_of("hour", "{\"opening_hours\":[{\"days\":[\"sun\"],\"from\":\"01:00\",\"to\":\"02:30\"},"
			     "{\"days\":[\"sun\"],\"from\":\"06:00\",\"to\":\"24:00\"}]}");
	assert_string_equal(open_on(&rules, "2027-03-28", "2027-03-29"), "1-2.5 5-23");
	assert_string_equal(open_on(&rules, "2027-10-31", "2027-11-01"), "1-2.5 7-25");
	struct booking_rules gap =
	    rules_of("hour", "{\"opening_hours\":[{\"days\":[\"sun\"],\"from\":\"02:15\",\"to\":\"03:15\"}]}");
	assert_string_equal(open_on(&gap, "2027-03-28", "2027-03-29"), "");
	assert_string_equal(open_on(&gap, "2027-10-31", "2027-11-01"), "2.25-4.25");
}

static void test_sessions_are_whole_and_as_listed(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of(
	    "session", "{\"opening_hours\":[{" EVERY_DAY ",\"from\":\"10:00\",\"to\":\"14:00\"},{" EVERY_DAY
		       ",\"from\":\"14:00\",\"to\":\"18:00\"},{" EVERY_DAY
		       ",\"from\":\"22:00\",\"to\":\"02:00\"},{" EVERY_DAY ",\"from\":\"10:00\",\"to\":\"14:00\"}]}");
	int64_t from = at(&rules, "2027-06-01", 0, 0);
	struct span *spans;
	size_t count = hours_sessions(&rules, from, from + DAY, &ctx.arena, &spans);
	assert_string_equal(shown(spans, count, from), "10-14 14-18 22-26");
	count = hours_sessions(&rules, from + 11 * HOUR, from + 14 * HOUR, &ctx.arena, &spans);
	assert_int_equal(count, 0);
}

/* Hours of two entries, the same on some days, are one session. */
static void test_a_session_that_is_named_twice_is_one(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of(
	    "session", "{\"opening_hours\":[{" EVERY_DAY ",\"from\":\"10:00\",\"to\":\"14:00\"},{" EVERY_DAY
		       ",\"from\":\"10:00\",\"to\":\"14:00\"},{" EVERY_DAY ",\"from\":\"10:00\",\"to\":\"15:00\"}]}");
	int64_t from = at(&rules, "2027-06-01", 0, 0);
	struct span *spans;
	size_t count = hours_sessions(&rules, from, from + 2 * DAY, &ctx.arena, &spans);
	assert_string_equal(shown(spans, count, from), "10-14 10-15 34-38 34-39");
}

#define DAYS "{\"opening_hours\":[{\"days\":[\"mon\",\"tue\",\"wed\",\"fri\"],\"from\":\"09:00\",\"to\":\"23:00\"}]}"

static const char *dates_of(const struct booking_rules *rules, const struct span *period)
{
	static char text[64];
	int64_t from = 0, to = 0;
	if (!hours_dates_of(rules, period, &from, &to))
		return "none";
	char first[CIVIL_TEXT_SIZE], last[CIVIL_TEXT_SIZE];
	civil_format(from, first);
	civil_format(to, last);
	(void)snprintf(text, sizeof(text), "%s %s", first + 5, last + 5);
	return text;
}

/* 31 May 2027 is a Monday. */
static void test_days_are_from_the_opening_of_the_first_to_the_closing_of_the_last(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("day", DAYS);
	struct span span = {0, 0};
	assert_true(hours_of_dates(&rules, day_of("2027-05-31"), day_of("2027-06-02"), &span));
	assert_int_equal(span.from, at(&rules, "2027-05-31", 9, 0));
	assert_int_equal(span.to, at(&rules, "2027-06-02", 23, 0));
	assert_string_equal(dates_of(&rules, &span), "05-31 06-02");
	assert_int_equal(hours_days(&rules, &span), 3);
	assert_false(hours_of_dates(&rules, day_of("2027-06-02"), day_of("2027-06-03"), &span));
	assert_false(hours_of_dates(&rules, day_of("2027-06-02"), day_of("2027-06-01"), &span));
	assert_true(hours_of_dates(&rules, day_of("2027-06-04"), day_of("2027-06-04"), &span));
	span.to -= MINUTE;
	assert_string_equal(dates_of(&rules, &span), "none");
	span = (struct span){at(&rules, "2027-06-02", 9, 0), at(&rules, "2027-06-04", 23, 0)};
	assert_string_equal(dates_of(&rules, &span), "none");
}

static void test_nights_are_from_check_in_to_check_out(void **state)
{
	(void)state;
	struct booking_rules rules =
	    rules_of("night", "{\"opening_hours\":[{" EVERY_DAY ",\"from\":\"15:00\",\"to\":\"11:00\"}],"
			      "\"exceptions\":[{\"from\":\"2027-06-05\",\"closed\":true}]}");
	struct span span = {0, 0};
	assert_true(hours_of_dates(&rules, day_of("2027-06-01"), day_of("2027-06-03"), &span));
	assert_int_equal(span.from, at(&rules, "2027-06-01", 15, 0));
	assert_int_equal(span.to, at(&rules, "2027-06-03", 11, 0));
	assert_string_equal(dates_of(&rules, &span), "06-01 06-03");
	assert_int_equal(hours_days(&rules, &span), 2);
	assert_true(hours_of_dates(&rules, day_of("2027-06-04"), day_of("2027-06-05"), &span));
	assert_false(hours_of_dates(&rules, day_of("2027-06-05"), day_of("2027-06-06"), &span));
	assert_false(hours_of_dates(&rules, day_of("2027-06-01"), day_of("2027-06-01"), &span));
}

static void test_no_more_than_a_year_of_dates(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("day", "{" NINE_TO_FIVE "}");
	int64_t day = day_of("2027-01-01");
	struct span span = {0, 0};
	assert_true(hours_of_dates(&rules, day, day + 365, &span));
	assert_false(hours_of_dates(&rules, day, day + 366, &span));
}

static void test_local_days_are_counted_on_the_wall_clock(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("day", "{}");
	struct span one = {at(&rules, "2027-10-30", 12, 0), at(&rules, "2027-10-31", 12, 0)};
	assert_int_equal(one.to - one.from, 25 * HOUR);
	assert_int_equal(hours_days(&rules, &one), 1);
	one.to++;
	assert_int_equal(hours_days(&rules, &one), 2);
	one = (struct span){one.from, one.from + 1};
	assert_int_equal(hours_days(&rules, &one), 1);
	/* 2:30 comes twice on 31 October: a day that begins at 2:30 the day before lasts until the second. */
	one = (struct span){at(&rules, "2027-10-30", 2, 30), at(&rules, "2027-10-31", 2, 30) + HOUR};
	assert_int_equal(hours_days(&rules, &one), 1);
	/* One hour in which the wall clock goes back. */
	one = (struct span){at(&rules, "2027-10-31", 2, 50), at(&rules, "2027-10-31", 2, 50) + HOUR / 2};
	assert_int_equal(hours_days(&rules, &one), 1);
}

static void test_a_date_is_open_or_not(void **state)
{
	(void)state;
	struct booking_rules rules = rules_of("day", DAYS);
	assert_true(hours_date_open(&rules, day_of("2027-06-02")));
	assert_false(hours_date_open(&rules, day_of("2027-06-03")));
	/* Hours that the clock skips altogether open nothing. */
	struct booking_rules skipped = rules_in(
	    "America/Havana", "day", "{\"opening_hours\":[{" EVERY_DAY ",\"from\":\"00:00\",\"to\":\"01:00\"}]}");
	assert_false(hours_date_open(&skipped, day_of("2027-03-14")));
	assert_true(hours_date_open(&skipped, day_of("2027-03-15")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hours_of_dates_are_cut_to_what_is_asked),
	    cmocka_unit_test(test_what_touches_or_overlaps_is_one),
	    cmocka_unit_test(test_without_hours_it_is_always_open_but_for_exceptions),
	    cmocka_unit_test(test_which_exception_wins),
	    cmocka_unit_test(test_an_exceptions_range_has_both_its_ends),
	    cmocka_unit_test(test_hours_on_days_on_which_clocks_change),
	    cmocka_unit_test(test_sessions_are_whole_and_as_listed),
	    cmocka_unit_test(test_a_session_that_is_named_twice_is_one),
	    cmocka_unit_test(test_days_are_from_the_opening_of_the_first_to_the_closing_of_the_last),
	    cmocka_unit_test(test_nights_are_from_check_in_to_check_out),
	    cmocka_unit_test(test_no_more_than_a_year_of_dates),
	    cmocka_unit_test(test_local_days_are_counted_on_the_wall_clock),
	    cmocka_unit_test(test_a_date_is_open_or_not),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
