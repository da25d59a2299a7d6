#include "booking/series/series_store.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "booking/store/fields.h"

#include <string.h>

#define DATES_MAX ((size_t)256 * 1024)

#define HASH "sha256(convert_to(($3::jsonb - 'idempotency_key')::text, 'UTF8'))"

/* A key is good for as long as the runtime keeps answers under one. */
static const char FREE_KEY[] = "UPDATE booking_series SET idempotency_key = NULL WHERE caller = $1 "
			       "AND idempotency_key = $2 AND created_at < now() - interval '48 hours'";
static const char FIND[] =
    "SELECT id, params_hash = " HASH " FROM booking_series WHERE caller = $1 AND idempotency_key = $2";

/* Whoever else writes this key at the moment is waited for. */
static const char INSERT_SERIES[] =
    "INSERT INTO booking_series (id, listing_id, company_id, user_id, customer, booked_by, first, time_zone, recurrence, "
    "wish, mode, caller, idempotency_key, params_hash, missing, created_at) "
    "SELECT $4, l.id, l.company_id, $5::uuid, $6::jsonb, $7::uuid, $8::tstzrange, l.time_zone, $3::jsonb->'recurrence', "
    "(SELECT coalesce(jsonb_object_agg(p.key, p.value), '{}') FROM jsonb_each($3::jsonb) p "
    "WHERE p.key IN ('units', 'unit_numbers', 'guests', 'extras', 'note')), $9, $1, $2, " HASH
    ", $10::text[], clock_timestamp() FROM listing l WHERE l.id = $11 "
    "ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING RETURNING id";

/* $2: [[date, from, to, result]]; from NULL where nothing is left of the time. */
static const char INSERT_OCCURRENCES[] =
    "INSERT INTO booking_occurrence (series_id, date, period, result) SELECT $1, (d->>0)::date, "
    "CASE WHEN d->>1 < d->>2 THEN tstzrange((d->>1)::timestamptz, (d->>2)::timestamptz) END, d->>3 "
    "FROM jsonb_array_elements($2::jsonb) d";

#define MICROSECONDS(time) "coalesce(floor(extract(epoch FROM " time ") * 1000000)::bigint, 0)"

static const char SELECT_WAITING[] = "SELECT date::text, " MICROSECONDS("lower(period)") ", " MICROSECONDS(
    "upper(period)") " FROM booking_occurrence "
		     "WHERE series_id = $1 AND result = 'waiting' ORDER BY date LIMIT $2::integer";

static const char SELECT_REFUSALS[] =
    "SELECT coalesce(jsonb_agg(jsonb_build_object('date', date, 'refusals', refusals) ORDER BY date) "
    "FILTER (WHERE result = 'refused'), '[]')::text, coalesce(bool_or(result IN ('booked', 'requested')), false) "
    "FROM booking_occurrence WHERE series_id = $1";

static const char FORGET_OCCURRENCES[] = "DELETE FROM booking_occurrence WHERE series_id = $1";
static const char FORGET_SERIES[] = "DELETE FROM booking_series WHERE id = $1";

/* The months without the day as a PostgreSQL array. */
static const char *missing_text(struct rpc_call *call, const struct recurring *recurring)
{
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, DATES_MAX);
	buffer_append_char(&out, '{');
	for (size_t i = 0; i < recurring->count; i++)
		if (recurring->dates[i].result == RECURRENCE_MISSING)
			buffer_printf(&out, "%s%s", out.length > 1 ? "," : "", recurring->dates[i].occurrence.date);
	buffer_append_char(&out, '}');
	return buffer_text(&out);
}

static const char *dates_text(struct rpc_call *call, const struct recurring *recurring)
{
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, DATES_MAX);
	buffer_append_char(&out, '[');
	for (size_t i = 0; i < recurring->count; i++) {
		const struct recurring_date *date = &recurring->dates[i];
		if (date->result == RECURRENCE_MISSING)
			continue;
		buffer_printf(&out, "%s[\"%s\",\"%s\",\"%s\",\"%s\"]", out.length > 1 ? "," : "", date->occurrence.date,
			      terms_time(call, date->occurrence.period.from),
			      terms_time(call, date->occurrence.period.to),
			      date->result == RECURRENCE_EXCEPT ? "skipped" : "waiting");
	}
	buffer_append_char(&out, ']');
	return buffer_text(&out);
}

/* The series of an earlier call with the key. 1: it is there; 0: there is none; -1 with an error. */
static int find(struct rpc_call *call, struct pg_tx *tx, const char *key, const char *params, struct series *ret)
{
	pg_queue(call->ctx, tx, FREE_KEY, call->caller->id, key);
	struct pg_result *row = pg_query(call->ctx, tx, FIND, call->caller->id, key, params);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return 0;
	if (!pg_boolean(row, 0, 1))
		return rpc_conflict(call, "idempotency_key", "this idempotency key was used with other parameters");
	ret->id = pg_text(row, 0, 0);
	return 1;
}

static int insert(struct rpc_call *call, struct pg_tx *tx, struct recurring *recurring, const char *key,
		  const char *params)
{
	struct series *series = &recurring->series;
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_result *row =
	    pg_query(call->ctx, tx, INSERT_SERIES, call->caller->id, key, params, id, series->customer.user_id,
		     series->customer.json, series->customer.booked_by, wish_range(call, &series->wish.period),
		     recurring->all ? "all" : "each", missing_text(call, recurring), series->listing_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return find(call, tx, key, params, series) == 1 ? 0 : rpc_not_found(call, "listing");
	series->id = pg_text(row, 0, 0);
	pg_queue(call->ctx, tx, INSERT_OCCURRENCES, series->id, dates_text(call, recurring));
	return 0;
}

int series_open(struct rpc_call *call, struct pg_tx *tx, struct recurring *recurring)
{
	const char *key = rpc_param(call, "idempotency_key"), *params = rpc_params_text(call);
	int found = key ? find(call, tx, key, params, &recurring->series) : 0;
	if (found != 0)
		return found > 0 ? 0 : -1;
	return insert(call, tx, recurring, key, params);
}

int series_waiting(struct rpc_call *call, struct pg_tx *tx, const char *id, size_t most, struct series_occurrence **ret,
		   size_t *ret_count)
{
	struct arena *arena = &call->ctx->arena;
	struct pg_result *rows = pg_query(call->ctx, tx, SELECT_WAITING, id, arena_printf(arena, "%zu", most));
	if (!rows)
		return -1;
	*ret_count = pg_count(rows);
	*ret = arena_alloc(arena, (*ret_count + 1) * sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		(*ret)[i] = (struct series_occurrence){.date = pg_text(rows, i, 0),
						       .period = {pg_integer(rows, i, 1), pg_integer(rows, i, 2)}};
	return 0;
}

int series_refusals(struct rpc_call *call, struct pg_tx *tx, const char *id, const char **ret, bool *ret_any_booked)
{
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_REFUSALS, id);
	if (!row)
		return -1;
	*ret = pg_text(row, 0, 0);
	*ret_any_booked = pg_boolean(row, 0, 1);
	return 0;
}

void series_forget(struct rpc_call *call, struct pg_tx *tx, const char *id)
{
	pg_queue(call->ctx, tx, FORGET_OCCURRENCES, id);
	pg_queue(call->ctx, tx, FORGET_SERIES, id);
}
