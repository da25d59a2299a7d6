#include "availability/hours.h"

#include "base/civil.h"
#include "base/clock.h"

#include <stdlib.h>

#define MINUTE (60 * CLOCK_SECOND)
#define DAY (1440 * MINUTE)
#define DAYS_REACHED 2 /* how many dates before an instant its interval may belong to */

static bool applies(const struct hours_exception *exception, int64_t day, int month_day)
{
	return exception->yearly ? civil_is_between(exception->first, exception->last, month_day)
				 : exception->from <= day && day <= exception->to;
}

const struct hours_exception *hours_exception_of(const struct booking_rules *rules, int64_t day)
{
	const struct hours_exception *found = NULL;
	int month_day = rules->exception_count > 0 ? civil_month_day(day) : 0;
	for (size_t i = 0; i < rules->exception_count; i++) {
		const struct hours_exception *exception = &rules->exceptions[i];
		if (!applies(exception, day, month_day))
			continue;
		if (exception->closed)
			return exception;
		if (!found || found->yearly || !exception->yearly)
			found = exception;
	}
	return found;
}

struct day_hours hours_of_day(const struct booking_rules *rules, int64_t day)
{
	static const struct hours whole = {0, 1440};
	const struct hours_exception *exception = hours_exception_of(rules, day);
	if (exception && exception->closed)
		return (struct day_hours){0, NULL};
	if (exception)
		return exception->hours;
	return rules->has_hours ? rules->week[civil_weekday(day)] : (struct day_hours){1, &whole};
}

static struct span interval(const struct booking_rules *rules, int64_t day, const struct hours *hours)
{
	return (struct span){zone_instant(rules->zone, day * DAY + hours->from * MINUTE),
			     zone_instant(rules->zone, day * DAY + hours->to * MINUTE)};
}

static int by_time(const void *one, const void *other)
{
	const struct span *a = one, *b = other;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

struct spans {
	size_t count, capacity;
	struct span *items;
	struct arena *arena;
};

static void append(struct spans *spans, struct span span)
{
	if (spans->count == spans->capacity) {
		size_t capacity = spans->capacity ? spans->capacity * 2 : 64;
		struct span *items = arena_alloc(spans->arena, capacity * sizeof(*items));
		for (size_t i = 0; i < spans->count; i++)
			items[i] = spans->items[i];
		spans->items = items;
		spans->capacity = capacity;
	}
	spans->items[spans->count++] = span;
}

/* The intervals that are not over at `from` and begin before `to`, ascending. */
static struct spans intervals(const struct booking_rules *rules, int64_t from, int64_t to, struct arena *arena)
{
	struct spans found = {.arena = arena};
	int64_t last = zone_day(rules->zone, to) + 1;
	for (int64_t day = zone_day(rules->zone, from) - DAYS_REACHED; from < to && day <= last; day++) {
		struct day_hours hours = hours_of_day(rules, day);
		for (size_t i = 0; i < hours.count; i++) {
			struct span span = interval(rules, day, &hours.hours[i]);
			if (span.from < span.to && span.to > from && span.from < to)
				append(&found, span);
		}
	}
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), by_time);
	return found;
}

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

size_t hours_open(const struct booking_rules *rules, int64_t from, int64_t to, struct arena *arena, struct span **ret)
{
	struct spans found = intervals(rules, from, to, arena);
	size_t count = 0;
	for (size_t i = 0; i < found.count; i++) {
		struct span span = {later(found.items[i].from, from), found.items[i].to < to ? found.items[i].to : to};
		if (count > 0 && span.from <= found.items[count - 1].to)
			found.items[count - 1].to = later(found.items[count - 1].to, span.to);
		else
			found.items[count++] = span;
	}
	*ret = found.items;
	return count;
}

size_t hours_sessions(const struct booking_rules *rules, int64_t from, int64_t to, struct arena *arena,
		      struct span **ret)
{
	struct spans found = intervals(rules, from, to, arena);
	size_t count = 0;
	for (size_t i = 0; i < found.count; i++) {
		const struct span *last = count > 0 ? &found.items[count - 1] : NULL;
		bool repeats = last && last->from == found.items[i].from && last->to == found.items[i].to;
		if (found.items[i].from >= from && !repeats)
			found.items[count++] = found.items[i];
	}
	*ret = found.items;
	return count;
}

/* From the first opening of the date to its last closing. False when it is closed. */
static bool opening(const struct booking_rules *rules, int64_t day, struct span *ret)
{
	struct day_hours hours = hours_of_day(rules, day);
	bool found = false;
	for (size_t i = 0; i < hours.count; i++) {
		struct span span = interval(rules, day, &hours.hours[i]);
		if (span.from >= span.to)
			continue;
		if (!found || span.from < ret->from)
			ret->from = span.from;
		if (!found || span.to > ret->to)
			ret->to = span.to;
		found = true;
	}
	return found;
}

bool hours_date_open(const struct booking_rules *rules, int64_t day)
{
	struct span span = {0, 0};
	return opening(rules, day, &span);
}

bool hours_of_dates(const struct booking_rules *rules, int64_t from_day, int64_t to_day, struct span *ret)
{
	int64_t last = rules->unit == SALE_NIGHT ? to_day - 1 : to_day;
	if (last < from_day || last - from_day >= HOURS_DATES_MOST)
		return false;
	for (int64_t day = from_day; day <= last; day++) {
		struct span span = {0, 0};
		if (!opening(rules, day, &span))
			return false;
		if (day == from_day)
			ret->from = span.from;
		ret->to = span.to;
	}
	return true;
}

/* The date up to two before that of `at` which opens (or closes) at it. */
static bool date_at(const struct booking_rules *rules, int64_t at, bool closes, int64_t *ret)
{
	int64_t latest = zone_day(rules->zone, at);
	for (int64_t day = latest; day >= latest - DAYS_REACHED; day--) {
		struct span span = {0, 0};
		*ret = day;
		if (opening(rules, day, &span) && (closes ? span.to : span.from) == at)
			return true;
	}
	return false;
}

bool hours_dates_of(const struct booking_rules *rules, const struct span *period, int64_t *ret_from, int64_t *ret_to)
{
	int64_t first = 0, last = 0;
	if (!date_at(rules, period->from, false, &first) || !date_at(rules, period->to, true, &last))
		return false;
	*ret_from = first;
	*ret_to = rules->unit == SALE_NIGHT ? last + 1 : last;
	struct span whole = {0, 0};
	return hours_of_dates(rules, *ret_from, *ret_to, &whole) && whole.from == period->from &&
	       whole.to == period->to;
}

/* The days between the wall clocks are enough; one less is, where the last of them ends on a clock that was changed. */
static int64_t local_days(const struct zone *zone, const struct span *period)
{
	int64_t from = zone_local(zone, period->from);
	int64_t days = later(1, (zone_local(zone, period->to) - from + DAY - 1) / DAY);
	bool one_less = days > 1 && zone_instant_late(zone, from + (days - 1) * DAY) >= period->to;
	return one_less ? days - 1 : days;
}

int64_t hours_days(const struct booking_rules *rules, const struct span *period)
{
	int64_t first = 0, last = 0;
	if (rules_sells_dates(rules) && hours_dates_of(rules, period, &first, &last))
		return rules->unit == SALE_NIGHT ? last - first : last - first + 1;
	return local_days(rules->zone, period);
}
