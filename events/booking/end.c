/* How the end of a booking is given back: by who booked, by the staff, or by the staff who end it now. */
#include "booking/booking.h"

#include "base/clock.h"
#include "booking/store/fields.h"
#include "booking/store/row.h"
#include "booking/store/store.h"
#include "pricing/price_change.h"

#define NO_SHOW_TIME (48 * 3600 * CLOCK_SECOND)
#define SLACK (60 * CLOCK_SECOND) /* a caller's clock may be behind */

/* Until when it lasts from now on: before its end, after its beginning, not before now. */
static int read_end(struct rpc_call *call, const struct terms *terms, const struct booking_row *row, int64_t *ret)
{
	const char *to = rpc_param(call, "to");
	*ret = terms->now;
	if (to && !clock_parse(to, ret))
		return rpc_invalid(call, "/params/to", "format", "\"date-time\"");
	if (*ret < terms->now - SLACK)
		return rpc_precondition(call, "in_past", NULL, "time that has passed is not given back");
	if (*ret < terms->now)
		*ret = terms->now;
	if (*ret >= row->period.to)
		return rpc_precondition(call, "before_end", NULL, "the booking ends before that");
	if (*ret <= row->period.from)
		return rpc_precondition(call, "begun", NULL, "nothing of the booking would be left: cancel it");
	return 0;
}

/* Its units go with their buffer; nothing else of them changes. */
static const char SHORTEN_UNITS[] =
    "UPDATE booking_unit u SET period = tstzrange(lower(u.period), $2::timestamptz + b.buffer_after) "
    "FROM booking b WHERE b.id = $1 AND u.booking_id = b.id";

/* The price without what the policy refunds of the time given back. */
static void find_price(struct rpc_call *call, const struct terms *terms, const struct booking_row *row,
		       const struct span *left, struct price *ret)
{
	struct refund refund;
	refund_compute(row->refunds, row->refund_count, &row->price, row->first_start, terms->now, REFUND_GUEST, 0,
		       &refund);
	price_shorten(&call->ctx->arena, &row->price, row->period.to - left->to, row->period.to - row->period.from,
		      refund.refund_bp, ret);
}

static const char *patch_of_end(struct rpc_call *call, const struct terms *terms, const struct span *left,
				const struct price *price)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_text(&patch, "period", wish_range(call, left));
	fields_time(&patch, "changed_at", terms->now);
	if (price)
		fields_price(&patch, price);
	else
		fields_time(&patch, "ended_at", terms->now);
	return fields_members(&patch);
}

static int end_at(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct booking_row *row,
		  const struct booking_update *update, int64_t end)
{
	pg_queue(call->ctx, tx, SHORTEN_UNITS, row->id, terms_time(call, end));
	return store_update(call, tx, terms, row->id, update);
}

int booking_shorten(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, false, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {.step = row_step(call, &row, CAUSE_SHORTEN)};
	struct span left = row.period;
	if (!update.step || read_end(call, &terms, &row, &left.to))
		return -1;
	struct price price;
	find_price(call, &terms, &row, &left, &price);
	update.patch = patch_of_end(call, &terms, &left, &price);
	return end_at(call, tx, &terms, &row, &update, left.to);
}

int booking_complete(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, true, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {.step = row_step(call, &row, CAUSE_COMPLETE)};
	struct span left = {row.period.from, terms.now};
	if (!update.step)
		return -1;
	if (row.period.from >= terms.now)
		return rpc_precondition(call, "begun", NULL, "the booking has not begun");
	update.patch = patch_of_end(call, &terms, &left, NULL);
	return end_at(call, tx, &terms, &row, &update, left.to);
}

/* From its beginning until two days later; what is kept is what the policy leaves at the beginning. */
static int check_no_show(struct rpc_call *call, const struct terms *terms, const struct booking_row *row)
{
	if (row->period.from > terms->now)
		return rpc_precondition(call, "begun", NULL, "the booking has not begun");
	if (terms->now > row->period.from + NO_SHOW_TIME)
		return rpc_precondition(call, "no_show_until", "\"maximum_hours\":48",
					"the booking began more than 48 hours ago");
	return 0;
}

int booking_no_show(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_STAFF, true, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct booking_update update = {.step = row_step(call, &row, CAUSE_NO_SHOW)};
	if (!update.step || check_no_show(call, &terms, &row))
		return -1;
	struct refund refund;
	refund_compute(row.refunds, row.refund_count, &row.price, row.first_start, terms.now, REFUND_NO_SHOW, row.paid,
		       &refund);
	struct fields patch;
	fields_init(&patch, call);
	fields_time(&patch, "ended_at", terms.now);
	fields_text(&patch, "reason", rpc_param(call, "reason"));
	fields_integer(&patch, "cancellation_fee", refund.fee);
	fields_integer(&patch, "refund_due", refund.due);
	update.patch = fields_members(&patch);
	return store_update(call, tx, &terms, row.id, &update);
}
