#include "pricing/pricing_check.h"

#include "base/civil.h"
#include "pricing/money.h"
#include "pricing/pricing.h"

#include <string.h>

#define SEASON_DAYS_MAX 366

struct checker {
	struct arena *arena;
	const struct pricing_base *base;
	struct json_object *pricing;
	struct pricing_fault *fault;
	int64_t cheapest; /* the least amount that an hour, day, night or session can cost */
};

static bool fault(struct checker *checker, const char *path, const char *rule, const char *expected)
{
	*checker->fault = (struct pricing_fault){path, rule, expected};
	return false;
}

static struct json_object *member(struct json_object *tree, const char *name)
{
	struct json_object *value = NULL;
	(void)json_object_object_get_ex(tree, name, &value);
	return value;
}

static bool check_currency(struct checker *checker, struct json_object *tree, const char *path)
{
	const char *currency = json_object_get_string(member(tree, "currency"));
	if (!currency || strcmp(currency, checker->base->currency) == 0)
		return true;
	return fault(checker, arena_printf(checker->arena, "%s/currency", path), "one_currency",
		     arena_printf(checker->arena, "\"%s\"", checker->base->currency));
}

/* No item before it has the same value in that member. */
static bool check_unique(struct checker *checker, struct json_object *items, size_t index, const char *name,
			 const char *path)
{
	struct json_object *value = member(json_object_array_get_idx(items, index), name);
	for (size_t i = 0; i < index; i++)
		if (json_object_equal(member(json_object_array_get_idx(items, i), name), value))
			return fault(checker, arena_printf(checker->arena, "%s/%s", path, name), "unique", NULL);
	return true;
}

static bool check_season(struct checker *checker, struct json_object *rule, const char *path)
{
	struct json_object *season = member(rule, "season");
	int64_t from = 0, to = 0;
	if (!season)
		return true;
	const char *first = json_object_get_string(member(season, "from"));
	const char *last = json_object_get_string(member(season, "to"));
	if (!civil_parse(first, &from))
		return fault(checker, arena_printf(checker->arena, "%s/season/from", path), "format", "\"date\"");
	if (!civil_parse(last, &to))
		return fault(checker, arena_printf(checker->arena, "%s/season/to", path), "format", "\"date\"");
	if (to < from)
		return fault(checker, arena_printf(checker->arena, "%s/season/to", path), "not_before",
			     arena_printf(checker->arena, "\"%s\"", first));
	if (json_object_get_boolean(member(season, "yearly")) && to - from >= SEASON_DAYS_MAX)
		return fault(checker, arena_printf(checker->arena, "%s/season/to", path), "maximum_days", "366");
	return true;
}

static bool check_rule(struct checker *checker, struct json_object *items, size_t index, const char *path)
{
	struct json_object *rule = json_object_array_get_idx(items, index);
	int64_t amount = json_object_get_int64(member(rule, "amount"));
	if (amount < checker->cheapest)
		checker->cheapest = amount;
	return check_unique(checker, items, index, "id", path) && check_season(checker, rule, path) &&
	       check_currency(checker, rule, path);
}

static bool check_band(struct checker *checker, struct json_object *adjustment, const char *path)
{
	struct json_object *at_least = member(adjustment, "at_least"), *less_than = member(adjustment, "less_than");
	int64_t from = json_object_get_int64(at_least);
	if (!less_than || json_object_get_int64(less_than) > from)
		return true;
	return fault(checker, arena_printf(checker->arena, "%s/less_than", path), "exclusiveMinimum",
		     arena_printf(checker->arena, "%lld", (long long)from));
}

/* What the least booking costs to which an adjustment with such a bound applies, in whole hours, days, nights. */
static int64_t least_price(const struct checker *checker, struct json_object *adjustment)
{
	const struct booking_rules *rules = checker->base->rules;
	bool is_length = strcmp(json_object_get_string(member(adjustment, "on")), "length") == 0;
	int64_t count = is_length ? json_object_get_int64(member(adjustment, "at_least")) : 1, price = 0;
	if (rules->unit == SALE_SESSION || count < 1)
		count = 1;
	return money_share(checker->cheapest, count, 1, &price) ? price : MONEY_MAX;
}

static bool check_value(struct checker *checker, struct json_object *adjustment, const char *path)
{
	struct json_object *percent = member(adjustment, "percent_bp"), *amount = member(adjustment, "amount");
	if (!percent == !amount)
		return fault(checker, arena_printf(checker->arena, "%s/%s", path, percent ? "amount" : "percent_bp"),
			     "form", "\"the only one of percent_bp and amount\"");
	if (!amount || json_object_get_int64(amount) + least_price(checker, adjustment) >= 0)
		return true;
	return fault(checker, arena_printf(checker->arena, "%s/amount", path), "negative_price",
		     arena_printf(checker->arena, "%lld", -(long long)least_price(checker, adjustment)));
}

static bool check_adjustment(struct checker *checker, struct json_object *items, size_t index, const char *path)
{
	struct json_object *adjustment = json_object_array_get_idx(items, index);
	return check_unique(checker, items, index, "id", path) && check_band(checker, adjustment, path) &&
	       check_value(checker, adjustment, path) && check_currency(checker, adjustment, path);
}

static bool check_extra(struct checker *checker, struct json_object *items, size_t index, const char *path)
{
	return check_unique(checker, items, index, "key", path) &&
	       check_currency(checker, json_object_array_get_idx(items, index), path);
}

static bool check_tax(struct checker *checker, struct json_object *items, size_t index, const char *path)
{
	return check_unique(checker, items, index, "name", path);
}

static bool check_items(struct checker *checker, const char *name,
			bool (*check)(struct checker *, struct json_object *, size_t, const char *))
{
	struct json_object *items = member(checker->pricing, name);
	size_t count = items ? json_object_array_length(items) : 0;
	for (size_t i = 0; i < count; i++)
		if (!check(checker, items, i, arena_printf(checker->arena, "/%s/%zu", name, i)))
			return false;
	return true;
}

bool pricing_check(struct arena *arena, struct json_object *pricing, const struct pricing_base *base,
		   struct pricing_fault *ret_fault)
{
	struct checker checker = {
	    .arena = arena,
	    .base = base,
	    .pricing = pricing,
	    .fault = ret_fault,
	    .cheapest = base->price,
	};
	return check_currency(&checker, pricing, "") && check_items(&checker, "rules", check_rule) &&
	       check_items(&checker, "adjustments", check_adjustment) && check_items(&checker, "extras", check_extra) &&
	       check_items(&checker, "taxes", check_tax);
}
