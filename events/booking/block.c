/* Time that the company takes out of sale, and puts back. */
#include "booking/booking.h"

#include "booking/by_company.h"
#include "booking/store/due.h"
#include "booking/store/overlap.h"
#include "booking/store/period.h"
#include "booking/store/row.h"
#include "booking/store/store.h"
#include "booking/store/take.h"

/* What stands in the way of a block, for who asked for it. */
static const char SELECT_IN_THE_WAY[] =
    "SELECT coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'kind', w.kind, 'period', api_period(w.period))), '[]') "
    "FROM (SELECT b.id, b.kind, b.period FROM booking b WHERE b.id IN (SELECT u.booking_id FROM booking_unit u "
    "WHERE u.listing_id = $1 AND u.period && $2::tstzrange) ORDER BY lower(b.period), b.id LIMIT 100) w";

/* The listing is the company's own: it sees what it meets. */
static int in_the_way(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	if (call->ctx->error.code != ERROR_CONFLICT)
		return -1;
	error_clear(&call->ctx->error);
	struct pg_result *met =
	    pg_read(call->ctx, call->db, SELECT_IN_THE_WAY, terms->listing_id, wish_range(call, &wish->taken));
	if (!met)
		return -1;
	return rpc_conflict_with(call, "booked", arena_printf(&call->ctx->arena, "\"bookings\":%s", pg_text(met, 0, 0)),
				 "bookings or blocks are in the way");
}

int booking_block(struct rpc_call *call)
{
	const char *listing_id = rpc_param(call, "listing_id");
	struct wish wish;
	if (wish_read(call, false, &wish) || by_company_require(call, listing_id, RIGHT_STAFF))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct terms terms;
	if (due_lock(call, tx, listing_id, &terms))
		return -1;
	struct unit_choice units;
	if (wish.units == 0)
		wish.units = terms.rules.units + terms.rules.overbooking;
	if (wish_resolve(call, &terms, &wish))
		return -1;
	wish.taken = wish.period;
	if (period_check_shortest(call, &wish.period) || period_check_clock(call, &wish.period, terms.now))
		return -1;
	if (take_units(call, tx, &terms, &wish, NULL, &units))
		return in_the_way(call, &terms, &wish);
	struct new_booking block = {
	    .step = booking_step(BOOKING_NONE, CAUSE_BLOCK),
	    .wish = &wish,
	    .units = &units,
	    .note = rpc_param(call, "note"),
	    .is_block = true,
	};
	struct written_booking written;
	if (store_insert(call, tx, &terms, &block, &written) || overlap_flag(call, tx, &terms, &wish.taken))
		return -1;
	return store_end(call, tx, &terms, &written);
}

int booking_unblock(struct rpc_call *call)
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
	    .step = row_step(call, &row, CAUSE_UNBLOCK),
	    .patch = arena_printf(&call->ctx->arena,
				  "\"takes_units\":false,\"cancelled_by\":\"company\",\"cancelled_at\":\"%s\"",
				  terms_time(call, terms.now)),
	    .released = true,
	};
	return update.step ? store_update(call, tx, &terms, row.id, &update) : -1;
}
