#include "base/civil.h"
#include "pricing/price_internal.h"
#include "zone/zone.h"

/* The rules that hold on one date, in their order, up to the first that holds all day. */
struct day_rules {
	bool known;
	int64_t day;
	size_t count;
	const struct price_rule **rules;
};

/* What begins under one rule, or under none: a line. */
struct time_group {
	const struct price_rule *rule; /* NULL: the base price */
	int64_t minutes, count;
};

struct time_pricing {
	struct price_build *build;
	struct day_rules today;
	struct time_group *groups; /* in the order of their first beginnings */
	size_t group_count;
	size_t *
	    group_of; /* of the rule with that index, and behind them of the base: its group's number from 1; 0: none */
};

static bool holds_on(const struct price_rule *rule, int64_t day)
{
	if ((rule->weekdays & 1U << civil_weekday(day)) == 0)
		return false;
	if (!rule->has_season)
		return true;
	return rule->yearly ? civil_recurs(rule->season_from, rule->season_to, day)
			    : rule->season_from <= day && day <= rule->season_to;
}

static void find_day_rules(struct time_pricing *time, int64_t day)
{
	const struct pricing *pricing = time->build->pricing;
	struct day_rules *today = &time->today;
	today->known = true;
	today->day = day;
	today->count = 0;
	for (size_t i = 0; i < pricing->rule_count; i++) {
		if (!holds_on(&pricing->rules[i], day))
			continue;
		today->rules[today->count++] = &pricing->rules[i];
		if (!pricing->rules[i].has_hours)
			return;
	}
}

static bool holds_at(const struct price_rule *rule, int64_t minute)
{
	if (!rule->has_hours)
		return true;
	if (rule->hours_from < rule->hours_to)
		return rule->hours_from <= minute && minute < rule->hours_to;
	return minute >= rule->hours_from || minute < rule->hours_to;
}

/* The rule for what begins at that local time; NULL for the base price. */
static const struct price_rule *find_rule(struct time_pricing *time, int64_t local)
{
	int64_t day = local / PRICE_DAY - (local % PRICE_DAY < 0), minute = (local - day * PRICE_DAY) / PRICE_MINUTE;
	if (!time->today.known || time->today.day != day)
		find_day_rules(time, day);
	for (size_t i = 0; i < time->today.count; i++)
		if (holds_at(time->today.rules[i], minute))
			return time->today.rules[i];
	return NULL;
}

/* Counts what begins at that local time; minutes: its length, of hours alone. */
static void count_begun(struct time_pricing *time, int64_t local, int64_t minutes)
{
	const struct pricing *pricing = time->build->pricing;
	const struct price_rule *rule = find_rule(time, local);
	size_t *number = &time->group_of[rule ? (size_t)(rule - pricing->rules) : pricing->rule_count];
	if (*number == 0) {
		*number = ++time->group_count;
		time->groups[*number - 1] = (struct time_group){.rule = rule};
	}
	time->groups[*number - 1].minutes += minutes;
	time->groups[*number - 1].count++;
}

/* Whole minutes are charged: the length rounded up to the grid that the rules give, else to hours begun. */
static void count_hours(struct time_pricing *time)
{
	const struct booking_rules *rules = time->build->rules;
	const struct span *period = &time->build->request->period;
	int64_t grid = rules->step > 0 ? rules->step : rules->start_grid > 0 ? rules->start_grid : PRICE_HOUR;
	int64_t charged = (period->to - period->from + grid - 1) / grid * grid;
	for (int64_t done = 0; done < charged; done += PRICE_HOUR) {
		int64_t part = charged - done < PRICE_HOUR ? charged - done : PRICE_HOUR;
		count_begun(time, zone_local(rules->zone, period->from + done), part / PRICE_MINUTE);
	}
}

static void count_days(struct time_pricing *time)
{
	const struct booking_rules *rules = time->build->rules;
	const struct span *period = &time->build->request->period;
	int64_t local = zone_local(rules->zone, period->from), days = time->build->days;
	for (int64_t k = 0; k < days; k++)
		count_begun(time, local + k * PRICE_DAY, 0);
}

static int add_group(struct price_build *build, const struct time_group *group)
{
	static const char *const words[] = {
	    [SALE_HOUR] = "hour", [SALE_DAY] = "day", [SALE_NIGHT] = "night", [SALE_SESSION] = "session"};
	const struct price_rule *rule = group->rule;
	struct price_line line = {
	    .kind = PRICE_TIME,
	    .key = rule ? arena_printf(&build->call->ctx->arena, "%lld", (long long)rule->id) : NULL,
	    .label = rule ? rule->name : NULL,
	    .refundable = true,
	    .quantity = group->count * build->request->units,
	    .per = words[build->rules->unit],
	    .unit_amount = rule ? rule->amount : build->pricing->price,
	};
	if (build->rules->unit != SALE_HOUR)
		return price_add(build, &line, line.unit_amount, line.quantity, 1);
	int64_t minutes = group->minutes * build->request->units;
	bool whole = group->minutes % 60 == 0;
	line.quantity = whole ? minutes / 60 : minutes;
	line.per = whole ? "hour" : "minute";
	return price_add(build, &line, line.unit_amount, minutes, 60);
}

int price_time(struct price_build *build)
{
	struct arena *arena = &build->call->ctx->arena;
	size_t most = build->pricing->rule_count + 1;
	struct time_pricing time = {
	    .build = build,
	    .today.rules = arena_alloc(arena, most * sizeof(*time.today.rules)),
	    .groups = arena_alloc(arena, most * sizeof(*time.groups)),
	    .group_of = arena_zalloc(arena, most * sizeof(*time.group_of)),
	};
	if (build->rules->unit == SALE_HOUR)
		count_hours(&time);
	else if (build->rules->unit == SALE_SESSION)
		count_begun(&time, zone_local(build->rules->zone, build->request->period.from), 0);
	else
		count_days(&time);
	for (size_t i = 0; i < time.group_count; i++)
		if (add_group(build, &time.groups[i]))
			return -1;
	return 0;
}
