/*
 * Rules from JSON for unit tests, and moments on a wall clock.
 */
#ifndef EVENTLOOP_TESTS_RULES_OF_H
#define EVENTLOOP_TESTS_RULES_OF_H

#include "availability/hours.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/context.h"
#include "unit.h"

#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static struct context ctx;

static struct booking_rules rules_in(const char *zone, const char *unit, const char *json)
{
	const struct rules_source source = {.json = json, .zone = zone, .unit = unit, .units = 3, .capacity = 40};
	struct booking_rules rules;
	assert_int_equal(rules_read(&ctx, &source, &rules), 0);
	return rules;
}

__attribute__((unused)) static struct booking_rules rules_of(const char *unit, const char *json)
{
	return rules_in("Europe/Berlin", unit, json);
}

__attribute__((unused)) static int64_t day_of(const char *date)
{
	int64_t day = 0;
	assert_true(civil_parse(date, &day));
	return day;
}

/* The wall clock of the rules' zone shows that hour and minute of the date. */
__attribute__((unused)) static int64_t at(const struct booking_rules *rules, const char *date, int hour, int minute)
{
	return zone_instant(rules->zone, day_of(date) * DAY + hour * HOUR + minute * MINUTE);
}

static int set_up(void **state)
{
	(void)state;
	context_init(&ctx, DEADLINE_NEVER);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	context_done(&ctx);
	return 0;
}

#endif
