/* The days on which rules close a listing, as search keeps them. */
#include "availability/closed.h"
#include "availability/hours.h"
#include "base/civil.h"
#include "base/clock.h"
#include "unit.h"

#include <string.h>

#define HOUR (3600 * CLOCK_SECOND)
#define DAY (24 * HOUR)
#define MONDAY INT64_C(20605) /* 2026-06-01 */
#define RING 1024

static const struct hours day_time[] = {{9 * 60, 17 * 60}}, late[] = {{20 * 60, 28 * 60}},
			  noon[] = {{12 * 60, 13 * 60}};
static char ring[CLOSED_RING_SIZE];

/* Open from Monday to Friday. */
static struct booking_rules week_days(const char *zone, enum sale_unit unit, const struct hours *hours)
{
	struct booking_rules rules = {.zone = zone_find(zone), .unit = unit, .has_hours = true};
	for (int day = 0; day < 5; day++)
		rules.week[day] = (struct day_hours){1, hours};
	return rules;
}

/* "1" for each closed day of the fourteen from the day before MONDAY on. */
static const char *fortnight(const struct booking_rules *rules)
{
	static char text[15];
	closed_days(rules, MONDAY * DAY + 13 * HOUR, ring);
	assert_int_equal(strlen(ring), RING);
	for (int i = 0; i < 14; i++)
		text[i] = ring[(MONDAY - 1 + i) % RING];
	return text;
}

static void test_a_day_that_lies_wholly_in_closed_time_is_closed(void **state)
{
	(void)state;
	struct booking_rules utc = week_days("UTC", SALE_HOUR, day_time);
	assert_string_equal(fortnight(&utc), "10000011000001");
	struct booking_rules past_midnight = week_days("UTC", SALE_HOUR, late);
	assert_string_equal(fortnight(&past_midnight), "10000001000000");
	struct booking_rules kathmandu = week_days("Asia/Kathmandu", SALE_HOUR, day_time);
	assert_string_equal(fortnight(&kathmandu), "10000011000001");
	struct booking_rules kiritimati = week_days("Pacific/Kiritimati", SALE_HOUR, day_time);
	assert_string_equal(fortnight(&kiritimati), "00000010000001");
}

static void test_dates_are_closed_where_the_listing_is(void **state)
{
	(void)state;
	struct booking_rules utc = week_days("UTC", SALE_DAY, day_time);
	assert_string_equal(fortnight(&utc), "10000011000001");
	struct booking_rules kiritimati = week_days("Pacific/Kiritimati", SALE_DAY, noon);
	assert_string_equal(fortnight(&kiritimati), "00000010000001");
	struct booking_rules by_night = week_days("Pacific/Kiritimati", SALE_NIGHT, late);
	assert_string_equal(fortnight(&by_night), "10000011000001");
	struct booking_rules night_utc = week_days("UTC", SALE_NIGHT, late);
	assert_string_equal(fortnight(&night_utc), "00000000000000");
}

static void test_an_exception_closes_a_listing_that_has_no_hours(void **state)
{
	(void)state;
	const struct hours_exception closed = {.from = MONDAY + 2, .to = MONDAY + 4, .closed = true};
	struct booking_rules rules = {
	    .zone = zone_find("Europe/Berlin"), .unit = SALE_HOUR, .exception_count = 1, .exceptions = &closed};
	assert_string_equal(fortnight(&rules), "00011000000000");
	rules.zone = zone_find("UTC");
	assert_string_equal(fortnight(&rules), "00011100000000");
}

static int count_closed(void)
{
	int count = 0;
	for (int i = 0; i < RING; i++)
		count += ring[i] == '1';
	return count;
}

static void test_the_ring_has_yesterday_to_a_thousand_days_ahead(void **state)
{
	(void)state;
	struct booking_rules never = {.zone = zone_find("UTC"), .unit = SALE_HOUR, .has_hours = true};
	const enum sale_unit units[] = {SALE_HOUR, SALE_DAY};
	for (size_t i = 0; i < 2; i++) {
		never.unit = units[i];
		closed_days(&never, MONDAY * DAY, ring);
		assert_int_equal(count_closed(), 1002);
		assert_int_equal(ring[(MONDAY - 1) % RING], '1');
		assert_int_equal(ring[(MONDAY - 2) % RING], '0');
		assert_int_equal(ring[(MONDAY + 1000) % RING], '1');
		assert_int_equal(ring[(MONDAY + 1001) % RING], '0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_day_that_lies_wholly_in_closed_time_is_closed),
	    cmocka_unit_test(test_dates_are_closed_where_the_listing_is),
	    cmocka_unit_test(test_an_exception_closes_a_listing_that_has_no_hours),
	    cmocka_unit_test(test_the_ring_has_yesterday_to_a_thousand_days_ahead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
