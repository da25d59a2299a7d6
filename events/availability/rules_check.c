#include "availability/rules_check.h"

#include "availability/hours.h"
#include "base/civil.h"
#include "base/clock.h"
#include "daemon/daemon.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * CLOCK_SECOND)
#define DAY_MINUTES 1440
#define NO_NEIGHBOUR INT32_MAX
#define WEEKS_DAYS 14

static bool is_given(struct rpc_call *call, const char *name)
{
	return json_object_object_get(rpc_param_json(call, "rules"), name) != NULL;
}

static int contradiction(struct rpc_call *call, const char *path, const char *rule, const char *expected)
{
	return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/rules/%s", path), rule, expected);
}

static const char *number(struct rpc_call *call, int64_t value)
{
	return arena_printf(&call->ctx->arena, "%" PRId64, value);
}

/* --- lengths --- */

static int check_order(struct rpc_call *call, const char *least_name, int64_t least, const char *most_name,
		       int64_t most)
{
	if (most == 0 || least <= most)
		return 0;
	if (is_given(call, most_name))
		return contradiction(call, most_name, "minimum", number(call, least));
	return contradiction(call, least_name, "maximum", number(call, most));
}

static int check_step(struct rpc_call *call, const struct booking_rules *rules)
{
	if (rules->step == 0 || rules->max_length == 0)
		return 0;
	int64_t longest = rules->max_length / rules->step * rules->step;
	bool fits = longest > 0 && longest >= rules->min_length;
	return fits ? 0 : contradiction(call, "step_minutes", "no_length", NULL);
}

/* Minutes that every booking has at least, by the platform's rule. */
static int64_t platform_minutes(struct rpc_call *call)
{
	return (config_integer(call->worker->config, "booking_shortest") + MINUTE - 1) / MINUTE;
}

/* The same by these rules, too. */
static int64_t least_minutes(struct rpc_call *call, const struct booking_rules *rules)
{
	int64_t shortest = platform_minutes(call);
	return rules->min_length / MINUTE > shortest ? rules->min_length / MINUTE : shortest;
}

/* The shortest booking ends within the horizon. */
static int check_horizon(struct rpc_call *call, const char *name, int64_t least_days, int64_t unit, int horizon_days)
{
	if (least_days <= horizon_days)
		return 0;
	if (is_given(call, "horizon_days"))
		return contradiction(call, "horizon_days", "minimum", number(call, least_days));
	return contradiction(call, name, "maximum", number(call, horizon_days * unit));
}

/* The shortest booking fits what a user may have a day: over midnight, half of it in each. Asked of who sets one of
 * both: the type's may have changed since. */
static int check_time_a_day(struct rpc_call *call, const struct booking_rules *rules, int64_t least)
{
	int64_t most = rules->time_per_user_per_day / MINUTE, needed = (least + 1) / 2;
	needed = needed < DAY_MINUTES ? needed : DAY_MINUTES;
	bool asked = is_given(call, "limits") || is_given(call, "min_minutes");
	if (most == 0 || needed <= most || !asked)
		return 0;
	if (is_given(call, "limits") || 2 * most < platform_minutes(call))
		return contradiction(call, "limits/minutes_per_user_per_day", "minimum", number(call, needed));
	return contradiction(call, "min_minutes", "maximum", number(call, 2 * most));
}

static int check_lengths(struct rpc_call *call, const struct booking_rules *rules)
{
	int64_t horizon = (int64_t)rules->horizon_days * DAY_MINUTES, least = least_minutes(call, rules);
	if (check_order(call, "min_minutes", least, "max_minutes", rules->max_length / MINUTE) ||
	    check_order(call, "min_days", rules->min_days, "max_days", rules->max_days) ||
	    check_horizon(call, "min_minutes", (least + DAY_MINUTES - 1) / DAY_MINUTES, DAY_MINUTES,
			  rules->horizon_days) ||
	    check_horizon(call, "min_days", rules->min_days, 1, rules->horizon_days) ||
	    check_time_a_day(call, rules, least))
		return -1;
	if (rules->notice / MINUTE >= horizon)
		return contradiction(call, "notice_minutes", "exclusiveMaximum", number(call, horizon));
	return check_step(call, rules);
}

/* --- opening hours --- */

static bool sells_dates(const struct booking_rules *rules)
{
	return rules->unit == SALE_DAY || rules->unit == SALE_NIGHT;
}

/* A night's hours run from check-in to check-out on the next date. */
static bool all_reach_next_date(const struct day_hours *day)
{
	for (size_t i = 0; i < day->count; i++)
		if (day->hours[i].to <= DAY_MINUTES)
			return false;
	return true;
}

static int check_nights(struct rpc_call *call, const struct booking_rules *rules)
{
	if (rules->unit != SALE_NIGHT)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rules->week); i++)
		if (!all_reach_next_date(&rules->week[i]))
			return contradiction(call, "opening_hours", "next_date", NULL);
	for (size_t i = 0; i < rules->exception_count; i++)
		if (!all_reach_next_date(&rules->exceptions[i].hours))
			return contradiction(call, arena_printf(&call->ctx->arena, "exceptions/%zu/hours", i),
					     "next_date", NULL);
	return 0;
}

/* Minutes from the last closing of a date to the first opening of the next; NO_NEIGHBOUR when one of them is closed. */
static int32_t minutes_between(const struct day_hours *date, const struct day_hours *next)
{
	if (date->count == 0 || next->count == 0)
		return NO_NEIGHBOUR;
	int32_t closing = 0, opening = 2 * DAY_MINUTES;
	for (size_t i = 0; i < date->count; i++)
		if (date->hours[i].to > closing)
			closing = date->hours[i].to;
	for (size_t i = 0; i < next->count; i++)
		if (next->hours[i].from + DAY_MINUTES < opening)
			opening = next->hours[i].from + DAY_MINUTES;
	return opening - closing;
}

static int check_turnover(struct rpc_call *call, const struct booking_rules *rules)
{
	int64_t buffers = (rules->buffer_before + rules->buffer_after) / MINUTE;
	if (!sells_dates(rules))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rules->week); i++) {
		int32_t between = minutes_between(&rules->week[i], &rules->week[(i + 1) % ARRAY_SIZE(rules->week)]);
		if (between == NO_NEIGHBOUR || between >= buffers)
			continue;
		const char *path = is_given(call, "buffer_after_minutes")    ? "buffer_after_minutes"
				   : is_given(call, "buffer_before_minutes") ? "buffer_before_minutes"
									     : "opening_hours";
		return contradiction(call, path, "between_dates", number(call, between));
	}
	return 0;
}

/* The least length of `least` and more that the step allows, in minutes. */
static int64_t shortest(const struct booking_rules *rules, int64_t least)
{
	int64_t step = rules->step / MINUTE;
	return step > 0 ? (least + step - 1) / step * step : least;
}

/* Whether a booking that begins on the grid fits into an interval of minutes. */
static bool has_room(const struct booking_rules *rules, int64_t least, struct hours interval)
{
	int64_t grid = rules->start_grid > 0 ? rules->start_grid / MINUTE : 1;
	int64_t start = interval.from;
	/* The grid is counted anew from each midnight. */
	while (start < interval.to && start % DAY_MINUTES % grid != 0)
		start++;
	return start + shortest(rules, least) <= interval.to;
}

static bool is_session(const struct booking_rules *rules, int64_t least, struct hours interval)
{
	int64_t length = interval.to - interval.from;
	bool on_grid = rules->start_grid == 0 || interval.from % (rules->start_grid / MINUTE) == 0;
	bool on_step = rules->step == 0 || length % (rules->step / MINUTE) == 0;
	bool is_long = rules->max_length > 0 && length > rules->max_length / MINUTE;
	return on_grid && on_step && !is_long && length >= least;
}

static bool has_room_in_day(const struct booking_rules *rules, int64_t least, const struct day_hours *day)
{
	for (size_t i = 0; i < day->count; i++)
		if (rules->unit == SALE_SESSION ? is_session(rules, least, day->hours[i])
						: has_room(rules, least, day->hours[i]))
			return true;
	return false;
}

static int by_beginning(const void *one, const void *other)
{
	const struct hours *a = one, *b = other;
	return (a->from > b->from) - (a->from < b->from);
}

/* Two weeks of hours, those that touch made one: a booking may go on from one date into the next. */
static struct day_hours merged_weeks(const struct booking_rules *rules, struct arena *arena)
{
	size_t most = 0, count = 0, merged = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rules->week); i++)
		most += rules->week[i].count;
	struct hours *all = arena_alloc(arena, 2 * most * sizeof(*all));
	for (int32_t day = 0; day < WEEKS_DAYS; day++)
		for (size_t i = 0; i < rules->week[day % 7].count; i++) {
			struct hours hours = rules->week[day % 7].hours[i];
			all[count++] = (struct hours){hours.from + day * DAY_MINUTES, hours.to + day * DAY_MINUTES};
		}
	if (count > 1)
		qsort(all, count, sizeof(*all), by_beginning);
	for (size_t i = 0; i < count; i++) {
		if (merged == 0 || all[i].from > all[merged - 1].to)
			all[merged++] = all[i];
		else if (all[i].to > all[merged - 1].to)
			all[merged - 1].to = all[i].to;
	}
	return (struct day_hours){merged, all};
}

/* One interval, which goes on into every week to come. */
static bool is_always_open(const struct day_hours *weeks)
{
	return weeks->hours[0].to - weeks->hours[0].from >= WEEKS_DAYS * DAY_MINUTES;
}

/* Some opening interval must have room for what may be booked; a listing that is never open contradicts nothing. */
static int check_room(struct rpc_call *call, const struct booking_rules *rules)
{
	struct day_hours weeks = merged_weeks(rules, &call->ctx->arena);
	int64_t least = least_minutes(call, rules);
	if (!rules->has_hours || sells_dates(rules) || weeks.count == 0)
		return 0;
	if (rules->unit == SALE_HOUR && (is_always_open(&weeks) || has_room_in_day(rules, least, &weeks)))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(rules->week); i++)
		if (has_room_in_day(rules, least, &rules->week[i]))
			return 0;
	for (size_t i = 0; i < rules->exception_count; i++)
		if (has_room_in_day(rules, least, &rules->exceptions[i].hours))
			return 0;
	static const char *const names[] = {"min_minutes", "step_minutes", "start_grid_minutes", "max_minutes"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_given(call, names[i]))
			return contradiction(call, names[i], "no_hours", NULL);
	return contradiction(call, "opening_hours", "no_hours", NULL);
}

/* --- exceptions --- */

static int check_exception(struct rpc_call *call, const struct hours_exception *exception, size_t index, int64_t today)
{
	struct arena *arena = &call->ctx->arena;
	const char *to = arena_printf(arena, "exceptions/%zu/to", index);
	const char *from = arena_printf(arena, "exceptions/%zu/from", index);
	if (exception->to < exception->from)
		return contradiction(call, to, "not_before", arena_printf(arena, "\"/params/rules/%s\"", from));
	if (exception->yearly && exception->to - exception->from >= HOURS_DATES_MOST)
		return contradiction(call, to, "maximum_days", number(call, HOURS_DATES_MOST));
	if (!exception->yearly && exception->from > today + RULES_HORIZON_DAYS)
		return contradiction(call, from, "beyond_horizon", number(call, RULES_HORIZON_DAYS));
	return 0;
}

static int check_exceptions(struct rpc_call *call, const struct booking_rules *rules, int64_t now)
{
	int64_t today = zone_day(rules->zone, now);
	if (!is_given(call, "exceptions"))
		return 0;
	for (size_t i = 0; i < rules->exception_count; i++)
		if (check_exception(call, &rules->exceptions[i], i, today))
			return -1;
	return 0;
}

/* --- units and cancellation --- */

static int check_names(struct rpc_call *call, const struct booking_rules *rules, bool units)
{
	if (rules->name_count == 0)
		return 0;
	if (!rules->named)
		return contradiction(call, "unit_names", "only_for_named", NULL);
	if (!units || rules->name_count == (size_t)rules->units)
		return 0;
	return contradiction(call, "unit_names", rules->name_count < (size_t)rules->units ? "minItems" : "maxItems",
			     number(call, rules->units));
}

static int check_refunds(struct rpc_call *call, const struct booking_rules *rules)
{
	struct arena *arena = &call->ctx->arena;
	for (size_t i = 1; i < rules->refund_count; i++) {
		const struct refund_step *step = &rules->refunds[i], *before = step - 1;
		if (step->until_hours >= before->until_hours)
			return contradiction(call, arena_printf(arena, "cancellation/%zu/until_hours_before_start", i),
					     "exclusiveMaximum", number(call, before->until_hours));
		if (step->refund_bp > before->refund_bp)
			return contradiction(call, arena_printf(arena, "cancellation/%zu/refund_bp", i), "maximum",
					     number(call, before->refund_bp));
	}
	return 0;
}

int rules_check(struct rpc_call *call, const struct booking_rules *rules, bool units, int64_t now)
{
	if (check_lengths(call, rules) || check_exceptions(call, rules, now) || check_nights(call, rules))
		return -1;
	if (check_turnover(call, rules) || check_room(call, rules) || check_names(call, rules, units))
		return -1;
	return check_refunds(call, rules);
}
