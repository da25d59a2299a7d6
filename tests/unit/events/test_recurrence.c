/* Dates that recur, against looking at every day of the calendar. */
#include "booking/series/recurrence.h"

#include "base/civil.h"
#include "unit.h"

#define NEVER INT64_MAX

static struct recurrence_date dates[RECURRENCE_ROOM];

static int64_t day(int year, int month, int of_month)
{
	return civil_day((struct civil_date){year, month, of_month});
}

static void assert_dates(const struct recurrence *recurrence, int64_t first, size_t count, const int64_t *expected)
{
	assert_int_equal(recurrence_dates(recurrence, first, dates), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(dates[i].day, expected[i]);
}

static void test_every_second_week_on_two_days(void **state)
{
	(void)state;
	/* 2027-03-03 is a Wednesday. */
	struct recurrence recurrence = {RECUR_WEEKLY, 2, 1U << 0 | 1U << 2, 4, NEVER, 0, NULL};
	assert_dates(&recurrence, day(2027, 3, 3), 4,
		     (int64_t[]){day(2027, 3, 3), day(2027, 3, 15), day(2027, 3, 17), day(2027, 3, 29)});
}

static void test_a_month_without_the_day_is_passed_over_and_told(void **state)
{
	(void)state;
	struct recurrence recurrence = {RECUR_MONTHLY_DAY, 1, 0, 3, NEVER, 0, NULL};
	assert_dates(
	    &recurrence, day(2027, 1, 31), 5,
	    (int64_t[]){day(2027, 1, 31), day(2027, 2, 1), day(2027, 3, 31), day(2027, 4, 1), day(2027, 5, 31)});
	assert_int_equal(dates[1].result, RECURRENCE_MISSING);
	assert_int_equal(dates[4].result, RECURRENCE_DATE);
}

static void test_a_leap_day_comes_every_four_years(void **state)
{
	(void)state;
	struct recurrence recurrence = {RECUR_MONTHLY_DAY, 12, 0, 2, NEVER, 0, NULL};
	assert_int_equal(recurrence_dates(&recurrence, day(2028, 2, 29), dates), 5);
	assert_int_equal(dates[4].day, day(2032, 2, 29));
}

static void test_the_fifth_weekday_is_not_in_every_month_and_the_last_is(void **state)
{
	(void)state;
	/* 2027-01-29 is the fifth and last Friday. */
	struct recurrence recurrence = {RECUR_MONTHLY_WEEKDAY, 1, 0, 0, day(2027, 4, 30), 0, NULL};
	assert_dates(&recurrence, day(2027, 1, 29), 4,
		     (int64_t[]){day(2027, 1, 29), day(2027, 2, 1), day(2027, 3, 1), day(2027, 4, 30)});
	recurrence.frequency = RECUR_MONTHLY_LAST_WEEKDAY;
	assert_dates(&recurrence, day(2027, 1, 29), 4,
		     (int64_t[]){day(2027, 1, 29), day(2027, 2, 26), day(2027, 3, 26), day(2027, 4, 30)});
}

static void test_what_is_left_out_counts(void **state)
{
	(void)state;
	const int64_t except[] = {day(2027, 3, 10)};
	struct recurrence recurrence = {RECUR_WEEKLY, 1, 0, 3, NEVER, 1, except};
	assert_dates(&recurrence, day(2027, 3, 3), 3, (int64_t[]){day(2027, 3, 3), day(2027, 3, 10), day(2027, 3, 17)});
	assert_int_equal(dates[1].result, RECURRENCE_EXCEPT);
}

static void test_a_series_has_at_most_366_dates(void **state)
{
	(void)state;
	struct recurrence recurrence = {RECUR_WEEKLY, 1, 127, RECURRENCE_MOST, NEVER, 0, NULL};
	assert_int_equal(recurrence_dates(&recurrence, day(2027, 3, 3), dates), RECURRENCE_MOST);
	recurrence.count = 0;
	recurrence.until = day(2027, 3, 3) + RECURRENCE_MOST - 1;
	assert_int_equal(recurrence_dates(&recurrence, day(2027, 3, 3), dates), RECURRENCE_MOST);
	recurrence.until++;
	assert_true(recurrence_dates(&recurrence, day(2027, 3, 3), dates) > RECURRENCE_ROOM);
}

/* Whether the day is one that recurs, told by the day alone. */
static int is_one(const struct recurrence *recurrence, int64_t first, int64_t at)
{
	struct civil_date begun = civil_date(first), date = civil_date(at);
	int months = (date.year - begun.year) * 12 + date.month - begun.month;
	int days = civil_days_of_month(date.year, date.month);
	int64_t weeks = (at - civil_weekday(at) - first + civil_weekday(first)) / 7;
	switch (recurrence->frequency) {
	case RECUR_WEEKLY:
		return weeks % recurrence->interval == 0 && (recurrence->weekdays >> civil_weekday(at) & 1U);
	case RECUR_MONTHLY_DAY:
		return months % recurrence->interval == 0 && date.day == begun.day;
	case RECUR_MONTHLY_WEEKDAY:
		return months % recurrence->interval == 0 && civil_weekday(at) == civil_weekday(first) &&
		       (date.day - 1) / 7 == (begun.day - 1) / 7;
	default:
		return months % recurrence->interval == 0 && civil_weekday(at) == civil_weekday(first) &&
		       date.day + 7 > days;
	}
}

static void check_against_calendar(const struct recurrence *recurrence, int64_t first)
{
	size_t count = recurrence_dates(recurrence, first, dates), next = 0;
	assert_true(count <= RECURRENCE_ROOM);
	for (int64_t at = first; at <= recurrence->until; at++) {
		if (!is_one(recurrence, first, at))
			continue;
		while (next < count && dates[next].result == RECURRENCE_MISSING)
			next++;
		assert_true(next < count);
		assert_int_equal(dates[next++].day, at);
	}
	while (next < count)
		assert_int_equal(dates[next++].result, RECURRENCE_MISSING);
}

static void test_the_dates_are_those_of_the_calendar(void **state)
{
	(void)state;
	for (int64_t first = day(2026, 12, 1); first < day(2028, 3, 15); first += 3)
		for (int interval = 1; interval <= 7; interval += 3) {
			struct recurrence recurrence = {
			    RECUR_WEEKLY, interval, 1U << civil_weekday(first) | 1U << 4, 0, first + 600, 0, NULL};
			check_against_calendar(&recurrence, first);
			recurrence.frequency = RECUR_MONTHLY_DAY;
			check_against_calendar(&recurrence, first);
			recurrence.frequency = RECUR_MONTHLY_WEEKDAY;
			check_against_calendar(&recurrence, first);
			struct civil_date date = civil_date(first);
			recurrence.frequency = RECUR_MONTHLY_LAST_WEEKDAY;
			if (date.day + 7 > civil_days_of_month(date.year, date.month))
				check_against_calendar(&recurrence, first);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_second_week_on_two_days),
	    cmocka_unit_test(test_a_month_without_the_day_is_passed_over_and_told),
	    cmocka_unit_test(test_a_leap_day_comes_every_four_years),
	    cmocka_unit_test(test_the_fifth_weekday_is_not_in_every_month_and_the_last_is),
	    cmocka_unit_test(test_what_is_left_out_counts),
	    cmocka_unit_test(test_a_series_has_at_most_366_dates),
	    cmocka_unit_test(test_the_dates_are_those_of_the_calendar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
