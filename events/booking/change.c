/* How a booking becomes another one: period, units, guests, extras; and how its end is given back. */
#include "booking/booking.h"

#include "booking/check.h"
#include "booking/store/fields.h"
#include "booking/store/row.h"
#include "booking/store/store.h"
#include "booking/store/take.h"
#include "pricing/money.h"
#include "pricing/price_change.h"

#include <string.h>

/* The customer changes what has not begun, of a listing that confirms at once, or a request; the staff also the rest.
 */
static int check_party(struct rpc_call *call, const struct booking_party *party, const struct booking_row *row,
		       const struct terms *terms)
{
	if (row->group_id && row->state == BOOKING_REQUESTED)
		return rpc_precondition(call, "group", NULL,
					"it is asked for together with others: cancel all of them, and ask again");
	if (party->staff)
		return 0;
	if (row->state == BOOKING_CONFIRMED && row->period.from <= terms->now)
		return rpc_precondition(call, "before_start", NULL, "the booking has begun");
	if (row->state == BOOKING_CONFIRMED && terms->rules.by_request)
		return rpc_precondition(call, "by_request", NULL,
					"the company confirms bookings: ask it for the change");
	return 0;
}

/* The staff of the company, also where they booked themselves. */
static int find_party(struct rpc_call *call, struct booking_party *party)
{
	if (row_find(call, RIGHT_STAFF, false, party))
		return -1;
	int staff = party->customer ? rpc_has_right(call, party->company_id, RIGHT_STAFF) : 1;
	party->staff = staff == 1;
	return staff < 0 ? -1 : 0;
}

/* What the booking is to be: what was not given stays. */
static int resolve(struct rpc_call *call, const struct terms *terms, const struct booking_row *row, struct wish *wish)
{
	if (wish->units == row->units && !wish->numbers)
		wish->numbers = row->numbers;
	if (wish->units > 0 && row->numbers && !wish->numbers)
		return rpc_invalid(call, "/params/unit_numbers", "required", NULL);
	wish_complete(call, row, wish);
	return wish_resolve(call, terms, wish);
}

/* Nothing that has a price changes: it keeps its own, whatever prices are now. */
static bool costs_the_same(struct rpc_call *call, const struct booking_row *row, const struct wish *wish)
{
	return row->priced && !rpc_param(call, "extras") && wish->units == row->units && wish->guests == row->guests &&
	       wish->period.from == row->period.from && wish->period.to == row->period.to;
}

/* What it costs now, or, where only the company sets prices, what it has set; of what the customer gives back of a
 * confirmed one as much is refunded as the policy says. */
static int find_price(struct rpc_call *call, const struct terms *terms, const struct booking_party *party,
		      const struct booking_row *row, const struct wish *wish, struct price *ret)
{
	struct price_request request = wish_for_price(wish, terms->now);
	if (row->state == BOOKING_CONFIRMED && costs_the_same(call, row, wish)) {
		*ret = row->price;
		return 0;
	}
	struct price now;
	if (price_compute(call, &terms->rules, &terms->pricing, &request, &now))
		return -1;
	bool kept = !now.known && row->priced && row->state == BOOKING_CONFIRMED;
	*ret = kept ? row->price : now;
	if (!now.known || !row->priced || row->state != BOOKING_CONFIRMED ||
	    strcmp(now.currency, row->price.currency) != 0)
		return 0;
	struct refund refund;
	refund_compute(row->refunds, row->refund_count, &row->price, row->first_start, terms->now, REFUND_GUEST, 0,
		       &refund);
	if (!price_replace(&call->ctx->arena, &row->price, &now, refund.refund_bp, !party->customer, ret))
		return rpc_too_large(call, "/params/period", "max_price", MONEY_MAX_TEXT,
				     "params/period: the price would be more than " MONEY_MAX_TEXT);
	return 0;
}

/* What the company has set a price for is another booking now: it is asked again. */
static void add_no_price(struct fields *patch)
{
	static const char *const members[] = {"price", "price_amount", "price_currency"};
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		fields_null(patch, members[i]);
}

/* A price that the company has set is good for what it was set for; whoever is not of the company asks it. */
static int check_priced(struct rpc_call *call, const struct terms *terms, const struct booking_party *party,
			const struct booking_row *row)
{
	if (terms->pricing.has_price || !row->priced || party->staff || row->state != BOOKING_CONFIRMED)
		return 0;
	return rpc_precondition(call, "by_request", NULL, "the company sets the price: ask it for the change");
}

static const char *patch_of_change(struct rpc_call *call, const struct terms *terms, const struct booking_row *row,
				   const struct wish *wish, const struct price *price, bool released)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_text(&patch, "period", wish_range(call, &wish->period));
	fields_integer(&patch, "units", wish->units);
	if (wish->guests > 0)
		fields_integer(&patch, "guests", wish->guests);
	fields_json(&patch, "extras", wish->extras);
	fields_json(&patch, "unit_wish", rpc_param(call, "unit_numbers"));
	fields_price(&patch, price);
	if (row->state == BOOKING_REQUESTED)
		fields_null(&patch, "offered_at");
	if (!price->known && row->state == BOOKING_REQUESTED)
		add_no_price(&patch);
	if (row->state == BOOKING_REQUESTED && row->expires_at > wish->period.from)
		fields_time(&patch, "expires_at", wish->period.from);
	if (released) {
		fields_boolean(&patch, "takes_units", false);
		fields_boolean(&patch, "overbooked", false);
	}
	fields_integer(&patch, "rules_version", terms->rules.version);
	fields_time(&patch, "changed_at", terms->now);
	fields_time(&patch, "first_start", row->first_start < wish->period.from ? row->first_start : wish->period.from);
	return fields_members(&patch);
}

/* Whether the booking stays within its own time and units. */
static bool is_within(const struct booking_row *row, const struct wish *wish)
{
	return wish->period.from >= row->period.from && wish->period.to <= row->period.to && wish->units <= row->units;
}

/* The units of the new time; a request that takes none has none to find. One that was made from a hold keeps its units
 * only for what was held: else whoever holds an hour could take a year until somebody answers. */
static int find_units(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct booking_row *row,
		      const struct wish *wish, struct unit_choice *units, struct booking_update *update)
{
	if (!row->takes_units)
		return 0;
	if (take_units(call, tx, terms, wish, row->id, units))
		return -1;
	update->released = row->state == BOOKING_REQUESTED && !is_within(row, wish);
	update->units = update->released ? NULL : units;
	update->taken = &wish->taken;
	return 0;
}

int booking_change(struct rpc_call *call)
{
	struct booking_party party;
	struct wish wish;
	if (wish_read(call, true, &wish) || find_party(call, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	if (check_party(call, &party, &row, &terms))
		return -1;
	struct booking_update update = {.step = row_step(call, &row, CAUSE_CHANGE)};
	struct unit_choice units;
	struct price price;
	if (!update.step || resolve(call, &terms, &row, &wish) || check_change(call, tx, &terms, &row, &wish) ||
	    find_price(call, &terms, &party, &row, &wish, &price) || check_priced(call, &terms, &party, &row) ||
	    check_shown(call, &price) || find_units(call, tx, &terms, &row, &wish, &units, &update))
		return -1;
	update.patch = patch_of_change(call, &terms, &row, &wish, &price, update.released);
	return store_update(call, tx, &terms, row.id, &update);
}

static void add_amount(struct fields *quote, const char *name, bool known, int64_t amount)
{
	if (known)
		fields_integer(quote, name, amount);
	else
		fields_null(quote, name);
}

static void add_amounts(struct fields *quote, const struct booking_row *row, const struct price *price)
{
	if (price->known)
		fields_text(quote, "currency", price->currency);
	else
		fields_null(quote, "currency");
	add_amount(quote, "total_before", row->priced, row->price.total);
	add_amount(quote, "total", price->known, price->total);
	add_amount(quote, "difference", row->priced && price->known, price->total - row->price.total);
}

int booking_quote_change(struct rpc_call *call)
{
	struct booking_party party;
	struct booking_row row;
	struct terms terms;
	struct wish wish;
	if (wish_read(call, true, &wish) || find_party(call, &party) || row_read(call, &row) ||
	    terms_read(call, party.listing_id, &terms) || check_party(call, &party, &row, &terms))
		return -1;
	struct price price;
	if (!row_step(call, &row, CAUSE_CHANGE) || resolve(call, &terms, &row, &wish) ||
	    find_price(call, &terms, &party, &row, &wish, &price) || check_priced(call, &terms, &party, &row))
		return -1;
	struct fields quote;
	fields_init(&quote, call);
	fields_time(&quote, "as_of", terms.now);
	add_amounts(&quote, &row, &price);
	fields_json(&quote, "price", price.known ? price_json(&call->ctx->arena, &price) : "null");
	return rpc_reply_printf(call, "{%s}", fields_members(&quote));
}
