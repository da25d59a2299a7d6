#include "booking/unit.h"

const struct data_check unit_count_check = {
    .name = "units",
    .help = "bookings of more than 100 units",
    .sql = "SELECT id, listing_id, units FROM booking WHERE units > 100 ORDER BY id",
};

static const char SELECT_FREE[] = "SELECT array_agg(n ORDER BY n)::text, count(*) >= $3::integer FROM (SELECT n FROM "
				  "generate_series(1, $2::integer) n "
				  "WHERE NOT EXISTS (SELECT 1 FROM booking_unit u WHERE u.listing_id = $1 AND u.unit = "
				  "n AND u.period && $4::tstzrange) "
				  "ORDER BY n LIMIT $3::integer) free";

static const char FITS_BY_COUNT[] = "SELECT search_free_units($1, $2::integer, $4::tstzrange) >= $3::integer";

/* Colours the listing's bookings anew, earliest start first, each on the lowest unit that is free: optimal for
 * intervals. The period asked for takes part with booking id NULL, as one row a unit. Past bookings take part too: one
 * under way may not move onto a unit that was taken when it began. Those on units that the listing no longer has do
 * not: they have passed, and nothing moves to where they were. */
static const char REPACK[] =
    "WITH RECURSIVE span AS (SELECT u.booking_id, u.unit AS old_unit, u.period FROM booking_unit u "
    "WHERE u.listing_id = $1 AND u.unit <= $2::integer "
    "UNION ALL SELECT NULL, n, $4::tstzrange FROM generate_series(1, $3::integer) n), "
    "placed AS (SELECT *, row_number() OVER (ORDER BY lower(period), upper(period), booking_id, old_unit) AS place "
    "FROM span), "
    "coloured AS ("
    "SELECT 0::bigint AS place, NULL::uuid AS booking_id, 0 AS old_unit, 0 AS unit, "
    "array_fill('-infinity'::timestamptz, ARRAY[$2::integer]) AS free_from "
    "UNION ALL SELECT p.place, p.booking_id, p.old_unit, pick.unit, "
    "c.free_from[:pick.unit - 1] || upper(p.period) || c.free_from[pick.unit + 1:] "
    "FROM coloured c JOIN placed p ON p.place = c.place + 1, "
    "LATERAL (SELECT i AS unit FROM generate_subscripts(c.free_from, 1) i WHERE c.free_from[i] <= lower(p.period) "
    "ORDER BY i LIMIT 1) pick), "
    "moved AS (UPDATE booking_unit u SET unit = c.unit FROM coloured c WHERE u.booking_id = c.booking_id "
    "AND u.unit = c.old_unit AND u.listing_id = $1 AND u.unit <> c.unit RETURNING 1) "
    "SELECT array_agg(unit ORDER BY unit)::text FROM coloured WHERE place > 0 AND booking_id IS NULL";

static const char DEFER_OVERLAP[] = "SET CONSTRAINTS booking_no_overlap, booking_unit_pkey DEFERRED";
static const char CHECK_OVERLAP[] = "SET CONSTRAINTS booking_no_overlap, booking_unit_pkey IMMEDIATE";

static int taken(struct rpc_call *call)
{
	return rpc_conflict(call, "booked", "the period is taken");
}

static int repack(struct rpc_call *call, struct pg_tx *tx, const char *const values[static 4], const char **ret_units)
{
	pg_queue(call->ctx, tx, DEFER_OVERLAP);
	struct pg_result *units = pg_query_values(call->ctx, tx, REPACK, 4, values);
	if (!units || !pg_query(call->ctx, tx, CHECK_OVERLAP))
		return -1;
	*ret_units = pg_text(units, 0, 0);
	return *ret_units ? 0 : taken(call);
}

int unit_allocate(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const char *total, const char *units,
		  const char *period, const char **ret_units)
{
	const char *values[] = {listing_id, total, units, period};
	struct pg_result *free = pg_query_values(call->ctx, tx, SELECT_FREE, 4, values);
	if (!free)
		return -1;
	if (pg_boolean(free, 0, 1)) {
		*ret_units = pg_text(free, 0, 0);
		return 0;
	}
	struct pg_result *fits = pg_query_values(call->ctx, tx, FITS_BY_COUNT, 4, values);
	if (!fits)
		return -1;
	return pg_boolean(fits, 0, 0) ? repack(call, tx, values, ret_units) : taken(call);
}
