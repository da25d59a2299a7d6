/* A booking that recurs, date by date or all or none. */
#include "base/fault.h"
#include "booking/series/series_store.h"
#include "booking/store/due.h"
#include "rpc/erased_user.h"

#define AT_ONCE 20 /* dates of one transaction, where each stands for itself */

/* Prices the first date, so that what is wrong with all of them is told before anything is written. */
static int check_price(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	struct price_request request = wish_for_price(wish, terms->now);
	struct price price;
	return price_compute(call, &terms->rules, &terms->pricing, &request, &price);
}

/* Locks the series, then its listing. */
static int lock(struct rpc_call *call, struct pg_tx *tx, const struct series *series, struct terms *ret)
{
	if (customer_lock(call, tx, &series->customer) || series_lock(call, tx, series->id) ||
	    due_lock(call, tx, series->listing_id, ret))
		return -1;
	return ret->on_offer ? 0 : rpc_not_found(call, "listing");
}

/* Tries the next dates that wait. *ret_left: whether some may be left. */
static int book_some(struct rpc_call *call, struct pg_tx *tx, struct series *series, size_t most, bool *ret_left)
{
	struct series_occurrence *dates = NULL;
	size_t count = 0;
	struct terms terms;
	if (lock(call, tx, series, &terms) || series_waiting(call, tx, series->id, most, &dates, &count))
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct series_result result;
		if (series_book(tx, &terms, series, &dates[i], &result))
			return -1;
	}
	store_project(call, tx, &terms);
	*ret_left = count == most;
	return 0;
}

/* The dates were refused: nothing is left of it. */
static int refuse(struct rpc_call *call, const char *refused, const char *words)
{
	return rpc_conflict_with(call, "refused", arena_printf(&call->ctx->arena, "\"occurrences\":%s", refused), "%s",
				 words);
}

static int reply(struct rpc_call *call, struct pg_tx *tx, const char *series_id)
{
	struct pg_result *row = series_json(call, tx, series_id);
	return row ? rpc_commit_row(call, tx, row, "series") : -1;
}

/* All or none, in one transaction. */
static int book_all(struct rpc_call *call, struct recurring *recurring)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct series *series = &recurring->series;
	const char *refused = NULL;
	bool left, any_booked;
	if (series_open(call, tx, recurring) || book_some(call, tx, series, RECURRENCE_MOST + 1, &left) ||
	    series_refusals(call, tx, series->id, &refused, &any_booked))
		return -1;
	if (refused[1] != ']' && !FAULT("series.all")) {
		pg_rollback(tx);
		return refuse(call, refused, "not all of the dates can be booked");
	}
	return reply(call, tx, series->id);
}

static struct pg_tx *begin(struct rpc_call *call)
{
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	if (tx)
		erased_user_refuse(call->ctx, tx, call->caller);
	return tx;
}

static int open_each(struct rpc_call *call, struct recurring *recurring)
{
	struct pg_tx *tx = begin(call);
	return !tx || series_open(call, tx, recurring) || rpc_commit(call, tx) ? -1 : 0;
}

static int book_next(struct rpc_call *call, struct series *series, bool *ret_left)
{
	struct pg_tx *tx = begin(call);
	if (!tx || book_some(call, tx, series, AT_ONCE, ret_left))
		return -1;
	return rpc_commit(call, tx);
}

/* A series of which nothing is booked is none. */
static int finish_each(struct rpc_call *call, const char *series_id)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	bool any_booked = false;
	const char *refused;
	if (series_refusals(call, tx, series_id, &refused, &any_booked))
		return -1;
	if (any_booked)
		return reply(call, tx, series_id);
	pg_rollback(tx);
	tx = begin(call);
	if (!tx)
		return -1;
	series_forget(call, tx, series_id);
	return rpc_commit(call, tx) ? -1 : refuse(call, refused, "none of the dates can be booked");
}

/* Each for itself, so many in a transaction: what was booked stays, and the call that is repeated with its key goes on
 * from there. */
static int book_each(struct rpc_call *call, struct recurring *recurring)
{
	bool left = true;
	if (open_each(call, recurring))
		return -1;
	while (left)
		if (book_next(call, &recurring->series, &left))
			return -1;
	return finish_each(call, recurring->series.id);
}

int booking_create_recurring(struct rpc_call *call)
{
	struct terms terms;
	if (terms_read(call, rpc_param(call, "listing_id"), &terms))
		return -1;
	if (!terms.on_offer)
		return rpc_not_found(call, "listing");
	struct recurring recurring;
	if (recurring_read(call, &recurring) || recurring_dates(call, &terms, &recurring) ||
	    check_price(call, &terms, &recurring.series.wish))
		return -1;
	return recurring.all ? book_all(call, &recurring) : book_each(call, &recurring);
}
