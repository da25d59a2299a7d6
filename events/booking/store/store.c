#include "booking/store/store.h"

#include "base/ids.h"
#include "booking/store/booking_json.h"
#include "booking/store/fields.h"
#include "on_offer.h"
#include "projection/projection.h"

#include <string.h>

#define NEW_COLUMNS                                                                                            \
	"id, listing_id, company_id, user_id, kind, period, units, guests, extras, state, cause, named, "      \
	"unit_wish, price, price_amount, price_currency, policy, rules_version, buffer_before, buffer_after, " \
	"overbooked, note, by_member, expires_at, held_at, option, takes_units"

/* Of JSON: what was not given has the column's default. Asks again whether the listing is on offer: the company may
 * have been suspended while this call waited for it. A block may be of a listing that is not. */
static const char INSERT_BOOKING[] =
    "WITH b AS (INSERT INTO booking (" NEW_COLUMNS ") "
    "SELECT p.id, l.id, l.company_id, p.user_id, p.kind, p.period, p.units, p.guests, coalesce(p.extras, '[]'), "
    "p.state, p.cause, p.named, p.unit_wish, p.price, p.price_amount, p.price_currency, "
    "coalesce((t.rules || l.rules)->'cancellation', '[]'), l.rules_version, "
    "lower(p.period) - lower($2::tstzrange), upper($2::tstzrange) - upper(p.period), "
    "coalesce(p.overbooked, false), coalesce(p.note, ''), p.by_member, "
    "p.expires_at, CASE WHEN p.state = 'held' THEN now() END, coalesce(p.option, false), $3::text IS NOT NULL "
    "FROM jsonb_populate_record(NULL::booking, $1::jsonb) p JOIN listing l ON l.id = p.listing_id "
    "JOIN listing_type t ON t.key = l.type WHERE p.kind = 'block' OR " LISTING_ON_OFFER " RETURNING *), "
    "u AS (INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT b.id, b.listing_id, n, $2::tstzrange "
    "FROM b, unnest($3::integer[]) n), "
    "j AS MATERIALIZED (SELECT b.named, b.user_id, " BOOKING_JSON_WITH(
	"coalesce(to_jsonb($3::integer[]), '[]')") " AS whole FROM b) "
						   "SELECT j.whole::text, " BOOKING_FOR_CUSTOMER(
						       "j.whole") "::text, j.user_id FROM j";

static const char REMOVE_UNITS[] = "DELETE FROM booking_unit WHERE booking_id = $1";

/* $2: members of the row that change. $3: units that it takes from now on, $4: for how long. */
static const char UPDATE_BOOKING[] =
    "WITH u AS (INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT o.id, o.listing_id, n, "
    "$4::tstzrange FROM booking o, unnest($3::integer[]) n WHERE o.id = $1 RETURNING unit), "
    "b AS (UPDATE booking o SET (period, units, guests, extras, state, cause, unit_wish, price, price_amount, "
    "price_currency, overlapped, reason, cancelled_by, cancellation_fee, refund_due, expires_at, offered_at, decided_at, "
    "changed_at, ended_at, cancelled_at, first_start, takes_units, held_at, option, by_member, note, rules_version, overbooked, buffer_before, "
    "buffer_after, version) = (SELECT p.period, p.units, p.guests, p.extras, p.state, p.cause, p.unit_wish, p.price, "
    "p.price_amount, p.price_currency, p.overlapped, p.reason, p.cancelled_by, p.cancellation_fee, p.refund_due, "
    "p.expires_at, p.offered_at, p.decided_at, p.changed_at, p.ended_at, p.cancelled_at, p.first_start, "
    "p.takes_units, p.held_at, p.option, p.by_member, p.note, p.rules_version, p.overbooked, CASE WHEN $4::text IS NULL THEN o.buffer_before ELSE lower(p.period) - "
    "lower($4::tstzrange) END, CASE WHEN $4::text IS NULL THEN o.buffer_after ELSE upper($4::tstzrange) - "
    "upper(p.period) END, o.version + 1 FROM jsonb_populate_record(o, $2::jsonb) p) WHERE o.id = $1 RETURNING *), "
    "j AS MATERIALIZED (SELECT b.named, " BOOKING_JSON_WITH(
	"CASE WHEN $3::integer[] IS NULL THEN " BOOKING_UNIT_NUMBERS
	" ELSE to_jsonb($3::integer[]) END") " AS whole, b.user_id FROM b) "
					     "SELECT j.whole::text, " BOOKING_FOR_CUSTOMER(
						 "j.whole") "::text, j.user_id FROM j";

/* The row of a new booking as JSON. */
static const char *row_text(struct rpc_call *call, const struct terms *terms, const struct new_booking *booking,
			    const char *id)
{
	const struct wish *wish = booking->wish;
	struct fields row;
	fields_init(&row, call);
	fields_text(&row, "id", id);
	fields_text(&row, "listing_id", terms->listing_id);
	fields_text(&row, "user_id", booking->user_id);
	fields_text(&row, "kind", booking->is_block ? "block" : "booking");
	fields_text(&row, "period", wish_range(call, &wish->period));
	fields_integer(&row, "units", wish->units);
	if (wish->guests > 0)
		fields_integer(&row, "guests", wish->guests);
	fields_json(&row, "extras", wish->extras);
	fields_text(&row, "state", booking_state_name(booking->step->to));
	fields_text(&row, "cause", booking_cause_name(booking->step->cause));
	fields_boolean(&row, "named", terms->rules.named);
	if (wish->numbers)
		fields_json(&row, "unit_wish", rpc_param(call, "unit_numbers"));
	if (booking->price)
		fields_price(&row, booking->price);
	fields_boolean(&row, "overbooked", booking->units && booking->units->overbooked);
	fields_text(&row, "note", booking->note);
	fields_json(&row, "by_member", booking->by_member);
	fields_text(&row, "expires_at", booking->expires_at);
	fields_boolean(&row, "option", booking->is_option);
	return arena_printf(&call->ctx->arena, "{%s}", fields_members(&row));
}

/* The database's constraint has refused what the code let through. */
static int refused(struct rpc_call *call)
{
	if (!pg_violated(call->ctx, "booking_no_overlap"))
		return -1;
	error_clear(&call->ctx->error);
	return rpc_conflict(call, "booked", "the period is taken");
}

struct pg_result *store_insert(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
			       const struct new_booking *booking)
{
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_result *row =
	    pg_query(call->ctx, tx, INSERT_BOOKING, row_text(call, terms, booking, id),
		     wish_range(call, &booking->wish->taken), booking->units ? booking->units->numbers : NULL);
	if (!row || pg_count(row) == 0) {
		(void)(row ? rpc_not_found(call, "listing") : refused(call));
		return NULL;
	}
	return rpc_publish(call, tx, booking->step->topic, terms->listing_id, pg_text(row, 0, 0)) ? NULL : row;
}

int store_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct new_booking *booking)
{
	struct pg_result *row = store_insert(call, tx, terms, booking);
	return row ? store_end(call, tx, terms, row) : -1;
}

static struct pg_result *update_row(struct rpc_call *call, struct pg_tx *tx, const char *id,
				    const struct booking_update *update)
{
	const struct booking_step *step = update->step;
	const char *overbooked =
	    update->units ? (update->units->overbooked ? ",\"overbooked\":true" : ",\"overbooked\":false") : "";
	const char *patch = arena_printf(&call->ctx->arena, "{\"state\":\"%s\",\"cause\":\"%s\"%s%s%s}",
					 booking_state_name(step->to), booking_cause_name(step->cause), overbooked,
					 update->patch ? "," : "", update->patch ? update->patch : "");
	const char *units = update->units ? update->units->numbers : update->released ? "{}" : NULL;
	if (units)
		pg_queue(call->ctx, tx, REMOVE_UNITS, id);
	return pg_query(call->ctx, tx, UPDATE_BOOKING, id, patch, units,
			update->units ? wish_range(call, update->taken) : NULL);
}

struct pg_result *store_step(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
			     const struct booking_update *update)
{
	struct pg_result *row = update_row(call, tx, id, update);
	if (!row) {
		(void)refused(call);
		return NULL;
	}
	return rpc_publish(call, tx, update->step->topic, terms->listing_id, pg_text(row, 0, 0)) ? NULL : row;
}

int store_end(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct pg_result *row)
{
	const char *caller = rpc_caller_id(call), *user = pg_text(row, 0, 2);
	bool customer = caller && user && strcmp(caller, user) == 0;
	projection_queue_busy(call->ctx, tx, arena_printf(&call->ctx->arena, "{%s}", terms->listing_id));
	return rpc_commit_text(call, tx, pg_text(row, 0, customer ? 1 : 0));
}

int store_update(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
		 const struct booking_update *update)
{
	struct pg_result *row = store_step(call, tx, terms, id, update);
	return row ? store_end(call, tx, terms, row) : -1;
}
