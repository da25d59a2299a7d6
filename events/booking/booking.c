#include "booking/booking.h"

#include "base/ids.h"
#include "booking/booking_json.h"
#include "booking/by_member.h"
#include "booking/period.h"
#include "booking/unit.h"
#include "on_offer.h"
#include "projection/projection.h"
#include "version.h"

#include <string.h>

#define MAX_AMOUNT "9000000000000000"
#define WRITE_CLOCK "floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

/* Also returns the quote, whether it exceeds the largest amount (Amount of the API), and whether the period is too long
 * (days are counted only near the limit). NO KEY: rows that refer to the listing may be written meanwhile; other
 * bookings of it may not. The clock is read in the outer query, so after the row is locked. */
static const char LOCK_ON_OFFER[] =
    "SELECT units, price, price > " MAX_AMOUNT ", too_long, " WRITE_CLOCK " FROM (SELECT l.units, "
    "period_price(l.price_amount, l.price_unit, l.time_zone, $2::integer, $3::tstzrange) AS price, "
    "CASE WHEN upper($3::tstzrange) - lower($3::tstzrange) > interval '365 days' "
    "THEN local_days($3::tstzrange, l.time_zone) > " PERIOD_MAX_DAYS_TEXT " ELSE false END AS too_long "
    "FROM listing l WHERE l.id = $1 AND " LISTING_ON_OFFER " FOR NO KEY UPDATE) offer";

/* Asks again whether it is on offer: the company may have been suspended while this call waited for the listing. */
static const char INSERT_BOOKING[] =
    "WITH b AS (INSERT INTO booking (id, listing_id, company_id, user_id, period, units, note, price_amount, "
    "price_currency, by_member) "
    "SELECT $1, l.id, l.company_id, $3, p.period, $6::integer, coalesce($5, ''), $8::bigint, "
    "l.price_currency, $9::boolean "
    "FROM listing l, (VALUES ($4::tstzrange)) AS p(period) WHERE l.id = $2 AND " LISTING_ON_OFFER " RETURNING *), "
    "u AS (INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT b.id, b.listing_id, n, b.period "
    "FROM b, unnest($7::integer[]) n) SELECT " BOOKING_JSON_WITH("to_jsonb($7::integer[])") "::text FROM b";

static const char SELECT_BOOKING[] =
    "SELECT " BOOKING_JSON "::text, b.user_id, b.company_id, b.listing_id, lower(b.period) <= now() FROM booking b "
    "WHERE b.id = $1";

static const char LOCK_LISTING[] = "SELECT 1 FROM listing WHERE id = $1 FOR NO KEY UPDATE";

/* Whether it is confirmed, has begun, has ended, by a clock that is read once, and what the clock says. After the
 * listing was locked. */
static const char SELECT_STANDING[] =
    "SELECT b.state IN ('confirmed', 'completed'), lower(b.period) <= clock.now, upper(b.period) <= clock.now, clock.now::text "
    "FROM (SELECT clock_timestamp() AS now OFFSET 0) clock, booking b WHERE b.id = $1";

static const char BOOKING_EXISTS[] = "SELECT 1 FROM booking WHERE id = $1";

static const char CANCEL_BOOKING[] =
    "WITH b AS (UPDATE booking SET state = 'cancelled', cancelled_at = $3::timestamptz, version = version + 1 "
    "WHERE id = $1 AND ($2::integer IS NULL OR version = $2::integer) AND state = 'confirmed' RETURNING *), "
    "u AS (DELETE FROM booking_unit WHERE booking_id IN (SELECT id FROM b)) "
    "SELECT " BOOKING_JSON_WITH("'[]'::jsonb") "::text FROM b";

static int publish_and_commit(struct rpc_call *call, struct pg_tx *tx, const char *topic, const char *listing_id,
			      const struct pg_result *booking)
{
	projection_queue_busy(call->ctx, tx, arena_printf(&call->ctx->arena, "{%s}", listing_id));
	if (rpc_publish(call, tx, topic, listing_id, pg_text(booking, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, booking, "booking");
}

/* With one unit there is no free unit to search: the exclusion constraint decides. */
static int allocate(struct rpc_call *call, struct pg_tx *tx, int units, const struct period *period,
		    const char **ret_units)
{
	struct unit_choice choice = {.numbers = "{1}"};
	const struct unit_request request = {
	    .listing_id = rpc_param(call, "listing_id"),
	    .from = period->from,
	    .to = period->to,
	    .wanted = (int)rpc_param_integer(call, "units", 1),
	    .units = units,
	};
	if ((units > 1 || request.wanted > 1) && unit_allocate(call, tx, &request, &choice))
		return -1;
	*ret_units = choice.numbers;
	return 0;
}

/* Names the parameter that makes the price too high: the units if there are several, else the period. */
static int too_dear(struct rpc_call *call)
{
	bool units = rpc_param_integer(call, "units", 1) > 1;
	const char *name = units ? "units" : "period";
	return rpc_too_large(call, arena_printf(&call->ctx->arena, "/params/%s", name), "max_price", MAX_AMOUNT,
			     "params/%s: the price would be more than " MAX_AMOUNT, name);
}

int booking_create(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	const char *listing_id = rpc_param(call, "listing_id"), *by_member = NULL, *units = NULL;
	const char *count = rpc_param(call, "units") ? rpc_param(call, "units") : "1";
	struct period period;
	if (period_read(call, &period) || booking_by_member(call, listing_id, &by_member))
		return -1;
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *listing = pg_query(ctx, tx, LOCK_ON_OFFER, listing_id, count, period.range);
	if (!listing)
		return -1;
	if (pg_count(listing) == 0)
		return rpc_not_found(call, "listing");
	if (period_check_clock(call, &period, pg_integer(listing, 0, 4)))
		return -1;
	if (pg_boolean(listing, 0, 3))
		return period_too_long(call);
	if (pg_boolean(listing, 0, 2))
		return too_dear(call);
	if (allocate(call, tx, (int)pg_integer(listing, 0, 0), &period, &units))
		return -1;
	struct pg_result *booking = pg_query(ctx, tx, INSERT_BOOKING, id, listing_id, rpc_caller_id(call), period.range,
					     rpc_param(call, "note"), count, units, pg_text(listing, 0, 1), by_member);
	if (!booking && pg_violated(ctx, "booking_no_overlap")) {
		error_clear(&ctx->error);
		return rpc_conflict(call, "booked", "the period is taken");
	}
	if (booking && pg_count(booking) == 0)
		return rpc_not_found(call, "listing");
	return booking ? publish_and_commit(call, tx, "events.booking.created", listing_id, booking) : -1;
}

/* The booking, for those who may see it: who booked, the company's staff, daemons. NULL with not_found for others. */
static struct pg_result *visible_booking(struct rpc_call *call, enum company_right right)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_BOOKING, rpc_param(call, "id"));
	if (!row)
		return NULL;
	if (pg_count(row) == 0) {
		(void)rpc_not_found(call, "booking");
		return NULL;
	}
	const char *caller = rpc_caller_id(call), *user = pg_text(row, 0, 1);
	bool own = caller && user && strcmp(user, caller) == 0;
	if (own || rpc_require_right(call, pg_text(row, 0, 2), right) == 0)
		return row;
	(void)rpc_hide(call, "booking");
	return NULL;
}

int booking_get(struct rpc_call *call)
{
	struct pg_result *booking = visible_booking(call, RIGHT_STAFF);
	return booking ? rpc_reply_row(call, booking, "booking") : -1;
}

/* Who booked may cancel before the period begins, the company's managers until it ends. Asked before the listing is
 * locked, since it may take passport: *ret_manager is false for who booked and does not need the right. */
static int may_cancel(struct rpc_call *call, const struct pg_result *booking, bool *ret_manager)
{
	const char *caller = rpc_caller_id(call);
	bool own = caller && pg_text(booking, 0, 1) && strcmp(pg_text(booking, 0, 1), caller) == 0;
	bool began = pg_boolean(booking, 0, 4);
	*ret_manager = !own;
	if (!own || !began)
		return 0;
	int manager = rpc_has_right(call, pg_text(booking, 0, 2), RIGHT_MANAGER);
	*ret_manager = manager == 1;
	return manager < 0 ? -1 : 0;
}

/* Checks the time once the listing is locked: a completed booking cannot be cancelled by anybody. *ret_now: that
 * moment. */
static int check_standing(struct rpc_call *call, struct pg_tx *tx, const char *id, bool manager, const char **ret_now)
{
	struct pg_result *standing = pg_query(call->ctx, tx, SELECT_STANDING, id);
	if (!standing)
		return -1;
	if (pg_count(standing) == 0)
		return rpc_not_found(call, "booking");
	if (!pg_boolean(standing, 0, 0))
		return rpc_precondition(call, "state", "\"state\":\"cancelled\"", "the booking is cancelled already");
	if (pg_boolean(standing, 0, 2))
		return rpc_precondition(call, "before_end", NULL, "the booking has ended");
	if (pg_boolean(standing, 0, 1) && !manager)
		return rpc_precondition(call, "before_start", NULL, "the booking has begun");
	*ret_now = pg_text(standing, 0, 3);
	return 0;
}

int booking_cancel(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	bool manager = false;
	const char *id = rpc_param(call, "id"), *now = NULL;
	struct pg_result *known = visible_booking(call, RIGHT_MANAGER);
	if (!known || may_cancel(call, known, &manager))
		return -1;
	const char *listing_id = pg_text(known, 0, 3);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	pg_queue(ctx, tx, LOCK_LISTING, listing_id);
	if (check_standing(call, tx, id, manager, &now))
		return -1;
	struct pg_result *booking = pg_query(ctx, tx, CANCEL_BOOKING, id, rpc_param(call, "version"), now);
	if (version_check(call, tx, booking, BOOKING_EXISTS, id, "booking"))
		return -1;
	return publish_and_commit(call, tx, "events.booking.cancelled", listing_id, booking);
}
