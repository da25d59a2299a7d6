/* How a request is answered: approved, offered at a price and accepted, declined. */
#include "booking/booking.h"

#include "base/fault.h"
#include "booking/check.h"
#include "booking/store/fields.h"
#include "booking/store/group.h"
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
	if (!given && row->offered)
		return rpc_precondition(call, "offered", NULL, "the price is for the customer to accept");
	if (!given && !row->priced)
		return rpc_precondition(call, "price_missing", NULL, "the request has no price: give one");
	const char *currency = terms->pricing.currency;
	if (given && currency && strcmp(rpc_param(call, "price.currency"), currency) != 0)
		return rpc_invalid(call, "/params/price/currency", "one_currency",
				   arena_printf(&call->ctx->arena, "\"%s\"", currency));
	return 0;
}

/* Until when an offer may be accepted: of a group as long as all of it waits. */
static int64_t end_of_offer(const struct terms *terms, const struct booking_row *row)
{
	int64_t end = terms->now + terms->rules.request_hours * 3600 * CLOCK_SECOND;
	if (row->group_id)
		return row->expires_at;
	return end < row->period.from ? end : row->period.from;
}

static const char *patch_of_approval(struct rpc_call *call, const struct terms *terms, const struct booking_row *row,
				     bool offer)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_boolean(&patch, "takes_units", true);
	fields_boolean(&patch, "overlapped", false);
	fields_time(&patch, "decided_at", terms->now);
	if (!offer && !row->group_id)
		fields_null(&patch, "expires_at");
	if (!offer)
		return fields_members(&patch);
	fields_time(&patch, "offered_at", terms->now);
	fields_time(&patch, "expires_at", end_of_offer(terms, row));
	fields_integer(&patch, "price_amount", rpc_param_integer(call, "price.amount", 0));
	fields_text(&patch, "price_currency", rpc_param(call, "price.currency"));
	return fields_members(&patch);
}

/* Of a group this owner alone answers: the others do for themselves. */
static int approve_of_group(struct rpc_call *call, const struct booking_party *party, bool offer)
{
	struct group group;
	struct pg_tx *tx = group_begin(call, party, &group);
	if (!tx)
		return rpc_replayed(call);
	const struct booking_row *row = &group.rows[group.own];
	const struct terms *terms = &group.terms[group.own];
	struct booking_update update = {.step = row_step(call, row, offer ? CAUSE_OFFER : CAUSE_APPROVE)};
	if (!update.step || check_price(call, terms, row, offer))
		return -1;
	if (row->ready)
		return rpc_precondition(call, "ready", NULL, "it is approved, and waits for the answers of others");
	update.patch = patch_of_approval(call, terms, row, offer);
	return offer ? group_step(call, tx, &group, &update) : group_agree(call, tx, &group, update.patch);
}

int booking_approve(struct rpc_call *call)
{
	bool offer = rpc_param_json(call, "price");
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, true, &party))
		return -1;
	if (party.group_id)
		return approve_of_group(call, &party, offer);
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

static int check_offered(struct rpc_call *call, const struct booking_row *row)
{
	if (!row->offered || !row->takes_units)
		return rpc_precondition(call, "offered", NULL, "the company has not answered yet");
	return check_shown(call, &row->price);
}

static int accept_of_group(struct rpc_call *call, const struct booking_party *party)
{
	struct group group;
	struct pg_tx *tx = group_begin(call, party, &group);
	if (!tx)
		return rpc_replayed(call);
	const struct booking_row *row = &group.rows[group.own];
	if (!row_step(call, row, CAUSE_ACCEPT) || check_offered(call, row))
		return -1;
	if (row->ready)
		return rpc_precondition(call, "ready", NULL, "it is accepted, and waits for the answers of others");
	return group_agree(call, tx, &group, "\"overlapped\":false");
}

int booking_accept(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, false, &party))
		return -1;
	if (party.user_id && !party.customer)
		return rpc_forbidden(call, "a price is accepted by who asked for it");
	if (party.group_id)
		return accept_of_group(call, &party);
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {.step = row_step(call, &row, CAUSE_ACCEPT), .patch = "\"expires_at\":null"};
	if (!update.step || check_offered(call, &row))
		return -1;
	return store_update(call, tx, &terms, row.id, &update);
}

/* All is given back, whatever the policy. */
static const char *patch_of_decline(struct rpc_call *call, const struct terms *terms, const struct booking_row *row)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_boolean(&patch, "takes_units", false);
	fields_boolean(&patch, "ready", false);
	fields_time(&patch, "decided_at", terms->now);
	fields_text(&patch, "reason", rpc_param(call, "reason"));
	fields_integer(&patch, "cancellation_fee", 0);
	fields_integer(&patch, "refund_due", row->paid);
	return fields_members(&patch);
}

/* Then all end. */
static int decline_of_group(struct rpc_call *call, const struct booking_party *party)
{
	struct group group;
	struct pg_tx *tx = group_begin(call, party, &group);
	if (!tx)
		return rpc_replayed(call);
	const struct booking_row *row = &group.rows[group.own];
	struct booking_update update = {
	    .step = row_step(call, row, CAUSE_DECLINE),
	    .patch = patch_of_decline(call, &group.terms[group.own], row),
	    .released = true,
	};
	return update.step ? group_end(call, tx, &group, &update, CAUSE_GROUP, "") : -1;
}

int booking_decline(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, true, &party))
		return -1;
	if (party.group_id)
		return decline_of_group(call, &party);
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
