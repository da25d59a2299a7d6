#include "booking/check.h"

#include "availability/verdict.h"
#include "booking/limits.h"

#include <string.h>

int check_wish(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish)
{
	struct booking_wish asked = wish_for_rules(wish);
	struct verdict verdict;
	verdict_of(&terms->rules, &asked, terms->now, &call->ctx->arena, &verdict);
	if (verdict.count > 0)
		return verdict_refuse(call, &verdict);
	return limits_check(call, tx, terms, wish, rpc_caller_id(call), NULL);
}

/* Of a period that stays only the guests are judged; of one that has begun and keeps its beginning all but the clock.
 */
static void judge_change(struct rpc_call *call, const struct terms *terms, const struct booking_row *row,
			 const struct wish *wish, struct verdict *ret)
{
	struct booking_wish asked = wish_for_rules(wish);
	struct arena *arena = &call->ctx->arena;
	bool begun = row->period.from <= terms->now && wish->period.from == row->period.from;
	*ret = (struct verdict){0};
	if (wish->period.from != row->period.from || wish->period.to != row->period.to) {
		if (begun)
			verdict_of_period(&terms->rules, &asked, arena, ret);
		else
			verdict_of(&terms->rules, &asked, terms->now, arena, ret);
		return;
	}
	struct verdict all;
	verdict_of_period(&terms->rules, &asked, arena, &all);
	for (size_t i = 0; i < all.count; i++)
		if (strcmp(all.refusals[i].rule, "guests") == 0)
			verdict_add(ret, all.refusals[i]);
}

int check_change(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct booking_row *row,
		 const struct wish *wish)
{
	struct verdict verdict;
	judge_change(call, terms, row, wish, &verdict);
	if (verdict.count > 0)
		return verdict_refuse(call, &verdict);
	if (wish->period.to <= terms->now)
		return rpc_precondition(call, "in_past", NULL, "the booking would have ended");
	return limits_check(call, tx, terms, wish, row->user_id, row->id);
}

int check_shown(struct rpc_call *call, const struct price *price)
{
	if (!rpc_param(call, "expected_total"))
		return 0;
	if (price->known && rpc_param_integer(call, "expected_total", 0) == price->total)
		return 0;
	return rpc_conflict_with(call, "price_changed",
				 arena_printf(&call->ctx->arena, "\"price\":%s", price_json(&call->ctx->arena, price)),
				 "the price is another one now");
}
