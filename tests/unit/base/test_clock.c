#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void assert_instant(const char *text, int64_t expected)
{
	int64_t wall = -1;
	if (!clock_parse(text, &wall))
		fail_msg("refused: %s", text);
	if (wall != expected)
		fail_msg("%s: %lld instead of %lld", text, (long long)wall, (long long)expected);
}

static void assert_same(const char *text, const char *utc)
{
	int64_t wall;
	if (!clock_parse(text, &wall))
		fail_msg("refused: %s", text);
	char shown[CLOCK_TEXT_SIZE];
	clock_format(wall, shown);
	assert_string_equal(shown, utc);
}

static void assert_refused(const char *text)
{
	int64_t wall = 42;
	if (clock_parse(text, &wall))
		fail_msg("accepted: %s", text);
	assert_int_equal(wall, 42);
}

static void test_known_instants(void **state)
{
	(void)state;
	assert_instant("1970-01-01T00:00:00Z", 0);
	assert_instant("1969-12-31T23:59:59.999999Z", -1);
	assert_instant("1985-04-12T23:20:50.52Z", INT64_C(482196050520000));
	assert_instant("2000-02-29T00:00:00Z", INT64_C(951782400000000));
	assert_instant("2026-11-21T10:00:00Z", INT64_C(1795255200000000));
	assert_instant("0001-01-01T00:00:00Z", INT64_C(-62135596800000000));
	assert_instant("9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999));
}

static void test_offsets(void **state)
{
	(void)state;
	assert_same("2026-11-21T10:00:00+03:00", "2026-11-21T07:00:00.000000Z");
	assert_same("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000000Z");
	assert_same("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870000Z");
	assert_same("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000000Z");
	assert_same("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.000000Z");
	assert_same("2026-01-01t00:00:00z", "2026-01-01T00:00:00.000000Z");
}

static void test_fractions_of_any_length(void **state)
{
	(void)state;
	assert_same("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100000Z");
	assert_same("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000001Z");
	assert_same("2026-01-01T00:00:00.9999999999999999999999999999999999999Z", "2026-01-01T00:00:00.999999Z");
	assert_same("2026-01-01T00:00:00.0000009+00:00", "2026-01-01T00:00:00.000000Z");
	assert_refused("2026-01-01T00:00:00.Z");
	assert_refused("2026-01-01T00:00:00,5Z");
}

static void test_leap_seconds(void **state)
{
	(void)state;
	assert_same("1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000000Z");
	assert_same("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000000Z");
	assert_same("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500000Z");
	assert_same("2015-07-01T02:59:60+03:00", "2015-07-01T00:00:00.000000Z");
	assert_refused("1990-12-31T23:58:60Z");
	assert_refused("1990-12-30T23:59:60Z");
	assert_refused("1990-12-31T23:59:60-08:00");
	assert_refused("1990-12-31T23:59:61Z");
	assert_refused("9999-12-31T23:59:60Z");
}

static void test_years_outside_are_refused_in_utc(void **state)
{
	(void)state;
	assert_refused("0000-12-31T23:59:59Z");
	assert_refused("0001-01-01T00:00:00+00:01");
	assert_refused("9999-12-31T23:59:59-00:01");
	assert_same("0000-12-31T23:59:59-00:01", "0001-01-01T00:00:59.000000Z");
	assert_refused("10000-01-01T00:00:00Z");
	assert_refused("-001-01-01T00:00:00Z");
}

static void test_days_of_months(void **state)
{
	(void)state;
	assert_same("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z");
	assert_refused("2023-02-29T12:00:00Z");
	assert_refused("1900-02-29T12:00:00Z");
	assert_same("2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z");
	assert_refused("2024-04-31T12:00:00Z");
	assert_refused("2024-00-10T12:00:00Z");
	assert_refused("2024-13-10T12:00:00Z");
	assert_refused("2024-01-00T12:00:00Z");
	assert_refused("2024-01-32T12:00:00Z");
}

static void test_malformed_texts(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    "",
	    "2026",
	    "2026-11-21",
	    "2026-11-21T10:00:00",
	    "2026-11-21 10:00:00Z",
	    "2026-11-21T10:00Z",
	    "2026-11-21T24:00:00Z",
	    "2026-11-21T10:60:00Z",
	    "2026-11-21T10:00:00+0300",
	    "2026-11-21T10:00:00+3:00",
	    "2026-11-21T10:00:00+24:00",
	    "2026-11-21T10:00:00+03:60",
	    "2026-11-21T10:00:00Z ",
	    " 2026-11-21T10:00:00Z",
	    "2026-11-21T10:00:00ZZ",
	    "2026-1-21T10:00:00Z",
	    "2026/11/21T10:00:00Z",
	    "+2026-11-21T10:00:00Z",
	    "2026-11-21T1\xD9\xA1:00:00Z",
	    "20261121T100000Z",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_refused(texts[i]);
}

/* Against the C library, over days of 4 centuries and both sides of 1970. */
static void test_format_agrees_with_the_c_library(void **state)
{
	(void)state;
	for (int64_t seconds = INT64_C(-6000000000); seconds < INT64_C(8000000000); seconds += 86400 * 3 + 12345) {
		time_t time = (time_t)seconds;
		struct tm parts;
		assert_non_null(gmtime_r(&time, &parts));
		char expected[64];
		assert_true(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.123456Z", &parts) > 0);
		char shown[CLOCK_TEXT_SIZE];
		clock_format(seconds * CLOCK_SECOND + 123456, shown);
		assert_string_equal(shown, expected);
		assert_instant(shown, seconds * CLOCK_SECOND + 123456);
	}
}

static void test_format_stays_within_its_size(void **state)
{
	(void)state;
	char text[CLOCK_TEXT_SIZE];
	clock_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
	clock_format(INT64_MIN, text);
	assert_string_equal(text, "0001-01-01T00:00:00.000000Z");
}

static void test_deadlines(void **state)
{
	(void)state;
	assert_int_equal(deadline_left(DEADLINE_NEVER), DEADLINE_NEVER);
	assert_int_equal(deadline_after(DEADLINE_NEVER), DEADLINE_NEVER);
	assert_int_equal(deadline_after(DEADLINE_NEVER - 1), DEADLINE_NEVER);
	assert_int_equal(deadline_left(0), 0);
	assert_int_equal(deadline_left(INT64_MIN), 0);
	int64_t hour = deadline_after(3600 * CLOCK_SECOND);
	assert_true(deadline_left(hour) > 0 && deadline_left(hour) <= 3600 * CLOCK_SECOND);
	assert_int_equal(deadline_earlier(5, 3), 3);
	assert_int_equal(deadline_earlier(DEADLINE_NEVER, hour), hour);
	int64_t before = clock_monotonic();
	assert_true(clock_monotonic() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_instants),
	    cmocka_unit_test(test_offsets),
	    cmocka_unit_test(test_fractions_of_any_length),
	    cmocka_unit_test(test_leap_seconds),
	    cmocka_unit_test(test_years_outside_are_refused_in_utc),
	    cmocka_unit_test(test_days_of_months),
	    cmocka_unit_test(test_malformed_texts),
	    cmocka_unit_test(test_format_agrees_with_the_c_library),
	    cmocka_unit_test(test_format_stays_within_its_size),
	    cmocka_unit_test(test_deadlines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
