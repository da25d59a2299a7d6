#include "availability/free_time.h"

#include "availability/verdict.h"
#include "base/clock.h"

#define MINUTE (60 * CLOCK_SECOND)
#define DAY (1440 * MINUTE)
#define GRID (15 * MINUTE) /* of listings that have none */

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static int64_t earlier(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

/* False when the list is full. */
static bool append(const struct free_search *search, struct free_list *list, struct free_time time)
{
	if (list->count == search->most) {
		list->truncated = true;
		return false;
	}
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		struct free_time *items = arena_alloc(search->arena, capacity * sizeof(*items));
		for (size_t i = 0; i < list->count; i++)
			items[i] = list->items[i];
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = time;
	return true;
}

/* The part of the window in which a booking may lie: behind the notice, within the horizon. */
static struct span bookable(const struct free_search *search)
{
	const struct booking_rules *rules = &search->asked.rules;
	return (struct span){
	    later(search->window.from, search->asked.now + rules->notice),
	    earlier(search->window.to, search->asked.now + rules->horizon_days * DAY),
	};
}

struct span free_time_needed(const struct free_search *search)
{
	struct span reached = search->window;
	reached.from -= 2 * DAY;
	reached.to += 2 * DAY + search->length + search->days * DAY;
	return asked_widened(&search->asked.rules, &reached);
}

/* --- what is free of a period --- */

static size_t steps_of(const struct free_search *search, struct free_step **ret)
{
	struct span needed = free_time_needed(search);
	return capacity_steps(asked_total(&search->asked), search->taken, search->taken_count, &needed, search->arena,
			      ret);
}

/* The steps of the search, computed once, and memory for what is computed of each period and then forgotten. */
struct free_steps {
	size_t count;
	struct free_step *items;
	struct arena scratch;
};

static void steps_make(const struct free_search *search, struct free_steps *ret)
{
	arena_init(&ret->scratch);
	ret->count = steps_of(search, &ret->items);
}

static int free_units(const struct free_search *search, struct free_steps *steps, const struct span *period)
{
	arena_reset(&steps->scratch);
	struct span widened = asked_widened(&search->asked.rules, period);
	if (search->asked.rules.named)
		return capacity_named(asked_total(&search->asked), search->taken, search->taken_count, &widened,
				      &steps->scratch);
	return capacity_least(steps->items, steps->count, &widened);
}

static bool is_allowed(const struct free_search *search, struct free_steps *steps, const struct span *period)
{
	const struct booking_wish wish = {*period, search->units, search->guests, search->shortest};
	struct verdict verdict;
	verdict_of(&search->asked.rules, &wish, search->asked.now, &steps->scratch, &verdict);
	return verdict.count == 0;
}

/* Appends a whole period when it can be booked, be it a date, a session or a length. False when the list is full. */
static bool append_period(const struct free_search *search, struct free_steps *steps, struct span period,
			  struct free_list *list)
{
	int free = free_units(search, steps, &period);
	if (free < search->units || !is_allowed(search, steps, &period))
		return true;
	return append(search, list, (struct free_time){.period = period, .free = free});
}

/* --- slots --- */

/* A date can be part of a longer booking: of the rules about itself only the clock's count. */
static void append_dates(const struct free_search *search, struct free_steps *steps, struct free_list *list)
{
	const struct booking_rules *rules = &search->asked.rules;
	struct span within = bookable(search);
	int64_t last = zone_day(rules->zone, search->window.to - 1);
	for (int64_t day = zone_day(rules->zone, search->window.from); day <= last; day++) {
		struct span period = {0, 0};
		if (!hours_of_dates(rules, day, rules->unit == SALE_NIGHT ? day + 1 : day, &period))
			continue;
		bool inside = period.from >= within.from && period.from < within.to &&
			      period.to <= search->asked.now + rules->horizon_days * DAY;
		int free = inside ? free_units(search, steps, &period) : 0;
		if (free >= search->units && !append(search, list, (struct free_time){.period = period, .free = free}))
			return;
	}
}

static void append_sessions(const struct free_search *search, struct free_steps *steps, struct free_list *list)
{
	struct span *sessions;
	size_t count =
	    hours_sessions(&search->asked.rules, search->window.from, search->window.to, search->arena, &sessions);
	for (size_t i = 0; i < count; i++) {
		bool fits = search->length == 0 || sessions[i].to - sessions[i].from == search->length;
		if (fits && !append_period(search, steps, sessions[i], list))
			return;
	}
}

/* Appends what the steps leave free of open time. False when the list is full. */
static bool append_open(const struct free_search *search, const struct free_step *steps, size_t count,
			const struct span *open, int unit, struct free_list *list)
{
	for (size_t i = 0; i < count; i++) {
		struct span both = {later(steps[i].period.from, open->from), earlier(steps[i].period.to, open->to)};
		bool is_free = steps[i].free >= (unit > 0 ? 1 : search->units) && both.from < both.to;
		if (is_free && !append(search, list, (struct free_time){both, steps[i].free, unit}))
			return false;
	}
	return true;
}

/* Open time in which one may book. */
struct open_time {
	struct span within;
	size_t count;
	struct span *spans;
};

static struct open_time open_time(const struct free_search *search)
{
	struct open_time open = {.within = bookable(search)};
	open.count = hours_open(&search->asked.rules, open.within.from, open.within.to, search->arena, &open.spans);
	return open;
}

/* The slots of all units together, or of a named one. */
static void append_times(const struct free_search *search, const struct open_time *open, const struct taken *taken,
			 size_t taken_count, int unit, struct free_list *list)
{
	const struct booking_rules *rules = &search->asked.rules;
	struct span needed = free_time_needed(search);
	if (open->count == 0)
		return;
	struct free_step *steps, *guest_steps;
	size_t count = capacity_steps(unit > 0 ? 1 : asked_total(&search->asked), taken, taken_count, &needed,
				      search->arena, &steps);
	size_t guests = capacity_guest_steps(steps, count, rules->buffer_before, rules->buffer_after, &open->within,
					     search->arena, &guest_steps);
	for (size_t i = 0; i < open->count; i++)
		if (!append_open(search, guest_steps, guests, &open->spans[i], unit, list))
			return;
}

static void append_named(const struct free_search *search, const struct open_time *open, struct free_list *list)
{
	struct taken *own = arena_alloc(search->arena, search->taken_count * sizeof(*own));
	for (int unit = 1; unit <= asked_total(&search->asked) && !list->truncated; unit++) {
		size_t count = 0;
		for (size_t i = 0; i < search->taken_count; i++)
			if (search->taken[i].unit == unit)
				own[count++] = search->taken[i];
		append_times(search, open, own, count, unit, list);
	}
}

struct free_list free_time_slots(const struct free_search *search)
{
	const struct booking_rules *rules = &search->asked.rules;
	struct open_time open = open_time(search);
	struct free_list list = {0};
	struct free_steps steps;
	steps_make(search, &steps);
	if (rules_sells_dates(rules))
		append_dates(search, &steps, &list);
	else if (rules->has_hours && rules->unit == SALE_SESSION)
		append_sessions(search, &steps, &list);
	else if (rules->named)
		append_named(search, &open, &list);
	else
		append_times(search, &open, search->taken, search->taken_count, 0, &list);
	arena_done(&steps.scratch);
	return list;
}

/* --- starts --- */

/* Without opening hours a day begins at midnight, wherever it is a day that is sold. */
static void append_day_starts(const struct free_search *search, struct free_steps *steps, struct free_list *list)
{
	const struct booking_rules *rules = &search->asked.rules;
	int64_t last = zone_day(rules->zone, search->window.to - 1);
	for (int64_t day = zone_day(rules->zone, search->window.from); day <= last; day++) {
		int64_t end = rules->unit == SALE_NIGHT ? day + search->days : day + search->days - 1;
		struct span period = {zone_day_start(rules->zone, day),
				      zone_day_start(rules->zone, day + search->days)};
		if (rules->has_hours && !hours_of_dates(rules, day, end, &period))
			continue;
		if (period.from < search->window.from)
			continue;
		if (!append_period(search, steps, period, list))
			return;
	}
}

/* The first moment from `at` on at which the wall clock shows a multiple of the grid. Clocks are changed by whole
 * minutes, so it is looked for again where they were. */
static int64_t on_grid(const struct booking_rules *rules, int64_t at)
{
	int64_t grid = rules->start_grid > 0 ? rules->start_grid : GRID;
	for (int tries = 0; tries < 4; tries++) {
		int64_t local = zone_local(rules->zone, at), of_day = (local % DAY + DAY) % DAY;
		int64_t ahead = of_day % grid == 0 ? 0 : earlier(grid - of_day % grid, DAY - of_day);
		if (ahead == 0)
			return at;
		at += ahead;
	}
	return at;
}

/* Whether the length and the guests are refused wherever the booking begins: it is not tried everywhere then. */
static bool is_hopeless(const struct free_search *search, int64_t from)
{
	static const char *const everywhere[] = {"min_duration", "max_duration", "step", "guests"};
	const struct booking_wish wish = {
	    {from, from + search->length}, search->units, search->guests, search->shortest};
	struct verdict verdict;
	verdict_of_period(&search->asked.rules, &wish, search->arena, &verdict);
	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++)
		if (verdict_has(&verdict, everywhere[i]))
			return true;
	return false;
}

static void append_hour_starts(const struct free_search *search, struct free_steps *steps, struct free_list *list)
{
	struct span within = bookable(search), *open;
	size_t opens = hours_open(&search->asked.rules, within.from, later(within.from, within.to) + search->length,
				  search->arena, &open);
	if (opens > 0 && is_hopeless(search, open[0].from))
		return;
	for (size_t i = 0; i < opens; i++)
		for (int64_t at = on_grid(&search->asked.rules, open[i].from);
		     at < within.to && at + search->length <= open[i].to;
		     at = on_grid(&search->asked.rules, at + MINUTE))
			if (!append_period(search, steps, (struct span){at, at + search->length}, list))
				return;
}

struct free_list free_time_starts(const struct free_search *search)
{
	const struct booking_rules *rules = &search->asked.rules;
	struct free_list list = {0};
	struct free_steps steps;
	steps_make(search, &steps);
	if (search->days > 0)
		append_day_starts(search, &steps, &list);
	else if (rules->has_hours && rules->unit == SALE_SESSION)
		append_sessions(search, &steps, &list);
	else
		append_hour_starts(search, &steps, &list);
	arena_done(&steps.scratch);
	return list;
}
