/* The rules of every booking's period, at their edges: by the parameters, and by the clock of the write. */
#include "base/clock.h"
#include "booking/store/period.h"
#include "daemon/daemon.h"
#include "rpc/call.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define MINUTE (60 * CLOCK_SECOND)
#define DAY (86400 * CLOCK_SECOND)
#define NOON INT64_C(1770000000000000) /* some moment, wall microseconds */

static const struct config_option options[] = {
    {"booking_shortest", CONFIG_DURATION, "15m", 0, 0, 0, NULL, "", NULL},
    {NULL, CONFIG_TEXT, NULL, 0, 0, 0, NULL, NULL, NULL},
};

static struct daemon_worker worker;
static struct context ctx;
static struct rpc_call call = {.ctx = &ctx, .worker = &worker};

static int set_up(void **state)
{
	(void)state;
	context_init(&ctx, DEADLINE_NEVER);
	worker.config = config_new("events", options, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_free(worker.config);
	context_done(&ctx);
	return 0;
}

/* The rule that refuses a booking of [from, to) asked for with these parameters, "" for none. */
static const char *rule_of_parameters(int64_t from, int64_t to)
{
	char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE], text[256];
	clock_format(from, first);
	clock_format(to, last);
	(void)snprintf(text, sizeof(text), "{\"period\":{\"from\":\"%s\",\"to\":\"%s\"}}", first, last);
	call.params = json_tokener_parse(text);
	error_clear(&ctx.error);
	struct span period;
	int refused = period_read_span(&call, &period);
	json_object_put(call.params);
	if (!refused) {
		assert_true(period.from == from && period.to == to);
		return "";
	}
	return ctx.error.details;
}

/* The rule that refuses a length of so many microseconds as too short, "" for none. */
static const char *rule_of_length(int64_t length)
{
	struct span period = {.from = NOON, .to = NOON + length};
	error_clear(&ctx.error);
	return period_check_shortest(&call, &period) ? ctx.error.details : "";
}

static const char *rule_of_clock(int64_t from, int64_t to)
{
	struct span period = {.from = from, .to = to};
	error_clear(&ctx.error);
	return period_check_clock(&call, &period, NOON) ? ctx.error.details : "";
}

static void test_a_booking_is_as_long_as_the_shortest(void **state)
{
	(void)state;
	assert_string_equal(rule_of_length(15 * MINUTE), "");
	assert_string_equal(rule_of_length(15 * MINUTE - 1), "{\"rule\":\"min_duration\",\"minimum_seconds\":900}");
	assert_string_equal(rule_of_length(2), "{\"rule\":\"min_duration\",\"minimum_seconds\":900}");
}

/* Too short is for the verdict to say, with every other rule. */
static void test_a_period_is_read_however_short_and_never_backwards(void **state)
{
	(void)state;
	assert_string_equal(rule_of_parameters(NOON, NOON + 2), "");
	assert_non_null(strstr(rule_of_parameters(NOON, NOON), "after"));
	assert_non_null(strstr(rule_of_parameters(NOON, NOON - DAY), "after"));
}

static void test_a_booking_is_no_longer_than_a_year_and_a_day(void **state)
{
	(void)state;
	assert_string_equal(rule_of_parameters(NOON, NOON + 367 * DAY), "");
	assert_non_null(strstr(rule_of_parameters(NOON, NOON + 367 * DAY + 1), "max_duration"));
}

static void test_a_booking_begins_a_minute_ago_at_the_earliest(void **state)
{
	(void)state;
	assert_string_equal(rule_of_clock(NOON - MINUTE, NOON + DAY), "");
	assert_string_equal(rule_of_clock(NOON - MINUTE - 1, NOON + DAY), "{\"rule\":\"in_past\"}");
}

/* However short bookings may be. */
static void test_a_booking_ends_in_the_future(void **state)
{
	(void)state;
	assert_string_equal(rule_of_clock(NOON - 2, NOON + 1), "");
	assert_string_equal(rule_of_clock(NOON - 2, NOON), "{\"rule\":\"in_past\"}");
	assert_string_equal(rule_of_clock(NOON - 2 * CLOCK_SECOND, NOON - CLOCK_SECOND), "{\"rule\":\"in_past\"}");
}

static void test_a_booking_ends_within_the_horizon(void **state)
{
	(void)state;
	assert_string_equal(rule_of_clock(NOON, NOON + 1000 * DAY), "");
	assert_string_equal(rule_of_clock(NOON, NOON + 1000 * DAY + 1), "{\"rule\":\"horizon\",\"maximum_days\":1000}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_booking_is_as_long_as_the_shortest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_period_is_read_however_short_and_never_backwards, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_booking_is_no_longer_than_a_year_and_a_day, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_booking_begins_a_minute_ago_at_the_earliest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_booking_ends_in_the_future, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_booking_ends_within_the_horizon, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
