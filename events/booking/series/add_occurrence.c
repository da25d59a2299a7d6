/* A date of a series that was left out or refused, or whose booking has ended, booked later. */
#include "booking/by_member.h"
#include "booking/series/series.h"
#include "booking/store/due.h"

#define MICROSECONDS(time) "floor(extract(epoch FROM " time ") * 1000000)::bigint"

static const char SELECT_OCCURRENCE[] = "SELECT o.date::text, " MICROSECONDS("lower(o.period)") ", " MICROSECONDS(
    "upper(o.period)") ", o.period IS NULL, "
		       "b.state IN ('held', 'requested', 'confirmed', 'completed', 'no_show') FROM booking_occurrence o "
		       "LEFT JOIN booking b ON b.id = o.booking_id WHERE o.series_id = $1 AND o.date = $2::date";

static int read_occurrence(struct rpc_call *call, struct pg_tx *tx, const struct series *series,
			   struct series_occurrence *ret)
{
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_OCCURRENCE, series->id, rpc_param(call, "date"));
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "occurrence");
	if (pg_boolean(row, 0, 3))
		return rpc_precondition(call, "skipped_hour", NULL,
					"the clocks go forward: nothing is left of that time on this date");
	if (pg_boolean(row, 0, 4))
		return rpc_precondition(call, "state", NULL, "the date is booked already");
	*ret = (struct series_occurrence){.date = pg_text(row, 0, 0),
					  .period = {pg_integer(row, 0, 1), pg_integer(row, 0, 2)}};
	return 0;
}

int booking_add_occurrence(struct rpc_call *call)
{
	struct series series = {0};
	bool staff = false;
	if (series_read(call, rpc_param(call, "series_id"), &series, &staff) || series_take_wish(call, &series) ||
	    (!staff && booking_by_member(call, series.listing_id, &series.by_member)))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct terms terms;
	struct series_occurrence occurrence;
	if (customer_lock(call, tx, &series.customer) || series_lock(call, tx, series.id) ||
	    due_lock(call, tx, series.listing_id, &terms) || read_occurrence(call, tx, &series, &occurrence))
		return -1;
	if (!terms.on_offer)
		return rpc_not_found(call, "listing");
	struct written_booking written;
	return series_add(tx, &terms, &series, &occurrence, &written) ? -1 : store_end(call, tx, &terms, &written);
}
