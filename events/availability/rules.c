#include "availability/rules.h"

#include "base/civil.h"
#include "base/clock.h"
#include "json/tree.h"

#include <limits.h>
#include <string.h>

#define MINUTE (60 * CLOCK_SECOND)
#define DAY_MINUTES 1440
#define DEPTH_MOST 8

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* --- values of an object --- */

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;
	return json_object_object_get_ex(object, name, &value) ? value : NULL;
}

static int64_t integer(struct json_object *object, const char *name, int64_t fallback)
{
	struct json_object *value = member(object, name);
	return value ? json_object_get_int64(value) : fallback;
}

static int number(struct json_object *object, const char *name, int fallback)
{
	return (int)integer(object, name, fallback);
}

static int64_t minutes(struct json_object *object, const char *name)
{
	return integer(object, name, 0) * MINUTE;
}

static bool is_word(struct json_object *object, const char *name, const char *word)
{
	struct json_object *value = member(object, name);
	return value && strcmp(json_object_get_string(value), word) == 0;
}

static bool is_true(struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name);
	return value && json_object_get_boolean(value);
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static const char *text(struct json_object *object, const char *name, struct arena *arena)
{
	struct json_object *value = member(object, name);
	return value ? arena_strdup(arena, json_object_get_string(value)) : NULL;
}

/* --- opening hours --- */

/* "18:30" in minutes. */
static int32_t time_of_day(struct json_object *object, const char *name)
{
	struct json_object *value = member(object, name);
	const char *clock = value ? json_object_get_string(value) : "";
	if (strlen(clock) != 5)
		return 0;
	return ((clock[0] - '0') * 10 + clock[1] - '0') * 60 + (clock[3] - '0') * 10 + clock[4] - '0';
}

static struct hours hours_of(struct json_object *interval)
{
	int32_t from = time_of_day(interval, "from"), to = time_of_day(interval, "to");
	return (struct hours){from, to <= from ? to + DAY_MINUTES : to};
}

static bool has_day(struct json_object *interval, const char *weekday)
{
	struct json_object *days = member(interval, "days");
	for (size_t i = 0; i < length_of(days); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(days, i)), weekday) == 0)
			return true;
	return false;
}

/* The intervals of the array; with a weekday, those of that day. */
static struct day_hours read_hours(struct json_object *intervals, const char *weekday, struct arena *arena)
{
	struct hours *hours = arena_alloc(arena, length_of(intervals) * sizeof(*hours));
	struct day_hours day = {.hours = hours};
	for (size_t i = 0; i < length_of(intervals); i++) {
		struct json_object *interval = json_object_array_get_idx(intervals, i);
		if (!weekday || has_day(interval, weekday))
			hours[day.count++] = hours_of(interval);
	}
	return day;
}

static void read_week(struct json_object *tree, struct arena *arena, struct booking_rules *ret)
{
	struct json_object *intervals = member(tree, "opening_hours");
	ret->has_hours = intervals != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(weekdays); i++)
		ret->week[i] = read_hours(intervals, weekdays[i], arena);
}

static int64_t date_of(struct json_object *object, const char *name, int64_t fallback)
{
	struct json_object *value = member(object, name);
	int64_t day = fallback;
	return value && civil_parse(json_object_get_string(value), &day) ? day : fallback;
}

static struct hours_exception read_exception(struct json_object *object, struct arena *arena)
{
	int64_t from = date_of(object, "from", 0), to = date_of(object, "to", from);
	bool all_year = to - from >= 365;
	return (struct hours_exception){
	    .from = from,
	    .to = to,
	    .first = all_year ? 0 : civil_month_day(from),
	    .last = all_year ? INT_MAX : civil_month_day(to),
	    .yearly = is_true(object, "yearly"),
	    .closed = is_true(object, "closed"),
	    .hours = read_hours(member(object, "hours"), NULL, arena),
	    .note = text(object, "note", arena),
	};
}

static void read_exceptions(struct json_object *tree, struct arena *arena, struct booking_rules *ret)
{
	struct json_object *array = member(tree, "exceptions");
	struct hours_exception *exceptions = arena_alloc(arena, length_of(array) * sizeof(*exceptions));
	for (size_t i = 0; i < length_of(array); i++)
		exceptions[i] = read_exception(json_object_array_get_idx(array, i), arena);
	ret->exceptions = exceptions;
	ret->exception_count = length_of(array);
}

/* --- the others --- */

static void read_names(struct json_object *tree, struct arena *arena, struct booking_rules *ret)
{
	struct json_object *array = member(tree, "unit_names");
	const char **names = arena_alloc(arena, length_of(array) * sizeof(*names));
	for (size_t i = 0; i < length_of(array); i++)
		names[i] = arena_strdup(arena, json_object_get_string(json_object_array_get_idx(array, i)));
	ret->unit_names = names;
	ret->name_count = length_of(array);
}

/* Without a policy everything is given back until it begins. */
static void read_refunds(struct json_object *tree, struct arena *arena, struct booking_rules *ret)
{
	static const struct refund_step all = {0, RULES_REFUND_ALL};
	struct json_object *array = member(tree, "cancellation");
	struct refund_step *steps = arena_alloc(arena, length_of(array) * sizeof(*steps));
	for (size_t i = 0; i < length_of(array); i++) {
		struct json_object *step = json_object_array_get_idx(array, i);
		steps[i].until_hours = integer(step, "until_hours_before_start", 0);
		steps[i].refund_bp = number(step, "refund_bp", 0);
	}
	ret->refund_count = length_of(array) > 0 ? length_of(array) : 1;
	ret->refunds = length_of(array) > 0 ? steps : &all;
}

static void read_limits(struct json_object *tree, struct booking_rules *ret)
{
	struct json_object *limits = member(tree, "limits");
	ret->bookings_per_user = number(limits, "bookings_per_user", 0);
	ret->bookings_per_user_per_day = number(limits, "bookings_per_user_per_day", 0);
	ret->time_per_user_per_day = minutes(limits, "minutes_per_user_per_day");
	ret->gap_per_user = minutes(limits, "gap_minutes_per_user");
}

static void read_lengths(struct json_object *tree, struct booking_rules *ret)
{
	ret->buffer_before = minutes(tree, "buffer_before_minutes");
	ret->buffer_after = minutes(tree, "buffer_after_minutes");
	ret->notice = minutes(tree, "notice_minutes");
	ret->horizon_days = number(tree, "horizon_days", RULES_HORIZON_DAYS);
	ret->min_length = minutes(tree, "min_minutes");
	ret->max_length = minutes(tree, "max_minutes");
	ret->min_days = number(tree, "min_days", 0);
	ret->max_days = number(tree, "max_days", 0);
	ret->step = minutes(tree, "step_minutes");
	ret->start_grid = minutes(tree, "start_grid_minutes");
}

static void read_terms(struct json_object *tree, struct booking_rules *ret)
{
	ret->named = is_word(tree, "units_mode", "named");
	ret->guests_per_unit = number(tree, "guests_per_unit", ret->capacity);
	ret->by_request = is_word(tree, "confirmation", "request");
	ret->request_hours = number(tree, "request_hours", 24);
	ret->decline_overlapping = is_word(tree, "overlapping_requests", "decline");
	ret->overbooking = number(tree, "overbooking", 0);
}

static void read_all(struct json_object *tree, struct arena *arena, struct booking_rules *ret)
{
	read_week(tree, arena, ret);
	read_exceptions(tree, arena, ret);
	read_lengths(tree, ret);
	read_terms(tree, ret);
	read_names(tree, arena, ret);
	read_limits(tree, ret);
	read_refunds(tree, arena, ret);
}

int rules_read(struct context *ctx, const struct rules_source *source, struct booking_rules *ret)
{
	*ret = (struct booking_rules){
	    .zone = zone_find(source->zone),
	    .unit = rules_unit(source->unit),
	    .units = source->units,
	    .capacity = source->capacity,
	    .version = source->version,
	};
	if (!ret->zone)
		return context_fail_internal(ctx, "the system has no time zone %s", source->zone);
	struct json_object *tree = NULL;
	struct json_error error;
	bool is_json = json_tree_parse(source->json, strlen(source->json), DEPTH_MOST, 0, &ctx->arena, &tree, &error);
	if (is_json)
		read_all(tree, &ctx->arena, ret);
	json_object_put(tree);
	return is_json ? 0 : context_fail_internal(ctx, "the rules of a listing are no JSON");
}

int rules_of_row(struct context *ctx, const struct pg_result *result, size_t row, size_t column,
		 struct booking_rules *ret)
{
	const struct rules_source source = {
	    .json = pg_text(result, row, column),
	    .zone = pg_text(result, row, column + 1),
	    .unit = pg_text(result, row, column + 2),
	    .units = (int)pg_integer(result, row, column + 3),
	    .capacity = (int)pg_integer(result, row, column + 4),
	    .version = pg_integer(result, row, column + 5),
	};
	return rules_read(ctx, &source, ret);
}

enum sale_unit rules_unit(const char *name)
{
	return strcmp(name, "day") == 0	    ? SALE_DAY
	       : strcmp(name, "night") == 0 ? SALE_NIGHT
	       : strcmp(name, "hour") == 0  ? SALE_HOUR
					    : SALE_SESSION;
}

int64_t rules_guests_most(const struct booking_rules *rules, int units)
{
	return (int64_t)rules->guests_per_unit * units;
}

bool rules_sells_dates(const struct booking_rules *rules)
{
	return rules->has_hours && (rules->unit == SALE_DAY || rules->unit == SALE_NIGHT);
}
