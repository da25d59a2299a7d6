/* How a booking is cancelled, and what that costs. */
#include "booking/booking.h"

#include "base/clock.h"
#include "base/fault.h"
#include "booking/store/fields.h"
#include "booking/store/row.h"
#include "booking/store/store.h"

/* For whom it is cancelled: who booked, or a manager of the company. Who booked and is a manager too acts as the
 * company only where the customer may not: once it has begun. */
static int find_party(struct rpc_call *call, struct booking_party *party)
{
	if (row_find(call, RIGHT_MANAGER, false, party))
		return -1;
	if (!party->customer)
		return 0;
	int manager = rpc_has_right(call, party->company_id, RIGHT_MANAGER);
	party->staff = manager == 1;
	return manager < 0 ? -1 : 0;
}

/* By whom, at this moment. -1: by nobody any more, or not by the caller. */
static int check_moment(struct rpc_call *call, const struct booking_party *party, const struct booking_row *row,
			int64_t now, bool *ret_by_company)
{
	*ret_by_company = party->staff && (!party->customer || row->period.from <= now);
	if (row->state == BOOKING_COMPLETED)
		return rpc_precondition(call, "before_end", NULL, "the booking has ended");
	if (row->state == BOOKING_CONFIRMED && row->period.from <= now && !party->staff)
		return rpc_precondition(call, "before_start", NULL, "the booking has begun");
	return 0;
}

#define EVER INT64_C(-1000000) /* hours before the beginning: always */

/* On the customer's wish, by a manager who gives so much back; not less than the policy does. */
static int find_agreed(struct rpc_call *call, const struct booking_row *row, int64_t now, struct refund *ret)
{
	const struct refund_step agreed = {EVER, (int32_t)rpc_param_integer(call, "refund_bp", 0)};
	if (!rpc_param(call, "reason"))
		return rpc_invalid(call, "/params/reason", "required", NULL);
	refund_compute(row->refunds, row->refund_count, &row->price, row->first_start, now, REFUND_GUEST, row->paid,
		       ret);
	if (agreed.refund_bp < ret->refund_bp)
		return rpc_invalid(call, "/params/refund_bp", "minimum",
				   arena_printf(&call->ctx->arena, "%d", (int)ret->refund_bp));
	refund_compute(&agreed, 1, &row->price, row->first_start, now, REFUND_GUEST, row->paid, ret);
	return 0;
}

/* What it costs: by the policy; nothing when the company cancels, or a request is withdrawn. */
static int find_refund(struct rpc_call *call, const struct booking_row *row, bool by_company, int64_t now,
		       struct refund *ret)
{
	int64_t start = FAULT("refund.base") ? row->period.from : row->first_start;
	bool free = by_company || row->state != BOOKING_CONFIRMED;
	if (rpc_param(call, "refund_bp") && !by_company)
		return rpc_forbidden(call, "what is given back beyond the policy is for a manager to say");
	if (rpc_param(call, "refund_bp") && row->state == BOOKING_CONFIRMED)
		return find_agreed(call, row, now, ret);
	refund_compute(row->refunds, row->refund_count, &row->price, start, now, free ? REFUND_COMPANY : REFUND_GUEST,
		       row->paid, ret);
	return 0;
}

static const char *patch_of_cancel(struct rpc_call *call, const struct refund *refund, bool by_company, int64_t now)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_time(&patch, "cancelled_at", now);
	fields_text(&patch, "cancelled_by", by_company ? "company" : "customer");
	fields_text(&patch, "reason", rpc_param(call, "reason"));
	fields_integer(&patch, "cancellation_fee", refund->fee);
	fields_integer(&patch, "refund_due", refund->due);
	fields_boolean(&patch, "takes_units", false);
	return fields_members(&patch);
}

int booking_cancel(struct rpc_call *call)
{
	struct booking_party party;
	if (find_party(call, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	bool by_company;
	if (check_moment(call, &party, &row, terms.now, &by_company))
		return -1;
	struct booking_update update = {.step = row_step(call, &row, CAUSE_CANCEL), .released = true};
	struct refund refund = {0};
	if (!update.step || find_refund(call, &row, by_company, terms.now, &refund))
		return -1;
	update.patch = patch_of_cancel(call, &refund, by_company, terms.now);
	return store_update(call, tx, &terms, row.id, &update);
}

int booking_quote_cancel(struct rpc_call *call)
{
	int64_t now = clock_wall();
	bool by_company;
	struct booking_row row;
	struct booking_party party;
	if (find_party(call, &party) || row_read(call, &row) || check_moment(call, &party, &row, now, &by_company))
		return -1;
	struct refund refund = {0};
	if (!row_step(call, &row, CAUSE_CANCEL) || find_refund(call, &row, by_company, now, &refund))
		return -1;
	struct fields quote;
	fields_init(&quote, call);
	fields_time(&quote, "as_of", now);
	if (row.priced) {
		fields_text(&quote, "currency", row.price.currency);
		fields_integer(&quote, "total", row.price.total);
	} else {
		fields_null(&quote, "currency");
		fields_null(&quote, "total");
	}
	fields_integer(&quote, "refund_bp", refund.refund_bp);
	fields_integer(&quote, "cancellation_fee", refund.fee);
	fields_integer(&quote, "paid", row.paid);
	fields_integer(&quote, "refund_due", refund.due);
	return rpc_reply_printf(call, "{%s}", fields_members(&quote));
}
