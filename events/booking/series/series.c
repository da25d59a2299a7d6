#include "booking/series/series.h"

#include "base/buffer.h"
#include "booking/check.h"
#include "booking/store/booking_json.h"
#include "json/tree.h"

#include <string.h>

#define MAX_DEPTH 8
#define REFUSAL_MAX 65536

static const char LOCK_SERIES[] = "SELECT 1 FROM booking_series WHERE id = $1 FOR UPDATE";

static const char NOTE_BOOKED[] = "UPDATE booking_occurrence SET result = $3, booking_id = $4, refusals = '[]' "
				  "WHERE series_id = $1 AND date = $2::date";
static const char NOTE_REFUSED[] =
    "UPDATE booking_occurrence SET result = 'refused', refusals = jsonb_build_array($3::jsonb) "
    "WHERE series_id = $1 AND date = $2::date";

static const char SELECT_SERIES[] =
    "SELECT id, listing_id, company_id, user_id, customer, booked_by, wish FROM booking_series WHERE id = $1";

#define OCCURRENCES                                                                                           \
	"(SELECT jsonb_agg(jsonb_build_object('date', o.date, 'period', CASE WHEN o.period IS NOT NULL THEN " \
	"api_period(o.period) END, 'result', o.result, 'booking_id', o.booking_id, 'state', " BOOKING_STATE   \
	", 'price', api_money(b.price_amount, b.price_currency), 'refusals', o.refusals) ORDER BY o.date) "   \
	"FROM booking_occurrence o LEFT JOIN booking b ON b.id = o.booking_id WHERE o.series_id = s.id)"
#define TOTALS                                                                                                  \
	"(SELECT coalesce(jsonb_agg(api_money(t.amount, t.currency) ORDER BY t.currency), '[]') FROM ("         \
	"SELECT sum(b.price_amount)::bigint AS amount, b.price_currency AS currency FROM booking_occurrence o " \
	"JOIN booking b ON b.id = o.booking_id WHERE o.series_id = s.id AND b.price_amount IS NOT NULL "        \
	"AND b.state IN ('requested', 'confirmed', 'completed', 'no_show') GROUP BY b.price_currency) t)"

static const char SELECT_JSON[] =
    "SELECT jsonb_build_object('series_id', s.id, 'listing_id', s.listing_id, 'company_id', s.company_id, "
    "'user_id', s.user_id, 'customer', s.customer, 'booked_by', s.booked_by, 'mode', s.mode, "
    "'time_zone', s.time_zone, 'first', api_period(s.first), 'recurrence', s.recurrence, "
    "'months_without', to_jsonb(s.missing), 'totals', " TOTALS ", 'created_at', api_time(s.created_at), "
    "'occurrences', " OCCURRENCES ")::text FROM booking_series s WHERE s.id = $1";

int series_lock(struct rpc_call *call, struct pg_tx *tx, const char *id)
{
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_SERIES, id);
	if (!row)
		return -1;
	return pg_count(row) > 0 ? 0 : rpc_not_found(call, "series");
}

struct pg_result *series_json(struct rpc_call *call, struct pg_tx *tx, const char *id)
{
	return tx ? pg_query(call->ctx, tx, SELECT_JSON, id) : pg_read(call->ctx, call->db, SELECT_JSON, id);
}

/* Whether the error says that this one cannot be booked, and nothing of the others. */
static bool is_refusal(const struct error *error)
{
	return error->code == ERROR_PRECONDITION_FAILED || error->code == ERROR_CONFLICT ||
	       error->code == ERROR_TOO_LARGE;
}

/* The error as an object: code, message, reason, and the members of its data. */
static const char *refusal_json(struct rpc_call *call)
{
	const struct error *error = &call->ctx->error;
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, REFUSAL_MAX);
	buffer_printf(&out, "{\"code\":\"%s\",\"message\":", error_word(error->code));
	buffer_append_json_string(&out, error->message);
	if (error->reason[0])
		buffer_printf(&out, ",\"reason\":\"%s\"", error->reason);
	if (error->details && strcmp(error->details, "{}") != 0) {
		buffer_append_char(&out, ',');
		buffer_append_text(&out, error->details + 1);
	} else {
		buffer_append_char(&out, '}');
	}
	return buffer_text(&out);
}

static int try(struct pg_tx *tx, const struct terms *terms, struct series *series,
	       const struct series_occurrence *occurrence, struct written_booking *ret)
{
	static const struct override none = {0};
	struct rpc_call *call = &series->call;
	struct book book = {
	    .customer = &series->customer,
	    .override = &none,
	    .by_member = series->by_member,
	    .series_id = series->id,
	    .occurrence = occurrence->date,
	};
	struct wish wish = series->wish;
	wish.period = occurrence->period;
	if (wish.period.to <= wish.period.from)
		return rpc_precondition(call, "skipped_hour", NULL,
					"the clocks go forward: nothing is left of that time on this date");
	if (wish_resolve(call, terms, &wish))
		return -1;
	struct price_request request = wish_for_price(&wish, terms->now);
	struct price price;
	if (check_wish(call, tx, terms, &wish, series->customer.user_id, &none) ||
	    price_compute(call, &terms->rules, &terms->pricing, &request, &price))
		return -1;
	return book_new(call, tx, terms, &wish, &book, &price, ret);
}

int series_add(struct pg_tx *tx, const struct terms *terms, struct series *series,
	       const struct series_occurrence *occurrence, struct written_booking *ret)
{
	if (try(tx, terms, series, occurrence, ret))
		return -1;
	const char *result = ret->state == BOOKING_REQUESTED ? "requested" : "booked";
	pg_queue(series->call.ctx, tx, NOTE_BOOKED, series->id, occurrence->date, result, ret->id);
	return 0;
}

int series_book(struct pg_tx *tx, const struct terms *terms, struct series *series,
		const struct series_occurrence *occurrence, struct series_result *ret)
{
	struct rpc_call *call = &series->call;
	*ret = (struct series_result){0};
	if (series_add(tx, terms, series, occurrence, &ret->written) == 0)
		return 0;
	if (!is_refusal(&call->ctx->error))
		return -1;
	ret->refusal = refusal_json(call);
	error_clear(&call->ctx->error);
	pg_queue(call->ctx, tx, NOTE_REFUSED, series->id, occurrence->date, ret->refusal);
	return 0;
}

static void put(void *argument)
{
	json_object_put(argument);
}

/* The parameters that were kept, as those of the call. */
int series_take_wish(struct rpc_call *call, struct series *series)
{
	struct json_object *tree = NULL;
	struct json_error error;
	if (!json_tree_parse(series->kept, strlen(series->kept), MAX_DEPTH, 0, &call->ctx->arena, &tree, &error))
		return context_fail_internal(call->ctx, "the wish of a series is no JSON");
	context_defer(call->ctx, put, tree);
	series->call = rpc_with_params(call, tree);
	return wish_read(&series->call, true, &series->wish);
}

int series_read(struct rpc_call *call, const char *id, struct series *ret, bool *ret_staff)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_SERIES, id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "series");
	const char *caller = rpc_caller_id(call);
	*ret = (struct series){
	    .id = pg_text(row, 0, 0),
	    .listing_id = pg_text(row, 0, 1),
	    .company_id = pg_text(row, 0, 2),
	    .customer = {.user_id = pg_text(row, 0, 3), .json = pg_text(row, 0, 4)},
	    .kept = pg_text(row, 0, 6),
	};
	bool own = caller && ret->customer.user_id && strcmp(caller, ret->customer.user_id) == 0;
	*ret_staff = !own;
	if (!own && rpc_require_right(call, ret->company_id, RIGHT_STAFF))
		return rpc_hide(call, "series");
	ret->customer.booked_by = own ? NULL : call->caller->id;
	return 0;
}

int booking_get_series(struct rpc_call *call)
{
	struct series series = {0};
	bool staff = false;
	if (series_read(call, rpc_param(call, "series_id"), &series, &staff))
		return -1;
	struct pg_result *row = series_json(call, NULL, series.id);
	return row ? rpc_reply_row(call, row, "series") : -1;
}
