/* How a request is answered: approved, offered at a price and accepted, declined. */
#include "booking/booking.h"

#include "base/fault.h"
#include "booking/check.h"
#include "booking/store/fields.h"
#include "booking/store/overlap.h"
#include "booking/store/row.h"
#include "booking/store/store.h"
#include "booking/store/take.h"

#include <string.h>

/* The stored booking as a wish, for its own time and units. */
static struct wish wish_of(const struct booking_row *row)
{
	return (struct wish){
	    .period = row->period,
	    .taken = row->taken,
	    .units = row->units,
	    .guests = row->guests,
	    .numbers = row->numbers,
	};
}

/* Its units, unless it has them: the rules were checked when it was made, and are not again. */
static int find_units(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct booking_row *row,
		      struct unit_choice *units, struct booking_update *update)
{
	if (row->takes_units)
		return 0;
	struct wish wish = wish_of(row);
	if (FAULT("approve.check"))
		*units = (struct unit_choice){.numbers = "{1}"};
	else if (take_units(call, tx, terms, &wish, NULL, units))
		return -1;
	update->units = units;
	update->taken = &row->taken;
	return 0;
}

/* A request without a price is answered with one, which the customer then accepts; one with a price is not. A listing
 * that has got a price meanwhile has its currency. */
static int check_price(struct rpc_call *call, const struct terms *terms, const struct booking_row *row, bool given)
{
	if (given && row->priced)
		return rpc_precondition(call, "priced", NULL, "the request has its price already");
	if (!given && !row->priced)
		return rpc_precondition(call, "price_missing", NULL, "the request has no price: give one");
	const char *currency = terms->pricing.currency;
	if (given && currency && strcmp(rpc_param(call, "price.currency"), currency) != 0)
		return rpc_invalid(call, "/params/price/currency", "one_currency",
				   arena_printf(&call->ctx->arena, "\"%s\"", currency));
	return 0;
}

static const char *patch_of_approval(struct rpc_call *call, const struct terms *terms, const struct booking_row *row,
				     bool offer)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_boolean(&patch, "takes_units", true);
	fields_boolean(&patch, "overlapped", false);
	fields_time(&patch, "decided_at", terms->now);
	if (!offer) {
		fields_null(&patch, "expires_at");
		return fields_members(&patch);
	}
	int64_t end = terms->now + terms->rules.request_hours * 3600 * CLOCK_SECOND;
	fields_time(&patch, "offered_at", terms->now);
	fields_time(&patch, "expires_at", end < row->period.from ? end : row->period.from);
	fields_integer(&patch, "price_amount", rpc_param_integer(call, "price.amount", 0));
	fields_text(&patch, "price_currency", rpc_param(call, "price.currency"));
	return fields_members(&patch);
}

int booking_approve(struct rpc_call *call)
{
	bool offer = rpc_param_json(call, "price");
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, true, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {.step = row_step(call, &row, offer ? CAUSE_OFFER : CAUSE_APPROVE)};
	struct unit_choice units;
	if (!update.step || check_price(call, &terms, &row, offer) ||
	    find_units(call, tx, &terms, &row, &units, &update))
		return -1;
	update.patch = patch_of_approval(call, &terms, &row, offer);
	struct written_booking approved;
	if (store_step(call, tx, &terms, row.id, &update, &approved) || overlap_answer(call, tx, &terms, &row.taken))
		return -1;
	return store_end(call, tx, &terms, &approved);
}

int booking_accept(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, false, &party))
		return -1;
	if (party.user_id && !party.customer)
		return rpc_forbidden(call, "a price is accepted by who asked for it");
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {.step = row_step(call, &row, CAUSE_ACCEPT), .patch = "\"expires_at\":null"};
	if (!update.step)
		return -1;
	if (!row.offered || !row.takes_units)
		return rpc_precondition(call, "offered", NULL, "the company has not answered yet");
	if (check_shown(call, &row.price))
		return -1;
	return store_update(call, tx, &terms, row.id, &update);
}

/* All is given back, whatever the policy. */
static const char *patch_of_decline(struct rpc_call *call, const struct terms *terms, const struct booking_row *row)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_boolean(&patch, "takes_units", false);
	fields_time(&patch, "decided_at", terms->now);
	fields_text(&patch, "reason", rpc_param(call, "reason"));
	fields_integer(&patch, "cancellation_fee", 0);
	fields_integer(&patch, "refund_due", row->paid);
	return fields_members(&patch);
}

int booking_decline(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, true, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {
	    .step = row_step(call, &row, CAUSE_DECLINE),
	    .patch = patch_of_decline(call, &terms, &row),
	    .released = true,
	};
	return update.step ? store_update(call, tx, &terms, row.id, &update) : -1;
}
