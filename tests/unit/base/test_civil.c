/* Dates: numbers, weekdays, leap days, texts and dates of every year. */
#include "base/civil.h"
#include "unit.h"

#include <string.h>

static int64_t day_of(const char *text)
{
	int64_t day = INT64_MIN;
	assert_true(civil_parse(text, &day));
	return day;
}

static void test_every_day_of_500_years_follows_the_one_before(void **state)
{
	(void)state;
	struct civil_date next = {1900, 1, 1};
	for (int64_t day = day_of("1900-01-01"); day < day_of("2400-01-01"); day++) {
		struct civil_date date = civil_date(day);
		assert_true(date.year == next.year && date.month == next.month && date.day == next.day);
		assert_int_equal(civil_day(date), day);
		bool ends_month = date.day == civil_days_of_month(date.year, date.month);
		bool ends_year = ends_month && date.month == 12;
		next = (struct civil_date){date.year + (ends_year ? 1 : 0),
					   ends_year ? 1 : date.month + (ends_month ? 1 : 0),
					   ends_month ? 1 : date.day + 1};
	}
}

static void test_weekdays_begin_with_monday(void **state)
{
	(void)state;
	assert_int_equal(civil_weekday(0), 3);
	assert_int_equal(civil_weekday(day_of("2026-11-30")), 0);
	assert_int_equal(civil_weekday(day_of("2026-12-06")), 6);
	assert_int_equal(civil_weekday(day_of("1969-12-28")), 6);
	assert_int_equal(civil_weekday(day_of("1969-12-29")), 0);
}

static void test_texts_are_read_and_written(void **state)
{
	(void)state;
	char text[CIVIL_TEXT_SIZE];
	civil_format(day_of("0000-03-01"), text);
	assert_string_equal(text, "0000-03-01");
	civil_format(day_of("9999-12-31"), text);
	assert_string_equal(text, "9999-12-31");
	assert_int_equal(day_of("1970-01-01"), 0);
	assert_int_equal(day_of("2024-02-29"), 19782);
	int64_t day = 0;
	assert_true(civil_read("2024-02-29T10:00", &day));
	assert_int_equal(day, 19782);
}

static void test_what_is_no_date_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",		  "2023-02-29", "1900-02-29",  "2024-13-01", "2024-00-01",
					    "2024-01-00", "2024-04-31", "2024-1-01",   "2024-01-1",  "2024/01/01",
					    "2024-01/01", "20240101",	"2024-01-01 ", "-024-01-01"};
	int64_t day = 0;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(civil_parse(wrong[i], &day));
}

static bool recurs(const char *from, const char *to, const char *asked)
{
	return civil_recurs(day_of(from), day_of(to), day_of(asked));
}

static void test_dates_of_every_year(void **state)
{
	(void)state;
	assert_true(recurs("2024-05-01", "2024-05-03", "2030-05-01"));
	assert_true(recurs("2024-05-01", "2024-05-03", "2019-05-03"));
	assert_false(recurs("2024-05-01", "2024-05-03", "2030-05-04"));
	assert_false(recurs("2024-05-01", "2024-05-03", "2030-04-30"));
}

static void test_dates_of_every_year_may_pass_new_year(void **state)
{
	(void)state;
	assert_true(recurs("2024-12-24", "2025-01-06", "2030-12-24"));
	assert_true(recurs("2024-12-24", "2025-01-06", "2031-01-06"));
	assert_false(recurs("2024-12-24", "2025-01-06", "2031-01-07"));
	assert_false(recurs("2024-12-24", "2025-01-06", "2031-12-23"));
}

static void test_the_leap_day_recurs_in_leap_years_only(void **state)
{
	(void)state;
	assert_true(recurs("2024-02-29", "2024-02-29", "2028-02-29"));
	assert_false(recurs("2024-02-29", "2024-02-29", "2027-02-28"));
	assert_false(recurs("2024-02-29", "2024-02-29", "2027-03-01"));
	assert_true(recurs("2023-02-28", "2023-03-01", "2028-02-29"));
}

static void test_a_whole_year_is_every_date(void **state)
{
	(void)state;
	assert_true(recurs("2024-03-01", "2025-03-01", "2027-07-07"));
	assert_true(recurs("2024-01-01", "2024-12-31", "2028-02-29"));
	assert_true(recurs("2023-03-01", "2024-02-29", "2027-07-07"));
	assert_false(recurs("2023-03-01", "2024-02-28", "2028-02-29"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_day_of_500_years_follows_the_one_before),
	    cmocka_unit_test(test_weekdays_begin_with_monday),
	    cmocka_unit_test(test_texts_are_read_and_written),
	    cmocka_unit_test(test_what_is_no_date_is_refused),
	    cmocka_unit_test(test_dates_of_every_year),
	    cmocka_unit_test(test_dates_of_every_year_may_pass_new_year),
	    cmocka_unit_test(test_the_leap_day_recurs_in_leap_years_only),
	    cmocka_unit_test(test_a_whole_year_is_every_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
