#include "booking/store/store.h"

#include "base/fault.h"
#include "base/ids.h"
#include "booking/store/booking_json.h"
#include "booking/store/new_json.h"
#include "on_offer.h"
#include "pricing/refund.h"
#include "projection/projection.h"

#include <string.h>

/* The lengths of the buffers are what the time taken ($2) has around the period. The units stand behind a sub-select so
 * that the planner does not know how many there are, and keeps one plan for all bookings. */
#define INSERT_ROW(condition)                                                                                           \
	"WITH b AS (INSERT INTO booking (id, listing_id, company_id, user_id, kind, period, units, guests, extras, "    \
	"state, cause, named, unit_wish, price, price_amount, price_currency, policy, rules_version, buffer_before, "   \
	"buffer_after, overbooked, note, by_member, expires_at, held_at, option, takes_units, created_at, customer, "   \
	"booked_by, override, group_id, ready, series_id, occurrence) "                                                 \
	"SELECT $3::uuid, l.id, l.company_id, $4::uuid, $5, $6::tstzrange, $7::integer, $8::integer, "                  \
	"coalesce($9::jsonb, '[]'), $10, $11, $12::boolean, $13::integer[], $14::jsonb, $15::bigint, $16, $17::jsonb, " \
	"l.rules_version, lower($6::tstzrange) - lower($2::tstzrange), upper($2::tstzrange) - upper($6::tstzrange), "   \
	"$18::boolean, coalesce($19, ''), $20::boolean, $21::timestamptz, "                                             \
	"CASE WHEN $10 = 'held' THEN $23::timestamptz END, $22::boolean, $24::text IS NOT NULL, $23::timestamptz, "     \
	"$25::jsonb, $26::uuid, $27::jsonb, $28::uuid, $29::boolean, $30::uuid, $31::date "                             \
	"FROM listing l WHERE l.id = $1" condition " RETURNING id, listing_id), "                                       \
	"u AS (INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT b.id, b.listing_id, n, "          \
	"$2::tstzrange FROM b, unnest((SELECT $24::integer[])) n) SELECT FROM b"

/* Asks again whether the listing is on offer: the company may have been suspended while this call waited for it. */
static const char INSERT_BOOKING[] = INSERT_ROW(" AND " LISTING_ON_OFFER);
/* May be of a listing that is not. */
static const char INSERT_BLOCK[] = INSERT_ROW("");

static const char REMOVE_UNITS[] = "DELETE FROM booking_unit WHERE booking_id = $1";

/* $2: members of the row that change. $3: units that it takes from now on, $4: for how long. */
static const char UPDATE_BOOKING[] =
    "WITH u AS (INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT o.id, o.listing_id, n, "
    "$4::tstzrange FROM booking o, unnest($3::integer[]) n WHERE o.id = $1 RETURNING unit), "
    "b AS (UPDATE booking o SET (period, units, guests, extras, state, cause, unit_wish, price, price_amount, "
    "price_currency, overlapped, reason, cancelled_by, cancellation_fee, refund_due, expires_at, offered_at, decided_at, "
    "changed_at, ended_at, cancelled_at, first_start, takes_units, held_at, option, by_member, note, rules_version, overbooked, user_id, customer, booked_by, override, ready, buffer_before, "
    "buffer_after, version) = (SELECT p.period, p.units, p.guests, p.extras, p.state, p.cause, p.unit_wish, p.price, "
    "p.price_amount, p.price_currency, p.overlapped, p.reason, p.cancelled_by, p.cancellation_fee, p.refund_due, "
    "p.expires_at, p.offered_at, p.decided_at, p.changed_at, p.ended_at, p.cancelled_at, p.first_start, "
    "p.takes_units, p.held_at, p.option, p.by_member, p.note, p.rules_version, p.overbooked, p.user_id, p.customer, p.booked_by, p.override, p.ready, CASE WHEN $4::text IS NULL THEN o.buffer_before ELSE lower(p.period) - "
    "lower($4::tstzrange) END, CASE WHEN $4::text IS NULL THEN o.buffer_after ELSE upper($4::tstzrange) - "
    "upper(p.period) END, o.version + 1 FROM jsonb_populate_record(o, $2::jsonb) p) WHERE o.id = $1 RETURNING *), "
    "j AS MATERIALIZED (SELECT b.named, " BOOKING_JSON_WITH(
	"CASE WHEN $3::integer[] IS NULL THEN " BOOKING_UNIT_NUMBERS
	" ELSE to_jsonb($3::integer[]) END") " AS whole, b.user_id FROM b) "
					     "SELECT j.whole::text, " BOOKING_FOR_CUSTOMER(
						 "j.whole") "::text, j.user_id FROM j";

static const char SHARE[] = "SELECT booking_share($1, $2, $3::tstzrange)";

/* The database's constraint has refused what the code let through. */
static int refused(struct rpc_call *call)
{
	if (!pg_violated(call->ctx, "booking_no_overlap"))
		return -1;
	error_clear(&call->ctx->error);
	return rpc_conflict(call, "booked", "the period is taken");
}

const char *booking_kind_name(const struct new_booking *booking)
{
	return booking->is_block ? "block" : "booking";
}

static const char *number(struct rpc_call *call, bool known, int64_t value)
{
	return known ? arena_printf(&call->ctx->arena, "%lld", (long long)value) : NULL;
}

/* 1: written; 0: the listing is on offer no more; -1: an error. */
static int insert_row(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
		      const struct new_booking *booking, const char *id)
{
	struct arena *arena = &call->ctx->arena;
	const struct wish *wish = booking->wish;
	const struct price *price = booking->price && booking->price->known ? booking->price : NULL;
	const struct unit_choice *units = booking->units;
	struct pg_result *row =
	    pg_query(call->ctx, tx, booking->is_block ? INSERT_BLOCK : INSERT_BOOKING, terms->listing_id,
		     wish_range(call, &wish->taken), id, booking->user_id, booking_kind_name(booking),
		     wish_range(call, &wish->period), number(call, true, wish->units),
		     number(call, wish->guests > 0, wish->guests), wish->extras, booking_state_name(booking->step->to),
		     booking_cause_name(booking->step->cause), terms->rules.named ? "true" : "false", wish->numbers,
		     price ? price_json(arena, price) : NULL, number(call, price, price ? price->total : 0),
		     price ? price->currency : NULL, refund_policy_json(arena, &terms->rules),
		     units && units->overbooked ? "true" : "false", booking->note, booking->by_member,
		     booking->expires_at, booking->is_option ? "true" : "false", terms_time(call, terms->now),
		     units ? units->numbers : NULL, booking->customer, booking->booked_by, booking->override,
		     booking->group_id, booking->ready ? "true" : "false", booking->series_id, booking->occurrence);
	return row ? (int)pg_count(row) : -1;
}

/* The rows of its units in the listings that share walls with its own. */
static int share(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
		 const struct span *taken)
{
	if (!terms->space_ids || FAULT("walls.rows"))
		return 0;
	return pg_query(call->ctx, tx, SHARE, id, terms->listing_id, wish_range(call, taken)) ? 0 : refused(call);
}

int store_insert(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct new_booking *booking,
		 struct written_booking *ret)
{
	char id[UUID_SIZE];
	uuid_make(id);
	int count = insert_row(call, tx, terms, booking, id);
	if (count <= 0) {
		(void)(count == 0 ? rpc_not_found(call, "listing") : refused(call));
		return -1;
	}
	if (booking->units && share(call, tx, terms, id, &booking->wish->taken))
		return -1;
	*ret = (struct written_booking){
	    .id = arena_strdup(&call->ctx->arena, id),
	    .state = booking->step->to,
	    .whole = new_json(call, terms, booking, id, false),
	    .for_customer = new_json(call, terms, booking, id, true),
	    .user_id = booking->user_id,
	};
	return rpc_publish(call, tx, booking->step->topic, terms->listing_id, ret->whole);
}

int store_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct new_booking *booking)
{
	struct written_booking written;
	return store_insert(call, tx, terms, booking, &written) ? -1 : store_end(call, tx, terms, &written);
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

int store_step(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
	       const struct booking_update *update, struct written_booking *ret)
{
	struct pg_result *row = update_row(call, tx, id, update);
	if (!row) {
		(void)refused(call);
		return -1;
	}
	if (update->units && share(call, tx, terms, id, update->taken))
		return -1;
	*ret = (struct written_booking){
	    .id = id,
	    .state = update->step->to,
	    .whole = pg_text(row, 0, 0),
	    .for_customer = pg_text(row, 0, 1),
	    .user_id = pg_text(row, 0, 2),
	};
	return rpc_publish(call, tx, update->step->topic, terms->listing_id, ret->whole);
}

void store_project(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms)
{
	if (terms->space_ids) {
		projection_queue_busy(call->ctx, tx, terms->shared_ids);
		return;
	}
	const struct booking_rules *rules = &terms->rules;
	const struct projection_time time = {
	    .listing_id = terms->listing_id,
	    .units = rules->units + rules->overbooking,
	    .named = rules->named,
	    .buffer_before = rules->buffer_before,
	    .buffer_after = rules->buffer_after,
	    .closed_by = terms->closed_by,
	};
	projection_queue_time(call->ctx, tx, &time);
}

const char *written_for(struct rpc_call *call, const struct written_booking *written)
{
	const char *caller = rpc_caller_id(call);
	bool customer = caller && written->user_id && strcmp(caller, written->user_id) == 0;
	return customer ? written->for_customer : written->whole;
}

int store_end(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct written_booking *written)
{
	store_project(call, tx, terms);
	return rpc_commit_text(call, tx, written_for(call, written));
}

int store_update(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
		 const struct booking_update *update)
{
	struct written_booking written;
	return store_step(call, tx, terms, id, update, &written) ? -1 : store_end(call, tx, terms, &written);
}
