/* Zones from files of TZif, made here byte by byte, and rules of footers; tests/system/test_zones.py has the real ones.
 */
#include "base/civil.h"
#include "base/clock.h"
#include "unit.h"
#include "zone/zone.h"
#include "zone/zone_internal.h"

#include <stdlib.h>
#include <string.h>

#define HOUR (3600 * CLOCK_SECOND)
#define DAY (24 * HOUR)

static unsigned char bytes[4096];
static size_t size;

static void put(uint64_t value, size_t width)
{
	for (size_t i = width; i-- > 0;)
		bytes[size++] = (unsigned char)(i < sizeof(value) ? value >> i * 8 : 0);
}

static void put_header(uint32_t times, uint32_t types, uint32_t characters)
{
	memcpy(bytes + size, "TZif2", 5);
	size += 5;
	put(0, 15);
	put(0, 4);
	put(0, 4);
	put(0, 4);
	put(times, 4);
	put(types, 4);
	put(characters, 4);
}

static void put_type(int32_t offset)
{
	put((uint32_t)offset, 4);
	put(0, 2);
}

/* A file with these changes: to +1 at second 1,000,000 and to +2 at 2,000,000, from 0. */
static void make(const char *footer)
{
	size = 0;
	put_header(0, 1, 1);
	put_type(0);
	put('X', 1);
	put_header(2, 3, 1);
	put(1000000, 8);
	put(2000000, 8);
	put(1, 1);
	put(2, 1);
	put_type(0);
	put_type(3600);
	put_type(7200);
	put('X', 1);
	bytes[size++] = '\n';
	memcpy(bytes + size, footer, strlen(footer));
	size += strlen(footer);
	bytes[size++] = '\n';
}

static void test_changes_are_read(void **state)
{
	(void)state;
	make("EET-2");
	struct zone *zone = zone_file_read(bytes, size);
	assert_non_null(zone);
	assert_int_equal(zone_offset(zone, 1000000 * CLOCK_SECOND - 1), 0);
	assert_int_equal(zone_offset(zone, 1000000 * CLOCK_SECOND), 3600);
	assert_int_equal(zone_offset(zone, 2000000 * CLOCK_SECOND), 7200);
	assert_int_equal(zone_offset(zone, INT64_C(1) << 60), 7200);
	assert_int_equal(zone_offset(zone, -(INT64_C(1) << 60)), 0);
	zone_free(zone);
}

static void test_a_file_that_ends_early_is_refused_at_every_byte(void **state)
{
	(void)state;
	make("EET-2EEST,M3.5.0/3,M10.5.0/4");
	for (size_t i = 0; i < size; i++) {
		unsigned char *part = malloc(i + 1);
		assert_non_null(part);
		memcpy(part, bytes, i);
		assert_null(zone_file_read(part, i));
		free(part);
	}
	struct zone *zone = zone_file_read(bytes, size);
	assert_non_null(zone);
	zone_free(zone);
}

static bool takes_with(size_t place, unsigned char byte)
{
	make("EET-2");
	bytes[place] = byte;
	struct zone *zone = zone_file_read(bytes, size);
	zone_free(zone);
	return zone != NULL;
}

static void test_unsound_files_are_refused(void **state)
{
	(void)state;
	const size_t second = 44 + 7, times = second + 44, kinds = times + 16, types = kinds + 2;
	assert_true(takes_with(0, 'T'));
	assert_false(takes_with(0, 't'));
	assert_false(takes_with(4, '\0'));	     /* version 1 */
	assert_false(takes_with(second + 4, '1'));   /* of the second block */
	assert_false(takes_with(second + 32, 0x7f)); /* far too many changes */
	assert_false(takes_with(kinds, 3));	     /* a type that is not there */
	assert_false(takes_with(times + 8 + 5, 0));  /* changes that go back */
	assert_false(takes_with(types + 6, 0x10));   /* an offset of years */
	assert_false(takes_with(size - 7, 'x'));     /* no line feed before the footer */
}

/* A zone that stands at this many hours before its footer's rule, from 1970 on. */
static struct zone *of_rule(const char *rule, int hours)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	assert_non_null(zone);
	zone_append(zone, INT64_MIN, 0);
	zone_append(zone, 0, hours * 3600);
	if (zone_footer_apply(zone, rule))
		return zone;
	zone_free(zone);
	return NULL;
}

static int64_t at(int year, int month, int day, int hour)
{
	return civil_day((struct civil_date){year, month, day}) * DAY + hour * HOUR;
}

/* The footer's rule changes the clocks of the year at these hours of UTC. */
static void assert_changes(const char *rule, int hours, int64_t start, int64_t end, int before, int after)
{
	struct zone *zone = of_rule(rule, hours);
	assert_non_null(zone);
	assert_int_equal(zone_offset(zone, start - 1), before);
	assert_int_equal(zone_offset(zone, start), after);
	assert_int_equal(zone_offset(zone, end - 1), after);
	assert_int_equal(zone_offset(zone, end), before);
	zone_free(zone);
}

static void test_rules_by_weekday(void **state)
{
	(void)state;
	assert_changes("CET-1CEST,M3.5.0,M10.5.0/3", 1, at(2027, 3, 28, 1), at(2027, 10, 31, 1), 3600, 7200);
	assert_changes("EST5EDT,M3.2.0,M11.1.0", -5, at(2027, 3, 14, 7), at(2027, 11, 7, 6), -18000, -14400);
	assert_changes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -2, at(2027, 3, 28, 1), at(2027, 10, 31, 1), -7200, -3600);
	assert_changes("IST-2IDT,M3.4.4/26,M10.5.0", 2, at(2027, 3, 26, 0), at(2027, 10, 30, 23), 7200, 10800);
	assert_changes("NST3:30NDT,M3.2.0,M11.1.0", -3, at(2027, 3, 14, 5) + HOUR / 2, at(2027, 11, 7, 4) + HOUR / 2,
		       -12600, -9000);
}

static void test_daylight_time_may_be_behind_or_pass_new_year(void **state)
{
	(void)state;
	assert_changes("IST-1GMT0,M10.5.0,M3.5.0/1", 1, at(2027, 10, 31, 1), at(2028, 3, 26, 1), 3600, 0);
	assert_changes("AEST-10AEDT,M10.1.0,M4.1.0/3", 10, at(2027, 10, 2, 16), at(2028, 4, 1, 16), 36000, 39600);
}

static void test_rules_by_day_of_the_year(void **state)
{
	(void)state;
	assert_changes("AAA0BBB,J59/0,J60/0", 0, at(2028, 2, 28, 0), at(2028, 2, 29, 23), 0, 3600);
	assert_changes("AAA0BBB,J60/0,J61/0:30:30", 0, at(2027, 3, 1, 0), at(2027, 3, 1, 23) + 30 * 61 * CLOCK_SECOND,
		       0, 3600);
	assert_changes("AAA0BBB,59/0,60/0", 0, at(2028, 2, 29, 0), at(2028, 2, 29, 23), 0, 3600);
	assert_changes("AAA0BBB,59/0,60/0", 0, at(2027, 3, 1, 0), at(2027, 3, 1, 23), 0, 3600);
}

static void test_daylight_time_all_year_is_one_offset(void **state)
{
	(void)state;
	struct zone *zone = of_rule("XXX3EDT4,0/0,J365/23", -4);
	assert_non_null(zone);
	for (int year = 1971; year < 2500; year++)
		for (int month = 1; month <= 12; month++)
			assert_int_equal(zone_offset(zone, at(year, month, 1, 3)), -4 * 3600);
	zone_free(zone);
}

static void test_a_rule_goes_on_for_ever(void **state)
{
	(void)state;
	struct zone *zone = of_rule("CET-1CEST,M3.5.0,M10.5.0/3", 1);
	assert_non_null(zone);
	const int64_t cycle = CIVIL_CYCLE_DAYS * DAY;
	for (int64_t hour = at(2026, 1, 1, 0); hour < at(2027, 1, 1, 0); hour += HOUR)
		for (int i = 1; i <= 12; i++) {
			assert_int_equal(zone_offset(zone, hour + i * cycle), zone_offset(zone, hour));
			assert_int_equal(zone_instant(zone, hour + i * cycle), zone_instant(zone, hour) + i * cycle);
			assert_int_equal(zone_instant_late(zone, hour + i * cycle),
					 zone_instant_late(zone, hour) + i * cycle);
		}
	zone_free(zone);
}

static void test_what_is_no_rule_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {
	    "5",
	    "CET",
	    "<CET-1",
	    "CET-1CEST",
	    "CET-1CEST,M3.5.0",
	    "CET-1CEST,M3.5.0,M10.5.0/3x",
	    "CET-1CEST,M13.5.0,M10.5.0",
	    "CET-1CEST,M0.5.0,M10.5.0",
	    "CET-1CEST,M3.6.0,M10.5.0",
	    "CET-1CEST,M3.0.0,M10.5.0",
	    "CET-1CEST,M3.5.7,M10.5.0",
	    "CET-1CEST,J366,J2",
	    "CET-1CEST,M3.5.0/168,M10.5.0",
	    "CET-1:60",
	    "CET-1:00:60",
	    "CET-999999999999999999",
	    "CET-1;",
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_null(of_rule(wrong[i], 1));
	struct zone *zone = of_rule("", 1);
	assert_non_null(zone);
	assert_int_equal(zone_offset(zone, at(2100, 1, 1, 0)), 3600);
	zone_free(zone);
}

/* Clocks go from 23:30 to 0:30 and, a year later, from 0:30 back to 23:30. */
static struct zone *around_midnight(void)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	assert_non_null(zone);
	zone_append(zone, INT64_MIN, 0);
	zone_append(zone, at(2026, 3, 1, 23) + HOUR / 2, 3600);
	zone_append(zone, at(2026, 10, 1, 23) + HOUR / 2, 0);
	return zone;
}

static void test_a_day_begins_where_its_midnight_is_skipped_and_at_the_first_of_two(void **state)
{
	(void)state;
	struct zone *zone = around_midnight();
	assert_int_equal(zone_day_start(zone, at(2026, 3, 2, 0) / DAY), at(2026, 3, 1, 23) + HOUR / 2);
	assert_int_equal(zone_day_start(zone, at(2026, 3, 1, 0) / DAY), at(2026, 3, 1, 0));
	assert_int_equal(zone_day_start(zone, at(2026, 3, 3, 0) / DAY), at(2026, 3, 2, 23));
	assert_int_equal(zone_day_start(zone, at(2026, 10, 2, 0) / DAY), at(2026, 10, 1, 23));
	assert_int_equal(zone_instant(zone, at(2026, 3, 1, 23) + HOUR * 3 / 4), at(2026, 3, 1, 23) + HOUR * 3 / 4);
	zone_free(zone);
}

static void test_the_days_before_1970_are_days_too(void **state)
{
	(void)state;
	const struct zone *zone = zone_find("UTC");
	assert_non_null(zone);
	assert_int_equal(zone_day(zone, -1), -1);
	assert_int_equal(zone_day(zone, -DAY), -1);
	assert_int_equal(zone_day(zone, -DAY - 1), -2);
	assert_int_equal(zone_day(zone, 0), 0);
}

static void test_a_zone_is_read_once_and_only_by_its_name(void **state)
{
	(void)state;
	const struct zone *zone = zone_find("Europe/Berlin");
	assert_non_null(zone);
	assert_ptr_equal(zone_find("Europe/Berlin"), zone);
	assert_null(zone_find("Europe/../Europe/Berlin"));
	assert_null(zone_find("Europe"));
	assert_null(zone_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changes_are_read),
	    cmocka_unit_test(test_a_file_that_ends_early_is_refused_at_every_byte),
	    cmocka_unit_test(test_unsound_files_are_refused),
	    cmocka_unit_test(test_rules_by_weekday),
	    cmocka_unit_test(test_daylight_time_may_be_behind_or_pass_new_year),
	    cmocka_unit_test(test_rules_by_day_of_the_year),
	    cmocka_unit_test(test_daylight_time_all_year_is_one_offset),
	    cmocka_unit_test(test_a_rule_goes_on_for_ever),
	    cmocka_unit_test(test_what_is_no_rule_is_refused),
	    cmocka_unit_test(test_a_day_begins_where_its_midnight_is_skipped_and_at_the_first_of_two),
	    cmocka_unit_test(test_the_days_before_1970_are_days_too),
	    cmocka_unit_test(test_a_zone_is_read_once_and_only_by_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
