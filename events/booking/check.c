#include "booking/check.h"

#include "availability/user_limits.h"
#include "availability/verdict.h"
#include "booking/store/period.h"

#include <string.h>

/* Adds what the rules refuse this user. without: a booking that does not count, or NULL. */
static int judge_user(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		      const char *user_id, const char *without, struct verdict *verdict)
{
	const struct user_wish asked = {
	    .user_id = user_id,
	    .listing_id = terms->listing_id,
	    .without = without,
	    .period = wish->period,
	    .now = terms->now,
	};
	return user_limits_judge(call, tx, &terms->rules, &asked, verdict);
}

static void forbid(struct verdict *verdict, const char *rule, struct words_value value, struct arena *arena)
{
	verdict_add(verdict, words_refusal(arena, rule, 1, &value));
}

/* More units than there are, whatever is booked. */
static void judge_units(struct rpc_call *call, const struct terms *terms, const struct wish *wish,
			struct verdict *verdict)
{
	struct arena *arena = &call->ctx->arena;
	int total = terms->rules.units + terms->rules.overbooking;
	if (wish->units > total)
		forbid(verdict, "units_missing", words_number(arena, "units", total), arena);
}

int check_judge(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		const char *user_id, const char *without, struct verdict *ret)
{
	struct booking_wish asked = wish_for_rules(wish);
	verdict_of(&terms->rules, &asked, terms->now, &call->ctx->arena, ret);
	judge_units(call, terms, wish, ret);
	return judge_user(call, tx, terms, wish, user_id, without, ret);
}

/* What holds for every booking on the platform, whatever the rules of the listing. */
static int check_platform(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	if (period_check_longest(call, &wish->period) || period_check_shortest(call, &wish->period))
		return -1;
	return period_check_clock(call, &wish->period, terms->now);
}

int check_wish(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const char *user_id, const struct override *override)
{
	struct verdict verdict;
	if (check_judge(call, tx, terms, wish, user_id, NULL, &verdict))
		return -1;
	override_judge(override, &verdict);
	if (verdict.count > 0)
		return verdict_refuse(call, &verdict);
	return override->rules ? check_platform(call, terms, wish) : 0;
}

/* What the rules say of the guests alone. */
static void judge_guests(struct rpc_call *call, const struct terms *terms, const struct wish *wish, struct verdict *ret)
{
	struct booking_wish asked = wish_for_rules(wish);
	struct verdict all;
	verdict_of_period(&terms->rules, &asked, &call->ctx->arena, &all);
	for (size_t i = 0; i < all.count; i++)
		if (strcmp(all.refusals[i].rule, "guests") == 0)
			verdict_add(ret, all.refusals[i]);
}

int check_guests(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	struct verdict verdict = {0};
	judge_guests(call, terms, wish, &verdict);
	return verdict.count > 0 ? verdict_refuse(call, &verdict) : 0;
}

static bool moves(const struct booking_row *row, const struct wish *wish)
{
	return wish->period.from != row->period.from || wish->period.to != row->period.to;
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
	if (moves(row, wish)) {
		if (begun)
			verdict_of_period(&terms->rules, &asked, arena, ret);
		else
			verdict_of(&terms->rules, &asked, terms->now, arena, ret);
		return;
	}
	judge_guests(call, terms, wish, ret);
}

int check_change(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct booking_row *row,
		 const struct wish *wish)
{
	struct verdict verdict;
	judge_change(call, terms, row, wish, &verdict);
	judge_units(call, terms, wish, &verdict);
	if (moves(row, wish) && judge_user(call, tx, terms, wish, row->user_id, row->id, &verdict))
		return -1;
	if (verdict.count > 0)
		return verdict_refuse(call, &verdict);
	if (wish->period.to <= terms->now)
		return rpc_precondition(call, "in_past", NULL, "the booking would have ended");
	return 0;
}

bool check_was_shown(struct rpc_call *call, const struct price *price)
{
	return !rpc_param(call, "expected_total") ||
	       (price->known && rpc_param_integer(call, "expected_total", 0) == price->total);
}

int check_shown(struct rpc_call *call, const struct price *price)
{
	if (check_was_shown(call, price))
		return 0;
	return rpc_conflict_with(call, "price_changed",
				 arena_printf(&call->ctx->arena, "\"price\":%s", price_json(&call->ctx->arena, price)),
				 "the price is another one now");
}
