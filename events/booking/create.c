#include "booking/booking.h"

#include "base/fault.h"
#include "booking/by_member.h"
#include "booking/check.h"
#include "booking/quote_answer.h"
#include "booking/store/due.h"
#include "booking/store/fields.h"
#include "booking/store/row.h"
#include "booking/store/store.h"
#include "booking/store/take.h"
#include "pricing/quote.h"
#include "rpc/erased_user.h"

#include <string.h>

#define HOUR (3600 * CLOCK_SECOND)

/* The caller's own hold of this listing, which has not expired. What was not given is as the hold has it. */
static int read_hold(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct wish *wish,
		     struct booking_row *ret)
{
	if (row_by_id(call, tx, terms, rpc_param(call, "hold_id"), ret))
		return -1;
	const char *caller = rpc_caller_id(call);
	if (!caller || !ret->user_id || strcmp(caller, ret->user_id) != 0)
		return rpc_not_found(call, "hold");
	if (strcmp(ret->listing_id, terms->listing_id) != 0)
		return rpc_precondition(call, "hold", NULL, "the hold is of another listing");
	if (ret->state != BOOKING_HELD)
		return rpc_precondition(
		    call, "hold", arena_printf(&call->ctx->arena, "\"state\":\"%s\"", booking_state_name(ret->state)),
		    "the hold is %s", booking_state_name(ret->state));
	if (wish->numbers && (!ret->numbers || strcmp(wish->numbers, ret->numbers) != 0))
		return rpc_precondition(call, "hold", NULL, "the hold is of other units");
	wish_complete(call, ret, wish);
	if (wish->period.from == ret->period.from && wish->period.to == ret->period.to && wish->units == ret->units)
		return 0;
	return rpc_precondition(call, "hold", NULL, "the hold is of another period or number of units");
}

/* Gives up the transaction and with it the listing's lock, and refuses with a quote of the price of now. */
static int refuse_price(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
			const struct price *price)
{
	pg_rollback(tx);
	struct pg_tx *own = pg_begin(call->ctx, call->db);
	if (own)
		erased_user_refuse(call->ctx, own, call->caller);
	const char *quote = own ? quote_answer(call, own, terms, wish, price, &(struct verdict){0}) : NULL;
	if (!quote || pg_commit(call->ctx, own))
		return -1;
	return rpc_conflict_with(call, "price_changed", arena_printf(&call->ctx->arena, "\"quote\":%s", quote),
				 "the price is another one now");
}

/* The price of a quote, or of this moment; refuses when the caller was shown another one. */
static int find_price(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		      struct price *ret)
{
	struct price_request request = wish_for_price(wish, terms->now);
	int failed = rpc_param(call, "quote_id") ? quote_find(call, tx, terms->listing_id, &request, ret)
						 : price_compute(call, &terms->rules, &terms->pricing, &request, ret);
	if (failed)
		return -1;
	return check_was_shown(call, ret) ? 0 : refuse_price(call, tx, terms, wish, ret);
}

/* The owner answers where the rules say so, and where there are rules but no price. */
static bool by_request(const struct terms *terms, const struct price *price)
{
	return terms->rules.by_request || (!price->known && terms->rules.version > 0);
}

/* When a request expires: after so many hours, at the latest when its period begins. */
static const char *request_end(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	int64_t end = terms->now + terms->rules.request_hours * HOUR;
	return terms_time(call, end < wish->period.from ? end : wish->period.from);
}

static const char *patch_of_hold(struct rpc_call *call, const struct terms *terms, const struct wish *wish,
				 const struct price *price, const char *by_member, bool request)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_price(&patch, price);
	if (wish->guests > 0)
		fields_integer(&patch, "guests", wish->guests);
	fields_json(&patch, "extras", rpc_param(call, "extras"));
	fields_text(&patch, "note", rpc_param(call, "note"));
	fields_json(&patch, "by_member", by_member);
	fields_null(&patch, "held_at");
	fields_boolean(&patch, "option", false);
	if (request)
		fields_text(&patch, "expires_at", request_end(call, terms, wish));
	else
		fields_null(&patch, "expires_at");
	return fields_members(&patch);
}

/* A request waits until its period begins at the latest. */
static int check_begun(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	if (wish->period.from > terms->now)
		return 0;
	return rpc_precondition(call, "in_past", NULL,
				"the period has begun, and nobody can answer the request any more");
}

/* The units of the hold pass to the booking; of a request until it is answered. */
static int create_from_hold(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct wish *wish,
			    const char *by_member)
{
	struct booking_row hold;
	struct price price;
	if (read_hold(call, tx, terms, wish, &hold) ||
	    (wish->guests != hold.guests && check_guests(call, terms, wish)) ||
	    find_price(call, tx, terms, wish, &price))
		return -1;
	bool request = by_request(terms, &price);
	if (request && check_begun(call, terms, wish))
		return -1;
	const struct booking_step *step = row_step(call, &hold, request ? CAUSE_REQUEST : CAUSE_CREATE);
	if (!step)
		return -1;
	struct booking_update update = {.step = step,
					.patch = patch_of_hold(call, terms, wish, &price, by_member, request)};
	return store_update(call, tx, terms, hold.id, &update);
}

static int create_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct wish *wish,
		      const char *by_member)
{
	struct price price;
	struct unit_choice units;
	if (wish_resolve(call, terms, wish) || check_wish(call, tx, terms, wish, rpc_caller_id(call)) ||
	    find_price(call, tx, terms, wish, &price) || take_units(call, tx, terms, wish, NULL, &units))
		return -1;
	bool request = by_request(terms, &price);
	if (request && check_begun(call, terms, wish))
		return -1;
	struct new_booking booking = {
	    .step = booking_step(BOOKING_NONE, request ? CAUSE_REQUEST : CAUSE_CREATE),
	    .wish = wish,
	    .price = &price,
	    .units = request ? NULL : &units,
	    .user_id = rpc_caller_id(call),
	    .by_member = by_member,
	    .note = rpc_param(call, "note"),
	    .expires_at = request ? request_end(call, terms, wish) : NULL,
	};
	return store_new(call, tx, terms, &booking);
}

int booking_create(struct rpc_call *call)
{
	const char *listing_id = rpc_param(call, "listing_id"), *by_member = NULL;
	bool held = rpc_param(call, "hold_id");
	struct wish wish;
	if (wish_read(call, held, &wish) || booking_by_member(call, listing_id, &by_member))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct terms terms;
	if (due_lock(call, tx, listing_id, &terms))
		return -1;
	if (!terms.on_offer)
		return rpc_not_found(call, "listing");
	return held ? create_from_hold(call, tx, &terms, &wish, by_member)
		    : create_new(call, tx, &terms, &wish, by_member);
}
