/* How a booking is cancelled, and what that costs. */
#include "booking/booking.h"

#include "base/clock.h"
#include "base/fault.h"
#include "booking/store/fields.h"
#include "booking/store/group.h"
#include "booking/store/row.h"
#include "booking/store/series_scope.h"
#include "booking/store/store.h"

#include <string.h>

/* How a booking is cancelled now. */
struct cancelling {
	const struct booking_step *step;
	bool by_company;
	struct refund refund;
};

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

static const char *patch_of_cancel(struct rpc_call *call, const struct cancelling *cancelling, int64_t now)
{
	struct fields patch;
	fields_init(&patch, call);
	fields_time(&patch, "cancelled_at", now);
	fields_text(&patch, "cancelled_by", cancelling->by_company ? "company" : "customer");
	fields_text(&patch, "reason", rpc_param(call, "reason"));
	fields_integer(&patch, "cancellation_fee", cancelling->refund.fee);
	fields_integer(&patch, "refund_due", cancelling->refund.due);
	fields_boolean(&patch, "takes_units", false);
	fields_boolean(&patch, "ready", false);
	return fields_members(&patch);
}

/* Whether it may be cancelled now, by whom, and what that costs. */
static int judge(struct rpc_call *call, const struct booking_party *party, const struct booking_row *row, int64_t now,
		 struct cancelling *ret)
{
	*ret = (struct cancelling){0};
	if (check_moment(call, party, row, now, &ret->by_company))
		return -1;
	ret->step = row_step(call, row, CAUSE_CANCEL);
	return ret->step ? find_refund(call, row, ret->by_company, now, &ret->refund) : -1;
}

static struct booking_update update_of(struct rpc_call *call, const struct cancelling *cancelling, int64_t now)
{
	return (struct booking_update){
	    .step = cancelling->step, .patch = patch_of_cancel(call, cancelling, now), .released = true};
}

/* The requests that were made with it are withdrawn too. */
static int cancel_group(struct rpc_call *call, const struct booking_party *party)
{
	struct group group;
	struct pg_tx *tx = group_begin(call, party, &group);
	if (!tx)
		return rpc_replayed(call);
	const struct booking_row *row = &group.rows[group.own];
	int64_t now = group.terms[group.own].now;
	struct cancelling cancelling;
	if (judge(call, party, row, now, &cancelling))
		return -1;
	struct booking_update update = update_of(call, &cancelling, now);
	if (row->state != BOOKING_REQUESTED)
		return group_step(call, tx, &group, &update);
	const char *others = arena_printf(&call->ctx->arena, "\"cancelled_at\":\"%s\",\"cancelled_by\":\"%s\"",
					  terms_time(call, now), cancelling.by_company ? "company" : "customer");
	return group_end(call, tx, &group, &update, CAUSE_CANCEL, others);
}

/* Cancels one, and adds it to the list of what was; passes over what can be no more. */
static int cancel_other(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
			const struct booking_party *party, const char *id, struct buffer *list)
{
	struct booking_row row;
	if (row_by_id(call, tx, terms, id, &row))
		return -1;
	struct cancelling cancelling;
	if (judge(call, party, &row, terms->now, &cancelling)) {
		if (call->ctx->error.code != ERROR_PRECONDITION_FAILED)
			return -1;
		error_clear(&call->ctx->error);
		return 0;
	}
	struct booking_update update = update_of(call, &cancelling, terms->now);
	series_list_add(list, &row, &cancelling.refund);
	struct written_booking written;
	return store_step(call, tx, terms, id, &update, &written);
}

/* The other occurrences that the scope means, in the order of their dates; *ret: a list of what was cancelled. */
static int cancel_others(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
			 const struct booking_party *party, const struct booking_row *row, const char **ret)
{
	struct pg_result *others = series_others(call, tx, row);
	if (!others)
		return -1;
	struct buffer list;
	series_list_begin(call, &list);
	for (size_t i = 0; i < pg_count(others); i++)
		if (cancel_other(call, tx, terms, party, pg_text(others, i, 0), &list))
			return -1;
	*ret = series_list_end(&list);
	return 0;
}

static int cancel_series(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
			 const struct booking_party *party, const struct booking_row *row,
			 const struct booking_update *update)
{
	struct written_booking written;
	const char *others;
	if (store_step(call, tx, terms, row->id, update, &written) ||
	    cancel_others(call, tx, terms, party, row, &others))
		return -1;
	store_project(call, tx, terms);
	const char *own = written_for(call, &written);
	return rpc_commit_text(
	    call, tx,
	    arena_printf(&call->ctx->arena, "%.*s,\"also_cancelled\":%s}", (int)strlen(own) - 1, own, others));
}

int booking_cancel(struct rpc_call *call)
{
	struct booking_party party;
	if (find_party(call, &party))
		return -1;
	if (party.group_id)
		return cancel_group(call, &party);
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct cancelling cancelling;
	if (series_check_scope(call, &row) || judge(call, &party, &row, terms.now, &cancelling))
		return -1;
	struct booking_update update = update_of(call, &cancelling, terms.now);
	return series_has_scope(call) ? cancel_series(call, tx, &terms, &party, &row, &update)
				      : store_update(call, tx, &terms, row.id, &update);
}

/* What each of the other occurrences would cost. */
static int quote_others(struct rpc_call *call, const struct booking_party *party, const struct booking_row *row,
			int64_t now, const char **ret)
{
	struct pg_result *others = series_others(call, NULL, row);
	if (!others)
		return -1;
	struct buffer list;
	series_list_begin(call, &list);
	for (size_t i = 0; i < pg_count(others); i++) {
		struct booking_row other;
		if (row_read_id(call, pg_text(others, i, 0), &other))
			return -1;
		struct cancelling cancelling;
		if (judge(call, party, &other, now, &cancelling) == 0)
			series_list_add(&list, &other, &cancelling.refund);
		else if (call->ctx->error.code != ERROR_PRECONDITION_FAILED)
			return -1;
		error_clear(&call->ctx->error);
	}
	*ret = series_list_end(&list);
	return 0;
}

static void add_price(struct fields *quote, const struct booking_row *row)
{
	if (row->priced) {
		fields_text(quote, "currency", row->price.currency);
		fields_integer(quote, "total", row->price.total);
		return;
	}
	fields_null(quote, "currency");
	fields_null(quote, "total");
}

int booking_quote_cancel(struct rpc_call *call)
{
	int64_t now = clock_wall();
	const char *others = NULL;
	struct cancelling cancelling;
	struct booking_party party;
	struct booking_row row;
	if (find_party(call, &party) || row_read(call, &row) || series_check_scope(call, &row) ||
	    judge(call, &party, &row, now, &cancelling) ||
	    (series_has_scope(call) && quote_others(call, &party, &row, now, &others)))
		return -1;
	struct fields quote;
	fields_init(&quote, call);
	fields_time(&quote, "as_of", now);
	add_price(&quote, &row);
	fields_integer(&quote, "refund_bp", cancelling.refund.refund_bp);
	fields_integer(&quote, "cancellation_fee", cancelling.refund.fee);
	fields_integer(&quote, "paid", row.paid);
	fields_integer(&quote, "refund_due", cancelling.refund.due);
	fields_json(&quote, "also_cancelled", others);
	return rpc_reply_printf(call, "{%s}", fields_members(&quote));
}
