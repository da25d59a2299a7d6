#include "pricing/quote.h"

#include "base/buffer.h"
#include "base/ids.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 1000
#define EXTRAS_TEXT_MAX 32768

static const char INSERT_QUOTE[] =
    "WITH gone AS (DELETE FROM quote WHERE id IN (SELECT id FROM quote WHERE user_id = $2 "
    "ORDER BY expires_at DESC, id DESC OFFSET " QUOTES_PER_USER_TEXT " - 1)) "
    "INSERT INTO quote (id, user_id, listing_id, period, units, guests, extras, price, many_id, place, expires_at) "
    "VALUES ($1, $2, $3, $4::tstzrange, $5::integer, nullif($6::integer, 0), $7::jsonb, $8::jsonb, $9::uuid, $10::integer, "
    "now() + interval '" QUOTE_LIFETIME "') RETURNING api_time(expires_at)";

#define SELECT_QUOTE(which)                                                                                  \
	"SELECT price::text, expires_at > $8::timestamptz, listing_id = $3 AND period = $4::tstzrange AND "  \
	"units = $5::integer AND guests IS NOT DISTINCT FROM nullif($6::integer, 0) AND extras = $7::jsonb " \
	"FROM quote WHERE " which " AND user_id = $2"

static const char SELECT_ONE[] = SELECT_QUOTE("id = $1");
static const char SELECT_PLACED[] = SELECT_QUOTE("many_id = $1 AND place = $9::integer");

static const char DELETE_EXPIRED[] =
    "DELETE FROM quote WHERE id IN (SELECT id FROM quote WHERE expires_at <= now() ORDER BY expires_at LIMIT 1000 "
    "FOR UPDATE SKIP LOCKED) RETURNING 1";

static int compare_keys(const void *one, const void *other)
{
	const struct price_extra *left = one, *right = other;
	return strcmp(left->key, right->key);
}

/* In one order, so that equal choices are equal texts. */
static const char *extras_json(struct arena *arena, const struct price_request *request)
{
	struct price_extra *extras = arena_alloc(arena, request->extra_count * sizeof(*extras));
	struct buffer out;
	buffer_init_arena(&out, arena, EXTRAS_TEXT_MAX);
	if (request->extra_count > 0)
		memcpy(extras, request->extras, request->extra_count * sizeof(*extras));
	qsort(extras, request->extra_count, sizeof(*extras), compare_keys);
	buffer_append_char(&out, '[');
	for (size_t i = 0; i < request->extra_count; i++) {
		buffer_append_text(&out, i > 0 ? ",{\"key\":" : "{\"key\":");
		buffer_append_json_string(&out, extras[i].key);
		buffer_printf(&out, ",\"quantity\":%lld}", (long long)extras[i].count);
	}
	buffer_append_char(&out, ']');
	return buffer_text(&out);
}

/* A request as the statements take it. */
struct request_values {
	const char *period, *units, *guests, *extras;
};

static struct request_values values_of(struct arena *arena, const struct price_request *request)
{
	return (struct request_values){
	    .period = pg_range_text(arena, request->period.from, request->period.to),
	    .units = arena_printf(arena, "%d", request->units),
	    .guests = arena_printf(arena, "%d", request->guests),
	    .extras = extras_json(arena, request),
	};
}

int quote_store(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const struct price_request *request,
		const struct price *price, const struct quote_place *place, struct quote *ret)
{
	struct arena *arena = &call->ctx->arena;
	struct request_values values = values_of(arena, request);
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_result *row =
	    pg_query(call->ctx, tx, INSERT_QUOTE, id, call->caller->id, listing_id, values.period, values.units,
		     values.guests, values.extras, price_json(arena, price), place ? place->many_id : NULL,
		     place ? arena_printf(arena, "%zu", place->place) : NULL);
	if (!row)
		return -1;
	*ret = (struct quote){arena_strdup(arena, id), pg_text(row, 0, 0), values.extras};
	return 0;
}

static int unusable(struct rpc_call *call, const char *cause, const char *words)
{
	return rpc_precondition(call, "quote", arena_printf(&call->ctx->arena, "\"cause\":\"%s\"", cause), "%s", words);
}

/* row: what SELECT_QUOTE found. */
static int use(struct rpc_call *call, const struct pg_result *row, struct price *ret)
{
	if (pg_count(row) == 0)
		return unusable(call, "unknown", "the caller has no such quote");
	if (!pg_boolean(row, 0, 1))
		return unusable(call, "expired", "the quote has expired");
	if (!pg_boolean(row, 0, 2))
		return unusable(
		    call, "other_request",
		    "the quote is of another listing, period, number of units or guests, or choice of extras");
	return price_read(call->ctx, pg_text(row, 0, 0), ret);
}

int quote_find(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const struct price_request *request,
	       struct price *ret)
{
	struct request_values values = values_of(&call->ctx->arena, request);
	char now[CLOCK_TEXT_SIZE];
	clock_format(request->now, now);
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_ONE, rpc_param(call, "quote_id"), call->caller->id,
					 listing_id, values.period, values.units, values.guests, values.extras, now);
	return row ? use(call, row, ret) : -1;
}

int quote_find_placed(struct rpc_call *call, struct pg_tx *tx, const struct quote_place *place, const char *listing_id,
		      const struct price_request *request, struct price *ret)
{
	struct request_values values = values_of(&call->ctx->arena, request);
	char now[CLOCK_TEXT_SIZE];
	clock_format(request->now, now);
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_PLACED, place->many_id, call->caller->id, listing_id,
					 values.period, values.units, values.guests, values.extras, now,
					 arena_printf(&call->ctx->arena, "%zu", place->place));
	return row ? use(call, row, ret) : -1;
}

int quote_clean(struct context *ctx, struct pg *db)
{
	struct pg_result *gone;
	do {
		gone = pg_write(ctx, db, DELETE_EXPIRED);
		if (!gone)
			return -1;
	} while (pg_count(gone) == BATCH);
	return 0;
}
