#include "booking/series/recurring.h"

#include "availability/asked.h"
#include "availability/hours.h"
#include "base/civil.h"
#include "base/clock.h"
#include "booking/by_member.h"
#include "zone/zone.h"

#include <string.h>

#define DAY (86400 * CLOCK_SECOND)
#define WEEKDAYS 7
#define MONTH_LENGTH 7 /* "2027-02" */

static unsigned weekday_bit(const char *name)
{
	static const char *const names[WEEKDAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	for (size_t i = 0; i < WEEKDAYS; i++)
		if (strcmp(names[i], name) == 0)
			return 1U << i;
	return 0;
}

static enum recurrence_frequency read_frequency(struct rpc_call *call)
{
	const char *frequency = rpc_param(call, "recurrence.frequency"), *by = rpc_param(call, "recurrence.monthly_by");
	if (strcmp(frequency, "weekly") == 0)
		return RECUR_WEEKLY;
	if (by && strcmp(by, "weekday") == 0)
		return RECUR_MONTHLY_WEEKDAY;
	return by && strcmp(by, "last_weekday") == 0 ? RECUR_MONTHLY_LAST_WEEKDAY : RECUR_MONTHLY_DAY;
}

/* Weekdays are of weeks, monthly_by is of months. */
static int check_beside(struct rpc_call *call, const struct recurrence *recurrence)
{
	bool weekly = recurrence->frequency == RECUR_WEEKLY;
	if (weekly && rpc_param(call, "recurrence.monthly_by"))
		return rpc_invalid(call, "/params/recurrence/monthly_by", "beside", "\"weekly\"");
	if (!weekly && rpc_param(call, "recurrence.weekdays"))
		return rpc_invalid(call, "/params/recurrence/weekdays", "beside", "\"monthly\"");
	bool count = rpc_param(call, "recurrence.count"), until = rpc_param(call, "recurrence.until");
	if (count && until)
		return rpc_invalid(call, "/params/recurrence/until", "beside", "\"count\"");
	return count || until ? 0 : rpc_invalid(call, "/params/recurrence/count", "required", NULL);
}

static int read_days(struct rpc_call *call, struct recurrence *recurrence)
{
	struct json_object *except = rpc_param_json(call, "recurrence.except");
	size_t count = except ? json_object_array_length(except) : 0;
	int64_t *days = arena_alloc(&call->ctx->arena, (count + 1) * sizeof(*days));
	for (size_t i = 0; i < count; i++)
		if (!civil_parse(json_object_get_string(json_object_array_get_idx(except, i)), &days[i]))
			return rpc_invalid(call, "/params/recurrence/except", "format", "\"date\"");
	recurrence->except = days;
	recurrence->except_count = count;
	const char *until = rpc_param(call, "recurrence.until");
	recurrence->until = INT64_MAX;
	if (until && !civil_parse(until, &recurrence->until))
		return rpc_invalid(call, "/params/recurrence/until", "format", "\"date\"");
	return 0;
}

static int read_recurrence(struct rpc_call *call, struct recurrence *ret)
{
	*ret = (struct recurrence){
	    .frequency = read_frequency(call),
	    .interval = (int)rpc_param_integer(call, "recurrence.interval", 1),
	    .count = (int)rpc_param_integer(call, "recurrence.count", 0),
	};
	struct json_object *weekdays = rpc_param_json(call, "recurrence.weekdays");
	for (size_t i = 0; weekdays && i < json_object_array_length(weekdays); i++)
		ret->weekdays |= weekday_bit(json_object_get_string(json_object_array_get_idx(weekdays, i)));
	return check_beside(call, ret) || read_days(call, ret) ? -1 : 0;
}

int recurring_read(struct rpc_call *call, struct recurring *ret)
{
	const char *mode = rpc_param(call, "mode");
	*ret = (struct recurring){
	    .series = {.call = rpc_with_params(call, call->params), .listing_id = rpc_param(call, "listing_id")},
	    .all = mode && strcmp(mode, "all") == 0,
	};
	struct series *series = &ret->series;
	if (wish_read(call, false, &series->wish) || read_recurrence(call, &ret->recurrence) ||
	    customer_read(call, series->listing_id, true, &series->customer))
		return -1;
	if (series->customer.booked_by)
		return 0;
	return booking_by_member(call, series->listing_id, &series->by_member);
}

/* The first occurrence: its date, and what comes of it for another one. */
struct pattern {
	int64_t day, last_day;	   /* of whole dates */
	int64_t opens, closes;	   /* else what the wall clock shows, from the beginning of the first day */
	const struct span *period; /* of the first */
	bool by_dates;
};

static int read_pattern(struct rpc_call *call, const struct terms *terms, const struct wish *wish, struct pattern *ret)
{
	const struct booking_rules *rules = &terms->rules;
	*ret = (struct pattern){.by_dates = wish->by_dates, .period = &wish->period};
	if (ret->by_dates)
		return asked_dates(call, rules, &ret->day, &ret->last_day);
	ret->day = zone_day(rules->zone, wish->period.from);
	ret->opens = zone_local(rules->zone, wish->period.from) - ret->day * DAY;
	ret->closes = zone_local(rules->zone, wish->period.to) - ret->day * DAY;
	return 0;
}

static struct span period_of(const struct booking_rules *rules, const struct pattern *pattern, int64_t day)
{
	int64_t last = pattern->last_day + day - pattern->day;
	struct span period = *pattern->period;
	if (day == pattern->day)
		return period;
	if (!pattern->by_dates)
		return (struct span){zone_instant(rules->zone, day * DAY + pattern->opens),
				     zone_instant(rules->zone, day * DAY + pattern->closes)};
	if (hours_of_dates(rules, day, last, &period))
		return period;
	int64_t after = rules->unit == SALE_NIGHT ? last : last + 1;
	return (struct span){zone_day_start(rules->zone, day), zone_day_start(rules->zone, after)};
}

static void take_date(struct rpc_call *call, const struct booking_rules *rules, const struct pattern *pattern,
		      const struct recurrence_date *date, struct recurring_date *ret)
{
	char text[CIVIL_TEXT_SIZE];
	civil_format(date->day, text);
	if (date->result == RECURRENCE_MISSING)
		text[MONTH_LENGTH] = '\0';
	*ret = (struct recurring_date){
	    .occurrence = {.date = arena_strdup(&call->ctx->arena, text),
			   .period = period_of(rules, pattern, date->day)},
	    .result = date->result,
	};
}

/* The first date has to be one of those that recur. */
static int check_first(struct rpc_call *call, const struct recurrence *recurrence, int64_t day)
{
	struct civil_date date = civil_date(day);
	if (recurrence->weekdays && !(recurrence->weekdays >> civil_weekday(day) & 1U))
		return rpc_invalid(call, "/params/recurrence/weekdays", "first", NULL);
	if (recurrence->frequency == RECUR_MONTHLY_LAST_WEEKDAY &&
	    date.day + WEEKDAYS <= civil_days_of_month(date.year, date.month))
		return rpc_invalid(call, "/params/recurrence/monthly_by", "first", NULL);
	return recurrence->until >= day
		   ? 0
		   : rpc_invalid(call, "/params/recurrence/until", "not_before", "\"the first occurrence\"");
}

int recurring_dates(struct rpc_call *call, const struct terms *terms, struct recurring *recurring)
{
	struct series *series = &recurring->series;
	struct pattern pattern;
	if (wish_resolve(call, terms, &series->wish) || read_pattern(call, terms, &series->wish, &pattern) ||
	    check_first(call, &recurring->recurrence, pattern.day))
		return -1;
	struct recurrence_date *dates = arena_alloc(&call->ctx->arena, RECURRENCE_ROOM * sizeof(*dates));
	recurring->count = recurrence_dates(&recurring->recurrence, pattern.day, dates);
	if (recurring->count > RECURRENCE_ROOM)
		return rpc_invalid(call, "/params/recurrence", "occurrences", RECURRENCE_MOST_TEXT);
	recurring->dates = arena_alloc(&call->ctx->arena, recurring->count * sizeof(*recurring->dates));
	for (size_t i = 0; i < recurring->count; i++)
		take_date(call, &terms->rules, &pattern, &dates[i], &recurring->dates[i]);
	series->company_id = terms->company_id;
	series->wish.by_dates = false; /* each has its period now */
	return 0;
}
