#include "booking/store/terms.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fault.h"
#include "on_offer.h"

#include <string.h>

#define MICROSECONDS "floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

/* No transaction waits that long for a lock. The planner takes no value that changes as the bound of an index: without
 * this one each booking would read all holds and requests that wait, of all listings. */
#define LONGEST_WAIT "interval '5 minutes'"

/* NO KEY: rows that refer to the listing may be written meanwhile; other bookings of it may not. The clock is read in
 * the outer query, so after the row is locked. */
#define SELECT_TERMS(which, lock)                                                                                     \
	"SELECT terms.*, " MICROSECONDS " FROM (SELECT l.id, l.company_id, " LISTING_ON_OFFER " AS on_offer, "        \
	"EXISTS (SELECT FROM booking b WHERE b.state IN ('held', 'requested') AND b.expires_at <= clock_timestamp() " \
	"AND b.expires_at <= now() + " LONGEST_WAIT " AND b.listing_id = l.id) AS due, " RULES_COLUMNS                \
	", " PRICING_COLUMNS " FROM listing l JOIN listing_type t ON t.key = l.type WHERE " which lock ") terms"
#define IDS_TEXT_MAX 65536
#define RULES_COLUMN 4
#define PRICING_COLUMN (RULES_COLUMN + RULES_COLUMN_COUNT)
#define CLOCK_COLUMN (PRICING_COLUMN + PRICING_COLUMN_COUNT)

/* Of a listing that shares walls there is no row. */
static const char LOCK[] = SELECT_TERMS("l.id = $1 AND l.space_id IS NULL", " FOR NO KEY UPDATE OF l");
static const char LOCK_MANY[] =
    SELECT_TERMS("l.id = ANY ($1::uuid[]) AND l.space_id IS NULL AND NOT EXISTS (SELECT FROM listing x "
		 "WHERE x.id = ANY ($1::uuid[]) AND x.space_id IS NOT NULL)",
		 " ORDER BY l.id FOR NO KEY UPDATE OF l");

/* With all that share walls with any of them: arrays, since beside an OR the planner has no index for a sub-select. */
static const char LOCK_SPACES[] =
    "SELECT l.id FROM listing l WHERE l.id = ANY ((SELECT $1::uuid[])::uuid[]) OR l.space_id = ANY (ARRAY("
    "SELECT x.space_id FROM listing x WHERE x.id = ANY ((SELECT $1::uuid[])::uuid[]))) ORDER BY l.id "
    "FOR NO KEY UPDATE";
/* One row a listing that shares walls. $2: those that were locked. False when walls were changed while they were waited
 * for. */
static const char SELECT_SPACES[] =
    "SELECT l.id, (SELECT array_agg(o.id)::text FROM listing o WHERE o.space_id = l.space_id), "
    "(SELECT array_agg(o.id)::text FROM listing o WHERE o.space_id = l.space_id AND (o.id = l.id OR o.id = ANY (l.includes) "
    "OR l.id = ANY (o.includes) OR o.includes && l.includes)), "
    "(SELECT bool_and(o.id = ANY ($2::uuid[])) FROM listing o WHERE o.space_id IN (SELECT x.space_id FROM listing x "
    "WHERE x.id = ANY ($1::uuid[]))) FROM listing l WHERE l.id = ANY ($1::uuid[]) AND l.space_id IS NOT NULL";

static const char READ[] = SELECT_TERMS("l.id = $1", "");
static const char READ_MANY[] = SELECT_TERMS("l.id = ANY ($1::uuid[])", "");

static int read_row(struct rpc_call *call, const struct pg_result *rows, size_t row, struct terms *ret)
{
	*ret = (struct terms){
	    .listing_id = pg_text(rows, row, 0),
	    .company_id = pg_text(rows, row, 1),
	    .on_offer = pg_boolean(rows, row, 2),
	    .due = pg_boolean(rows, row, 3),
	    .now = pg_integer(rows, row, CLOCK_COLUMN),
	};
	if (rules_of_row(call->ctx, rows, row, RULES_COLUMN, &ret->rules))
		return -1;
	if (ret->rules.has_hours || ret->rules.exception_count > 0)
		ret->closed_by =
		    arena_printf(&call->ctx->arena, "%s %s %s", pg_text(rows, row, RULES_COLUMN),
				 pg_text(rows, row, RULES_COLUMN + 1), pg_text(rows, row, RULES_COLUMN + 2));
	return pricing_of_row(call->ctx, rows, row, PRICING_COLUMN, &ret->pricing);
}

static int read_only_row(struct rpc_call *call, const struct pg_result *row, struct terms *ret)
{
	if (pg_count(row) == 0)
		return rpc_not_found(call, "listing");
	return read_row(call, row, 0, ret);
}

static const char *ids_text(struct rpc_call *call, const char *const *ids, size_t count)
{
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, IDS_TEXT_MAX);
	buffer_append_char(&text, '{');
	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, "%s%s", i > 0 ? "," : "", ids[i]);
	buffer_append_char(&text, '}');
	return buffer_text(&text);
}

/* The ids of the rows' first column likewise. */
static const char *rows_text(struct rpc_call *call, const struct pg_result *rows)
{
	const char **ids = arena_alloc(&call->ctx->arena, (pg_count(rows) + 1) * sizeof(*ids));
	for (size_t row = 0; row < pg_count(rows); row++)
		ids[row] = pg_text(rows, row, 0);
	return ids_text(call, ids, pg_count(rows));
}

/* The terms of one id among the rows; without a listing_id where none is of it. */
static int find_row(struct rpc_call *call, const struct pg_result *rows, const char *listing_id, struct terms *ret)
{
	*ret = (struct terms){0};
	for (size_t row = 0; row < pg_count(rows); row++)
		if (strcmp(pg_text(rows, row, 0), listing_id) == 0)
			return read_row(call, rows, row, ret);
	return 0;
}

/* rows: what READ_MANY or LOCK_MANY found. */
static int take_rows(struct rpc_call *call, const struct pg_result *rows, const char *const *listing_ids, size_t count,
		     struct terms *ret)
{
	size_t last = pg_count(rows);
	int64_t now = last > 0 ? pg_integer(rows, last - 1, CLOCK_COLUMN) : 0;
	for (size_t i = 0; i < count; i++) {
		if (find_row(call, rows, listing_ids[i], &ret[i]))
			return -1;
		ret[i].now = now;
	}
	return 0;
}

/* What SELECT_SPACES found. */
static void take_spaces(const struct pg_result *spaces, const char *const *listing_ids, size_t count, struct terms *ret)
{
	for (size_t i = 0; i < count; i++)
		for (size_t row = 0; row < pg_count(spaces); row++)
			if (strcmp(pg_text(spaces, row, 0), listing_ids[i]) == 0) {
				ret[i].space_ids = pg_text(spaces, row, 1);
				ret[i].shared_ids = pg_text(spaces, row, 2);
			}
}

/* Locks the listings with all that share walls with them. */
static int lock_spaces(struct rpc_call *call, struct pg_tx *tx, const char *const *listing_ids, size_t count,
		       struct terms *ret)
{
	const char *ids = ids_text(call, listing_ids, count);
	struct pg_result *locked =
	    FAULT("walls.lock") ? pg_query(call->ctx, tx, READ_MANY, ids) : pg_query(call->ctx, tx, LOCK_SPACES, ids);
	if (!locked)
		return -1;
	struct pg_result *spaces = pg_query(call->ctx, tx, SELECT_SPACES, ids, rows_text(call, locked));
	struct pg_result *rows = spaces ? pg_query(call->ctx, tx, READ_MANY, ids) : NULL;
	if (!rows)
		return -1;
	if (pg_count(spaces) > 0 && !pg_boolean(spaces, 0, 3) && !FAULT("walls.lock"))
		return context_fail(call->ctx, ERROR_CONFLICT, "serialization",
				    "the walls of the listing were being changed: ask again");
	if (take_rows(call, rows, listing_ids, count, ret))
		return -1;
	take_spaces(spaces, listing_ids, count, ret);
	return 0;
}

int terms_lock_many(struct rpc_call *call, struct pg_tx *tx, const char *const *listing_ids, size_t count,
		    struct terms *ret)
{
	struct pg_result *rows =
	    pg_query(call->ctx, tx, FAULT("booking.lock") ? READ_MANY : LOCK_MANY, ids_text(call, listing_ids, count));
	if (!rows || take_rows(call, rows, listing_ids, count, ret))
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!ret[i].listing_id) /* it shares walls, perhaps since this call waited for it */
			return lock_spaces(call, tx, listing_ids, count, ret);
	return 0;
}

int terms_lock(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, struct terms *ret)
{
	struct pg_result *row = pg_query(call->ctx, tx, FAULT("booking.lock") ? READ : LOCK, listing_id);
	if (!row)
		return -1;
	if (pg_count(row) > 0)
		return read_row(call, row, 0, ret);
	if (lock_spaces(call, tx, &listing_id, 1, ret))
		return -1;
	return ret->listing_id ? 0 : rpc_not_found(call, "listing");
}

int terms_locked(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, struct terms *ret)
{
	struct pg_result *row = pg_query(call->ctx, tx, READ, listing_id);
	return row ? read_only_row(call, row, ret) : -1;
}

int terms_read(struct rpc_call *call, const char *listing_id, struct terms *ret)
{
	struct pg_result *row = pg_read(call->ctx, call->db, READ, listing_id);
	return row ? read_only_row(call, row, ret) : -1;
}

const char *terms_time(struct rpc_call *call, int64_t instant)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(instant, text);
	return arena_strdup(&call->ctx->arena, text);
}
