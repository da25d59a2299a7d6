#include "pricing/pricing.h"

#include "base/civil.h"
#include "postgres/postgres.h"
#include "json/tree.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 8
#define EVERY_WEEKDAY 0x7FU

static const char *const per_words[] = {
    [EXTRA_PER_BOOKING] = "booking", //
    [EXTRA_PER_UNIT] = "unit",	     [EXTRA_PER_GUEST] = "guest", [EXTRA_PER_DAY] = "day", [EXTRA_PER_HOUR] = "hour",
};

static const char *const measure_words[] = {
    [ADJUST_LENGTH] = "length", //
    [ADJUST_LEAD_TIME] = "lead_time",
    [ADJUST_GUESTS] = "guests",
};

static const char *const weekday_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

const char *pricing_per_word(enum extra_per per)
{
	return per_words[per];
}

int pricing_minute(const char *text)
{
	return ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
}

/* The place of the word; the first when the schema let another one pass. */
static unsigned word_index(const char *const *words, size_t count, const char *word)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return 0;
}

static int64_t integer(struct json_object *tree, const char *name, int64_t fallback)
{
	struct json_object *value = NULL;
	return json_object_object_get_ex(tree, name, &value) ? json_object_get_int64(value) : fallback;
}

/* What the schema demands. */
static int64_t required(struct json_object *tree, const char *name)
{
	return json_object_get_int64(json_object_object_get(tree, name));
}

static bool boolean(struct json_object *tree, const char *name, bool fallback)
{
	struct json_object *value = NULL;
	return json_object_object_get_ex(tree, name, &value) ? json_object_get_boolean(value) : fallback;
}

static const char *text(struct arena *arena, struct json_object *tree, const char *name)
{
	struct json_object *value = NULL;
	(void)json_object_object_get_ex(tree, name, &value);
	return value ? arena_strdup(arena, json_object_get_string(value)) : NULL;
}

/* A date that pricing_check has accepted. */
static int64_t read_day(struct json_object *season, const char *name)
{
	int64_t day = 0;
	return civil_parse(json_object_get_string(json_object_object_get(season, name)), &day) ? day : 0;
}

static void read_season(struct json_object *tree, struct price_rule *ret)
{
	struct json_object *season = NULL;
	ret->has_season = json_object_object_get_ex(tree, "season", &season);
	if (!ret->has_season)
		return;
	ret->yearly = boolean(season, "yearly", false);
	ret->season_from = read_day(season, "from");
	ret->season_to = read_day(season, "to");
}

static void read_hours(struct json_object *tree, struct price_rule *ret)
{
	struct json_object *hours = NULL;
	ret->has_hours = json_object_object_get_ex(tree, "hours", &hours);
	if (!ret->has_hours)
		return;
	ret->hours_from = pricing_minute(json_object_get_string(json_object_object_get(hours, "from")));
	ret->hours_to = pricing_minute(json_object_get_string(json_object_object_get(hours, "to")));
}

static unsigned read_weekdays(struct json_object *tree)
{
	struct json_object *days = NULL;
	unsigned set = 0;
	if (!json_object_object_get_ex(tree, "days", &days))
		return EVERY_WEEKDAY;
	for (size_t i = 0; i < json_object_array_length(days); i++)
		set |= 1U << word_index(weekday_words, ARRAY_SIZE(weekday_words),
					json_object_get_string(json_object_array_get_idx(days, i)));
	return set;
}

static void read_rule(struct arena *arena, struct json_object *tree, void *target)
{
	struct price_rule *rule = target;
	*rule = (struct price_rule){
	    .id = required(tree, "id"),
	    .priority = integer(tree, "priority", 0),
	    .amount = required(tree, "amount"),
	    .name = text(arena, tree, "name"),
	    .weekdays = read_weekdays(tree),
	};
	read_season(tree, rule);
	read_hours(tree, rule);
}

static void read_adjustment(struct arena *arena, struct json_object *tree, void *target)
{
	struct price_adjustment *adjustment = target;
	bool in_percent = json_object_object_get_ex(tree, "percent_bp", NULL);
	*adjustment = (struct price_adjustment){
	    .id = required(tree, "id"),
	    .priority = integer(tree, "priority", 0),
	    .name = text(arena, tree, "name"),
	    .measure = word_index(measure_words, ARRAY_SIZE(measure_words),
				  json_object_get_string(json_object_object_get(tree, "on"))),
	    .at_least = integer(tree, "at_least", 0),
	    .less_than = integer(tree, "less_than", INT64_MAX),
	    .in_percent = in_percent,
	    .value = required(tree, in_percent ? "percent_bp" : "amount"),
	};
}

static void read_extra(struct arena *arena, struct json_object *tree, void *target)
{
	struct priced_extra *extra = target;
	*extra = (struct priced_extra){
	    .key = text(arena, tree, "key"),
	    .name = text(arena, tree, "name"),
	    .amount = required(tree, "amount"),
	    .most = integer(tree, "most", PRICING_EXTRA_MOST),
	    .per = word_index(per_words, ARRAY_SIZE(per_words),
			      json_object_get_string(json_object_object_get(tree, "per"))),
	    .refundable = boolean(tree, "refundable", true),
	};
}

static void read_tax(struct arena *arena, struct json_object *tree, void *target)
{
	struct price_tax *tax = target;
	*tax = (struct price_tax){
	    .name = text(arena, tree, "name"),
	    .rate_bp = required(tree, "rate_bp"),
	    .included = boolean(tree, "included", false),
	};
}

/* The items of a member, each made of its JSON by `read`. */
static void *read_array(struct arena *arena, struct json_object *tree, const char *name, size_t size,
			void (*read)(struct arena *, struct json_object *, void *), size_t *ret_count)
{
	struct json_object *items = NULL;
	*ret_count = json_object_object_get_ex(tree, name, &items) ? json_object_array_length(items) : 0;
	char *values = arena_alloc(arena, *ret_count * size);
	for (size_t i = 0; i < *ret_count; i++)
		read(arena, json_object_array_get_idx(items, i), values + i * size);
	return values;
}

static int compare(int64_t priority, int64_t id, int64_t other_priority, int64_t other_id)
{
	if (priority != other_priority)
		return priority > other_priority ? -1 : 1;
	return id < other_id ? -1 : 1;
}

static int compare_rules(const void *one, const void *other)
{
	const struct price_rule *left = one, *right = other;
	return compare(left->priority, left->id, right->priority, right->id);
}

static int compare_adjustments(const void *one, const void *other)
{
	const struct price_adjustment *left = one, *right = other;
	return compare(left->priority, left->id, right->priority, right->id);
}

void pricing_read(struct arena *arena, struct json_object *tree, struct pricing *ret)
{
	struct price_rule *rules = read_array(arena, tree, "rules", sizeof(*rules), read_rule, &ret->rule_count);
	struct price_adjustment *adjustments =
	    read_array(arena, tree, "adjustments", sizeof(*adjustments), read_adjustment, &ret->adjustment_count);
	qsort(rules, ret->rule_count, sizeof(*rules), compare_rules);
	qsort(adjustments, ret->adjustment_count, sizeof(*adjustments), compare_adjustments);
	ret->rules = rules;
	ret->adjustments = adjustments;
	ret->extras = read_array(arena, tree, "extras", sizeof(struct priced_extra), read_extra, &ret->extra_count);
	ret->taxes = read_array(arena, tree, "taxes", sizeof(struct price_tax), read_tax, &ret->tax_count);
	ret->minimum = integer(tree, "minimum", 0);
	ret->deposit_bp = integer(tree, "deposit_bp", 0);
}

int pricing_of_row(struct context *ctx, const struct pg_result *result, size_t row, size_t first_column,
		   struct pricing *ret)
{
	const char *amount = pg_text(result, row, first_column), *json = pg_text(result, row, first_column + 2);
	struct json_object *tree = NULL;
	*ret = (struct pricing){
	    .has_price = amount != NULL,
	    .price = amount ? pg_integer(result, row, first_column) : 0,
	    .currency = pg_text(result, row, first_column + 1),
	};
	struct json_error error;
	if (!json_tree_parse(json, strlen(json), MAX_DEPTH, 0, &ctx->arena, &tree, &error))
		return context_fail_internal(ctx, "what the database keeps of a pricing is no JSON");
	pricing_read(&ctx->arena, tree, ret);
	json_object_put(tree);
	return 0;
}
