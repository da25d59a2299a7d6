#include "pricing/price.h"

#include "pricing/money.h"
#include "pricing/price_internal.h"

/* Names the parameter that makes the price too high: the extra, else the units if there are several, else the period.
 */
static int too_dear(struct price_build *build, const struct price_line *line)
{
	const char *name = line->kind == PRICE_EXTRA ? "extras" : build->request->units > 1 ? "units" : "period";
	return rpc_too_large(build->call, arena_printf(&build->call->ctx->arena, "/params/%s", name), "max_price",
			     MONEY_MAX_TEXT, "params/%s: the price would be more than " MONEY_MAX_TEXT, name);
}

int price_add(struct price_build *build, const struct price_line *value, int64_t one, int64_t part, int64_t whole)
{
	struct price_line *line = &build->lines[build->count];
	*line = *value;
	if (!money_share(one, part, whole, &line->amount) ||
	    !money_add(build->subtotal, line->amount, &build->subtotal))
		return too_dear(build, value);
	build->count++;
	return 0;
}

/* What an adjustment is measured by, and the size of the unit in which its bounds are. */
static int64_t measure(const struct price_build *build, enum adjustment_measure what, int64_t *ret_unit)
{
	const struct span *period = &build->request->period;
	bool by_date = build->rules->unit == SALE_DAY || build->rules->unit == SALE_NIGHT;
	*ret_unit = PRICE_HOUR;
	if (what == ADJUST_LEAD_TIME)
		return period->from - build->request->now;
	if (what == ADJUST_LENGTH && !by_date)
		return period->to - period->from;
	*ret_unit = 1;
	return what == ADJUST_GUESTS ? build->request->guests : build->days;
}

static bool applies(const struct price_build *build, const struct price_adjustment *adjustment)
{
	int64_t unit;
	int64_t value = measure(build, adjustment->measure, &unit);
	return value >= adjustment->at_least * unit &&
	       (adjustment->less_than == INT64_MAX || value < adjustment->less_than * unit);
}

/* A subtotal below 0 becomes 0. */
static int add_floor(struct price_build *build)
{
	struct price_line line = {.kind = PRICE_FLOOR, .refundable = true};
	return build->subtotal < 0 ? price_add(build, &line, -build->subtotal, 1, 1) : 0;
}

static int add_adjustments(struct price_build *build)
{
	struct arena *arena = &build->call->ctx->arena;
	for (size_t i = 0; i < build->pricing->adjustment_count; i++) {
		const struct price_adjustment *one = &build->pricing->adjustments[i];
		if (one->measure == ADJUST_GUESTS && build->request->guests == 0)
			return rpc_invalid(build->call, "/params/guests", "required", NULL);
		struct price_line line = {
		    .kind = PRICE_ADJUSTMENT,
		    .key = arena_printf(arena, "%lld", (long long)one->id),
		    .label = one->name,
		    .refundable = true,
		};
		int64_t base = one->in_percent ? build->subtotal : 1;
		if (!applies(build, one))
			continue;
		if (price_add(build, &line, base, one->value, one->in_percent ? MONEY_BASIS : 1) || add_floor(build))
			return -1;
	}
	return 0;
}

static int add_minimum(struct price_build *build)
{
	struct price_line line = {.kind = PRICE_MINIMUM, .refundable = true};
	int64_t lacking = build->pricing->minimum - build->subtotal;
	return lacking > 0 ? price_add(build, &line, lacking, 1, 1) : 0;
}

static int64_t included_bp(const struct pricing *pricing)
{
	int64_t sum = 0;
	for (size_t i = 0; i < pricing->tax_count; i++)
		sum += pricing->taxes[i].included ? pricing->taxes[i].rate_bp : 0;
	return sum;
}

/* The tax of each line, rounded by itself. Returns their sum, which small lines below 0 may not bring below 0. What is
 * included is its part of an amount in which all included taxes are. */
static int64_t tax_lines(struct price_build *build, const struct price_tax *tax)
{
	int64_t sum = 0, whole = MONEY_BASIS + (tax->included ? included_bp(build->pricing) : 0);
	for (size_t i = 0; i < build->count; i++) {
		struct price_line *line = &build->lines[i];
		int64_t share = line->kind == PRICE_TAX ? 0 : money_fraction(line->amount, tax->rate_bp, whole);
		line->tax_included += tax->included ? share : 0;
		line->tax_added += tax->included ? 0 : share;
		sum += share;
	}
	return sum > 0 ? sum : 0;
}

static int add_taxes(struct price_build *build, struct price *ret)
{
	const struct pricing *pricing = build->pricing;
	struct price_tax_sum *sums = arena_alloc(&build->call->ctx->arena, pricing->tax_count * sizeof(*sums));
	for (size_t i = 0; i < pricing->tax_count; i++) {
		const struct price_tax *tax = &pricing->taxes[i];
		struct price_line line = {.kind = PRICE_TAX, .label = tax->name, .refundable = true};
		int64_t sum = tax_lines(build, tax);
		sums[i] = (struct price_tax_sum){
		    .name = tax->name, .rate_bp = tax->rate_bp, .amount = sum, .included = tax->included};
		if (!tax->included && price_add(build, &line, sum, 1, 1))
			return -1;
		ret->taxes += sum;
	}
	ret->tax_count = pricing->tax_count;
	ret->tax_sums = sums;
	return 0;
}

static int finish(struct price_build *build, struct price *ret)
{
	if (add_taxes(build, ret))
		return -1;
	ret->total = build->subtotal;
	ret->lines = build->lines;
	ret->count = build->count;
	ret->deposit = money_fraction(ret->total, build->pricing->deposit_bp, MONEY_BASIS);
	return 0;
}

int price_compute(struct rpc_call *call, const struct booking_rules *rules, const struct pricing *pricing,
		  const struct price_request *request, struct price *ret)
{
	*ret = (struct price){.known = pricing->has_price, .currency = pricing->currency};
	if (price_check_extras(call, pricing, request))
		return -1;
	if (!pricing->has_price)
		return 0;
	size_t most =
	    pricing->rule_count + 1 + 2 * pricing->adjustment_count + request->extra_count + 1 + pricing->tax_count;
	struct price_build build = {
	    .call = call,
	    .rules = rules,
	    .pricing = pricing,
	    .request = request,
	    .days = hours_days(rules, &request->period),
	    .lines = arena_alloc(&call->ctx->arena, most * sizeof(struct price_line)),
	};
	if (price_time(&build) || add_adjustments(&build) || price_extras(&build) || add_minimum(&build))
		return -1;
	return finish(&build, ret);
}

int price_set(struct rpc_call *call, const struct pricing *pricing, int64_t amount, const char *currency,
	      struct price *ret)
{
	static const struct price_request none = {.units = 1};
	const struct price_line line = {.kind = PRICE_OVERRIDE, .refundable = true};
	struct price_build build = {
	    .call = call,
	    .pricing = pricing,
	    .request = &none,
	    .lines = arena_alloc(&call->ctx->arena, (1 + pricing->tax_count) * sizeof(struct price_line)),
	};
	*ret = (struct price){.known = true, .currency = currency};
	return price_add(&build, &line, amount, 1, 1) ? -1 : finish(&build, ret);
}
