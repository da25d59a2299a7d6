#include "availability/verdict.h"

#include "base/clock.h"
#include "rpc/call.h"

#include <string.h>

#define MINUTE (60 * CLOCK_SECOND)
#define DAY (1440 * MINUTE)
#define SLACK MINUTE	    /* a caller's clock may be behind */
#define REFUSALS_MOST 16384 /* bytes */

/* What the rules look at, all at hand. */
struct judgement {
	const struct booking_rules *rules;
	const struct booking_wish *wish;
	struct span period;
	int64_t length, days;
	struct arena *arena;
	struct verdict *verdict;
};

void verdict_add(struct verdict *verdict, struct refusal refusal)
{
	if (verdict->count < VERDICT_MAX)
		verdict->refusals[verdict->count++] = refusal;
}

bool verdict_has(const struct verdict *verdict, const char *rule)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (strcmp(verdict->refusals[i].rule, rule) == 0)
			return true;
	return false;
}

#define FORBID(judgement, rule, ...)                                                                          \
	forbid((judgement), (rule), sizeof((struct words_value[]){__VA_ARGS__}) / sizeof(struct words_value), \
	       (const struct words_value[]){__VA_ARGS__})

static void forbid(const struct judgement *judgement, const char *rule, size_t count, const struct words_value *values)
{
	verdict_add(judgement->verdict, words_refusal(judgement->arena, rule, count, values));
}

static bool is_timed(const struct judgement *judgement)
{
	return judgement->rules->unit == SALE_HOUR || judgement->rules->unit == SALE_SESSION;
}

/* --- the clock --- */

static void judge_clock(const struct judgement *judgement, int64_t now)
{
	const struct booking_rules *rules = judgement->rules;
	struct span period = judgement->period;
	struct arena *arena = judgement->arena;
	if (period.to <= now || period.from < now - SLACK)
		forbid(judgement, "in_past", 0, NULL);
	if (rules->notice > 0 && period.from < now + rules->notice)
		FORBID(judgement, "notice", words_length(arena, "notice_seconds", rules->notice),
		       words_instant(arena, "earliest", rules->zone, now + rules->notice));
	int64_t latest = now + rules->horizon_days * DAY;
	if (period.to > latest)
		FORBID(judgement, "horizon", words_number(arena, "maximum_days", rules->horizon_days),
		       words_instant(arena, "latest", rules->zone, latest));
}

/* --- length --- */

static int64_t larger(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static void judge_shortest(const struct judgement *judgement)
{
	const struct booking_rules *rules = judgement->rules;
	bool timed = is_timed(judgement), by_night = rules->unit == SALE_NIGHT;
	int64_t least = larger(judgement->wish->shortest, timed ? rules->min_length : 0);
	if (judgement->length < least)
		FORBID(judgement, "min_duration", words_length(judgement->arena, "minimum_seconds", least));
	else if (!timed && judgement->days < rules->min_days)
		FORBID(judgement, "min_duration",
		       words_number(judgement->arena, by_night ? "minimum_nights" : "minimum_days", rules->min_days));
}

static void judge_longest(const struct judgement *judgement)
{
	const struct booking_rules *rules = judgement->rules;
	bool timed = is_timed(judgement), by_night = rules->unit == SALE_NIGHT;
	int64_t most = !timed && rules->max_days > 0 ? rules->max_days : HOURS_DATES_MOST;
	if (timed && rules->max_length > 0 && judgement->length > rules->max_length)
		FORBID(judgement, "max_duration", words_length(judgement->arena, "maximum_seconds", rules->max_length));
	else if (judgement->days > most)
		FORBID(judgement, "max_duration",
		       words_number(judgement->arena, by_night ? "maximum_nights" : "maximum_days", most));
}

static void judge_grid(const struct judgement *judgement)
{
	const struct booking_rules *rules = judgement->rules;
	if (!is_timed(judgement))
		return;
	if (rules->step > 0 && judgement->length % rules->step != 0)
		FORBID(judgement, "step", words_length(judgement->arena, "step_seconds", rules->step));
	int64_t local = zone_local(rules->zone, judgement->period.from);
	if (rules->start_grid > 0 && (local % DAY + DAY) % DAY % rules->start_grid != 0)
		FORBID(judgement, "start_grid", words_length(judgement->arena, "grid_seconds", rules->start_grid));
}

/* --- opening hours --- */

static void forbid_closed(const struct judgement *judgement, struct span closed)
{
	struct arena *arena = judgement->arena;
	const struct zone *zone = judgement->rules->zone;
	const struct hours_exception *exception = hours_exception_of(judgement->rules, zone_day(zone, closed.from));
	struct words_value from = words_instant(arena, "closed_from", zone, closed.from);
	struct words_value to = words_instant(arena, "closed_to", zone, closed.to);
	if (exception && exception->note && *exception->note)
		FORBID(judgement, "closed", from, to, words_text(arena, "note", exception->note));
	else
		FORBID(judgement, "closed", from, to);
}

/* The first time within the period at which it is closed. */
static void judge_interval(const struct judgement *judgement)
{
	struct span period = judgement->period, *open;
	size_t count = hours_open(judgement->rules, period.from, period.to, judgement->arena, &open);
	size_t next = count > 0 && open[0].from == period.from ? 1 : 0;
	struct span closed = {next > 0 ? open[0].to : period.from, next < count ? open[next].from : period.to};
	if (closed.from < closed.to)
		forbid_closed(judgement, closed);
}

static void judge_session(const struct judgement *judgement)
{
	const struct booking_rules *rules = judgement->rules;
	struct span period = judgement->period, *sessions;
	size_t count = hours_sessions(rules, period.from - 2 * DAY, period.to, judgement->arena, &sessions);
	const struct span *near = NULL;
	for (size_t i = 0; i < count; i++) {
		if (sessions[i].from == period.from && sessions[i].to == period.to)
			return;
		if (!near && sessions[i].to > period.from)
			near = &sessions[i];
	}
	if (near)
		FORBID(judgement, "session", words_instant(judgement->arena, "session_from", rules->zone, near->from),
		       words_instant(judgement->arena, "session_to", rules->zone, near->to));
	else
		forbid(judgement, "session", 0, NULL);
}

/* The local dates, or nights, that a period touches: both included. */
static void touched(const struct judgement *judgement, int64_t *ret_first, int64_t *ret_last)
{
	const struct booking_rules *rules = judgement->rules;
	*ret_first = zone_day(rules->zone, judgement->period.from);
	*ret_last = zone_day(rules->zone, judgement->period.to - 1);
	if (rules->unit == SALE_NIGHT && *ret_last > *ret_first)
		--*ret_last;
}

/* True when a date that the period touches is closed, which is then told. */
static bool judge_touched(const struct judgement *judgement)
{
	const struct zone *zone = judgement->rules->zone;
	int64_t day, last;
	touched(judgement, &day, &last);
	while (day <= last && hours_date_open(judgement->rules, day))
		day++;
	if (day > last)
		return false;
	int64_t end = day + 1;
	while (end <= last && !hours_date_open(judgement->rules, end))
		end++;
	forbid_closed(judgement, (struct span){zone_day_start(zone, day), zone_day_start(zone, end)});
	return true;
}

static void judge_dates(const struct judgement *judgement)
{
	const struct booking_rules *rules = judgement->rules;
	int64_t first, last;
	if (rules->has_hours && hours_dates_of(rules, &judgement->period, &first, &last))
		return;
	if (judge_touched(judgement) || !rules->has_hours)
		return;
	touched(judgement, &first, &last);
	struct span whole = {0, 0};
	if (hours_of_dates(rules, first, rules->unit == SALE_NIGHT ? last + 1 : last, &whole))
		FORBID(judgement, "unit_grid", words_instant(judgement->arena, "whole_from", rules->zone, whole.from),
		       words_instant(judgement->arena, "whole_to", rules->zone, whole.to));
	else
		forbid(judgement, "unit_grid", 0, NULL);
}

static void judge_hours(const struct judgement *judgement)
{
	const struct booking_rules *rules = judgement->rules;
	if (!rules->has_hours && rules->exception_count == 0)
		return;
	if (!is_timed(judgement)) {
		judge_dates(judgement);
		return;
	}
	judge_interval(judgement);
	if (rules->has_hours && rules->unit == SALE_SESSION)
		judge_session(judgement);
}

static void judge_guests(const struct judgement *judgement)
{
	const struct booking_wish *wish = judgement->wish;
	int64_t most = rules_guests_most(judgement->rules, wish->units);
	if (most > 0 && wish->guests > most)
		FORBID(judgement, "guests", words_number(judgement->arena, "maximum_guests", most));
}

static struct judgement judgement_of(const struct booking_rules *rules, const struct booking_wish *wish,
				     struct arena *arena, struct verdict *ret)
{
	ret->count = 0;
	return (struct judgement){
	    .rules = rules,
	    .wish = wish,
	    .period = wish->period,
	    .length = wish->period.to - wish->period.from,
	    .days = hours_days(rules, &wish->period),
	    .arena = arena,
	    .verdict = ret,
	};
}

/* Of a period that is too long for any booking the hours are not looked at: that would be much work for nothing. */
static void judge_period(const struct judgement *judgement)
{
	judge_shortest(judgement);
	judge_longest(judgement);
	judge_grid(judgement);
	if (judgement->days <= HOURS_DATES_MOST)
		judge_hours(judgement);
	judge_guests(judgement);
}

void verdict_of(const struct booking_rules *rules, const struct booking_wish *wish, int64_t now, struct arena *arena,
		struct verdict *ret)
{
	struct judgement judgement = judgement_of(rules, wish, arena, ret);
	judge_clock(&judgement, now);
	judge_period(&judgement);
}

void verdict_of_period(const struct booking_rules *rules, const struct booking_wish *wish, struct arena *arena,
		       struct verdict *ret)
{
	struct judgement judgement = judgement_of(rules, wish, arena, ret);
	judge_period(&judgement);
}

int verdict_refuse(struct rpc_call *call, const struct verdict *verdict)
{
	const struct refusal *first = &verdict->refusals[0];
	struct buffer data;
	buffer_init_arena(&data, &call->ctx->arena, REFUSALS_MOST);
	if (first->details)
		buffer_printf(&data, "%s,", first->details);
	buffer_append_text(&data, "\"refusals\":[");
	for (size_t i = 0; i < verdict->count; i++) {
		if (i > 0)
			buffer_append_char(&data, ',');
		words_append(&data, &verdict->refusals[i], NULL);
	}
	buffer_append_char(&data, ']');
	return rpc_precondition(call, first->rule, buffer_text(&data), "%s", first->words[WORDS_ENGLISH]);
}
