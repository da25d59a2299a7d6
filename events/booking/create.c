#include "booking/booking.h"

#include "booking/book.h"
#include "booking/by_company.h"
#include "booking/by_member.h"
#include "booking/check.h"
#include "booking/quote_answer.h"
#include "booking/store/due.h"
#include "booking/store/fields.h"
#include "booking/store/row.h"
#include "rpc/erased_user.h"

#include <string.h>

static bool is_own(struct rpc_call *call, const struct booking_row *hold)
{
	const char *caller = rpc_caller_id(call);
	return caller && hold->user_id && strcmp(caller, hold->user_id) == 0;
}

/* A hold is taken up by who holds, an option also by the company's staff. */
static bool may_take_up(struct rpc_call *call, const struct terms *terms, const struct booking_row *hold)
{
	return is_own(call, hold) || (hold->option && identity_right(call->caller, terms->company_id) >= RIGHT_STAFF);
}

/* The hold of this listing, which has not expired. What was not given is as the hold has it. */
static int read_hold(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct wish *wish,
		     struct booking_row *ret)
{
	if (row_by_id(call, tx, terms, rpc_param(call, "hold_id"), ret))
		return -1;
	if (!may_take_up(call, terms, ret))
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
	const char *quote = own ? quote_answer(call, own, terms, wish, price, &(struct verdict){0}, NULL) : NULL;
	if (!quote || pg_commit(call->ctx, own))
		return -1;
	return rpc_conflict_with(call, "price_changed", arena_printf(&call->ctx->arena, "\"quote\":%s", quote),
				 "the price is another one now");
}

/* The price of now or of a quote; refuses when the caller was shown another one. */
static int find_price(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		      const struct override *override, struct price *ret)
{
	if (book_price(call, tx, terms, wish, override, ret))
		return -1;
	return check_was_shown(call, ret) ? 0 : refuse_price(call, tx, terms, wish, ret);
}

/* On whose behalf, where that is said anew. */
static void add_customer(struct fields *patch, const struct customer *customer)
{
	if (!customer->booked_by)
		return;
	if (customer->user_id)
		fields_text(patch, "user_id", customer->user_id);
	else
		fields_null(patch, "user_id");
	fields_json(patch, "customer", customer->json ? customer->json : "null");
	fields_text(patch, "booked_by", customer->booked_by);
}

static const char *patch_of_hold(struct rpc_call *call, const struct terms *terms, const struct wish *wish,
				 const struct booking_row *hold, const struct book *book, const struct price *price,
				 bool request)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_price(&patch, price);
	if (wish->guests > 0)
		fields_integer(&patch, "guests", wish->guests);
	fields_json(&patch, "extras", rpc_param(call, "extras"));
	fields_text(&patch, "note", rpc_param(call, "note"));
	if (is_own(call, hold))
		fields_json(&patch, "by_member", book->by_member);
	fields_json(&patch, "override", override_json(call, book->override, terms->now));
	add_customer(&patch, book->customer);
	fields_null(&patch, "held_at");
	fields_boolean(&patch, "option", false);
	if (request)
		fields_time(&patch, "expires_at", book_request_end(terms, wish));
	else
		fields_null(&patch, "expires_at");
	return fields_members(&patch);
}

/* Whether the owner has yet to answer: an option is the company's word already. */
static bool becomes_request(const struct terms *terms, const struct booking_row *hold, const struct book *book,
			    const struct price *price)
{
	return book_by_request(terms, book, price) && !(hold->option && price->known);
}

/* The units of the hold pass to the booking; of a request until it is answered. */
static int create_from_hold(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct wish *wish,
			    const struct book *book)
{
	struct booking_row hold;
	struct price price;
	if (read_hold(call, tx, terms, wish, &hold) ||
	    (wish->guests != hold.guests && check_guests(call, terms, wish)) ||
	    find_price(call, tx, terms, wish, book->override, &price))
		return -1;
	bool request = becomes_request(terms, &hold, book, &price);
	if (request && book_check_begun(call, terms, wish))
		return -1;
	const struct booking_step *step = row_step(call, &hold, request ? CAUSE_REQUEST : CAUSE_CREATE);
	if (!step)
		return -1;
	struct booking_update update = {.step = step,
					.patch = patch_of_hold(call, terms, wish, &hold, book, &price, request)};
	return store_update(call, tx, terms, hold.id, &update);
}

static int create_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct wish *wish,
		      const struct book *book)
{
	struct price price;
	struct written_booking written;
	if (wish_resolve(call, terms, wish) ||
	    check_wish(call, tx, terms, wish, book->customer->user_id, book->override) ||
	    find_price(call, tx, terms, wish, book->override, &price) ||
	    book_new(call, tx, terms, wish, book, &price, &written))
		return -1;
	return store_end(call, tx, terms, &written);
}

int booking_create(struct rpc_call *call)
{
	const char *listing_id = rpc_param(call, "listing_id");
	bool held = rpc_param(call, "hold_id");
	struct customer customer;
	struct override override;
	struct book book = {.customer = &customer, .override = &override};
	struct wish wish;
	if (wish_read(call, held, &wish) || customer_read(call, listing_id, !held, &customer) ||
	    override_read(call, listing_id, &override) ||
	    (!customer.booked_by && rpc_caller_id(call) && booking_by_member(call, listing_id, &book.by_member)))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct terms terms;
	if (customer_lock(call, tx, &customer) || due_lock(call, tx, listing_id, &terms))
		return -1;
	if (!terms.on_offer)
		return rpc_not_found(call, "listing");
	return held ? create_from_hold(call, tx, &terms, &wish, &book) : create_new(call, tx, &terms, &wish, &book);
}
