#include "booking/check.h"

#include "availability/verdict.h"
#include "booking/limits.h"

int check_wish(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const char *without)
{
	struct booking_wish asked = wish_for_rules(wish);
	struct verdict verdict;
	verdict_of(&terms->rules, &asked, terms->now, &call->ctx->arena, &verdict);
	if (verdict.count > 0)
		return verdict_refuse(call, &verdict);
	return limits_check(call, tx, terms, wish, rpc_caller_id(call), without);
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
