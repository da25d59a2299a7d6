/* What a listing includes: the parts of a whole, which are sold apart from it and never against it. */
#include "booking/includes.h"

#include "base/buffer.h"
#include "booking/by_company.h"
#include "booking/store/due.h"
#include "booking/store/fields.h"
#include "catalogue/listing_json.h"
#include "projection/projection.h"

#include <string.h>

#define SPACE_MOST 64
#define SPACE_MOST_TEXT "64"
#define TO_COME_MOST 5000
#define TO_COME_MOST_TEXT "5000"

/* The listing, those it is to include, and all that share walls with any of them. */
static const char SELECT_SPACE[] =
    "SELECT l.id FROM listing l WHERE l.id = ANY ($1::uuid[]) OR l.space_id = ANY (ARRAY(SELECT x.space_id FROM listing x "
    "WHERE x.id = ANY ($1::uuid[]))) ORDER BY l.id LIMIT " SPACE_MOST_TEXT " + 1";

/* What stands against $2 as the parts of $1: a listing that is no other one of its company; one that is a whole;
 * whether $1 is a part itself; its units; its version; bookings to come of all ($3). */
static const char SELECT_FITS[] =
    "SELECT (SELECT p.id FROM unnest($2::uuid[]) p(id) LEFT JOIN listing x ON x.id = p.id "
    "WHERE x.company_id IS DISTINCT FROM l.company_id LIMIT 1), "
    "(SELECT x.id FROM listing x WHERE x.id = ANY ($2::uuid[]) AND x.includes <> '{}' LIMIT 1), "
    "EXISTS (SELECT FROM listing o WHERE o.space_id = l.space_id AND l.id = ANY (o.includes)), l.units, l.version, "
    "(SELECT count(DISTINCT u.booking_id) FROM booking_unit u JOIN booking b ON b.id = u.booking_id "
    "AND b.listing_id = u.listing_id WHERE u.listing_id = ANY ($3::uuid[]) AND upper(u.period) > now()) "
    "FROM listing l WHERE l.id = $1";

static const char SET_INCLUDES[] =
    "UPDATE listing SET includes = $2::uuid[], version = version + 1, updated_at = now() WHERE id = $1";

/* Those that are connected by includes have the least id of them. */
static const char SET_SPACES[] =
    "WITH RECURSIVE edge(one, other) AS (SELECT l.id, p FROM listing l, unnest(l.includes) p WHERE l.id = ANY ($1::uuid[]) "
    "UNION ALL SELECT p, l.id FROM listing l, unnest(l.includes) p WHERE l.id = ANY ($1::uuid[])), "
    "reached(id, other) AS (SELECT e.one, e.one FROM edge e UNION SELECT r.id, e.other FROM reached r JOIN edge e "
    "ON e.one = r.other), space AS (SELECT r.id, (array_agg(r.other ORDER BY r.other))[1] AS least FROM reached r GROUP BY r.id) "
    "UPDATE listing l SET space_id = (SELECT s.least FROM space s WHERE s.id = l.id) WHERE l.id = ANY ($1::uuid[])";

/* Bookings to come that would meet: of the whole, and of itself (it may have been overbooked), its parts or another
 * whole of these. */
static const char SELECT_MET[] =
    "SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'listing_id', m.listing_id, 'kind', m.kind, 'period', "
    "api_period(m.period)) ORDER BY lower(m.period), m.id), '[]')::text, count(*) FROM ("
    "SELECT DISTINCT b.id, b.listing_id, b.kind, b.period FROM booking_unit own JOIN booking ob ON ob.id = own.booking_id "
    "AND ob.listing_id = own.listing_id JOIN listing w ON w.id = $1 JOIN listing o ON o.space_id = w.space_id "
    "AND (o.id = ANY (w.includes) OR o.includes && w.includes) JOIN booking_unit u ON u.listing_id = o.id "
    "AND u.period && own.period JOIN booking b ON b.id = u.booking_id AND b.listing_id = o.id "
    "WHERE own.listing_id = $1 AND upper(own.period) > now() AND b.id <> ob.id LIMIT 100) m";

static const char SHARE_AGAIN[] = "SELECT booking_share_again($1::uuid[])";

static const char SELECT_LISTING[] = "SELECT " LISTING_JSON "::text FROM listing l WHERE l.id = $1";

/* The parameter as a PostgreSQL array, after one more. own: NULL for none. */
static const char *ids_text(struct rpc_call *call, const char *own)
{
	struct json_object *ids = rpc_param_json(call, "includes");
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, 8192);
	buffer_append_char(&text, '{');
	buffer_append_text(&text, own ? own : "");
	for (size_t i = 0; i < json_object_array_length(ids); i++)
		buffer_printf(&text, "%s%s", text.length > 1 ? "," : "",
			      json_object_get_string(json_object_array_get_idx(ids, i)));
	buffer_append_char(&text, '}');
	return buffer_text(&text);
}

/* All that share walls, or will. */
struct space {
	size_t count;
	const char **ids;
	const char *text; /* the same as a PostgreSQL array */
};

static int read_all(struct rpc_call *call, struct pg_tx *tx, struct space *ret)
{
	struct pg_result *rows = pg_query(call->ctx, tx, SELECT_SPACE, ids_text(call, rpc_param(call, "id")));
	if (!rows)
		return -1;
	*ret = (struct space){.count = pg_count(rows)};
	if (ret->count > SPACE_MOST) {
		(void)rpc_invalid(call, "/params/includes", "shared_most", SPACE_MOST_TEXT);
		return -1;
	}
	ret->ids = arena_alloc(&call->ctx->arena, (ret->count + 1) * sizeof(*ret->ids));
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, 8192);
	for (size_t i = 0; i < ret->count; i++) {
		ret->ids[i] = pg_text(rows, i, 0);
		buffer_printf(&text, "%c%s", i > 0 ? ',' : '{', ret->ids[i]);
	}
	buffer_append_char(&text, '}');
	ret->text = buffer_text(&text);
	return 0;
}

/* Locks them; they may have become others while this call waited. *ret: their ids, a PostgreSQL array. */
static int lock_all(struct rpc_call *call, struct pg_tx *tx, const char **ret)
{
	struct space before = {0}, space = {0};
	if (read_all(call, tx, &before))
		return -1;
	struct terms *terms = arena_zalloc(&call->ctx->arena, (before.count + 1) * sizeof(*terms));
	if (due_lock_many(call, tx, before.ids, before.count, terms) || read_all(call, tx, &space))
		return -1;
	*ret = space.text;
	if (strcmp(before.text, space.text) == 0)
		return 0;
	return context_fail(call->ctx, ERROR_CONFLICT, "serialization",
			    "the walls of the listing were being changed: ask again");
}

/* What must hold of whole and parts. */
static int check(struct rpc_call *call, const struct pg_result *row)
{
	if (pg_integer(row, 0, 4) != rpc_param_integer(call, "version", 0))
		return rpc_stale(call, "listing");
	if (pg_text(row, 0, 0))
		return rpc_invalid(call, "/params/includes", "exists", NULL);
	if (json_object_array_length(rpc_param_json(call, "includes")) == 0)
		return 0;
	if (pg_text(row, 0, 1) || pg_boolean(row, 0, 2))
		return rpc_invalid(call, "/params/includes", "nested", NULL);
	if (pg_integer(row, 0, 3) != 1)
		return rpc_precondition(call, "one_unit", NULL, "a listing that includes others has one unit");
	if (pg_integer(row, 0, 5) > TO_COME_MOST)
		return rpc_precondition(call, "bookings_to_come", "\"maximum\":" TO_COME_MOST_TEXT,
					"there are too many bookings to come to share their time");
	return 0;
}

static int check_not_itself(struct rpc_call *call)
{
	struct json_object *ids = rpc_param_json(call, "includes");
	for (size_t i = 0; i < json_object_array_length(ids); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(ids, i)), rpc_param(call, "id")) == 0)
			return rpc_invalid(call, "/params/includes", "nested", NULL);
	return 0;
}

/* Sets them, and gives what is booked its rows in the others. */
static int store(struct rpc_call *call, struct pg_tx *tx, const char *all)
{
	const char *id = rpc_param(call, "id");
	pg_queue(call->ctx, tx, SET_INCLUDES, id, ids_text(call, NULL));
	pg_queue(call->ctx, tx, SET_SPACES, all);
	struct pg_result *met = pg_query(call->ctx, tx, SELECT_MET, id);
	if (!met)
		return -1;
	if (pg_integer(met, 0, 1) > 0)
		return rpc_conflict_with(call, "booked",
					 arena_printf(&call->ctx->arena, "\"bookings\":%s", pg_text(met, 0, 0)),
					 "bookings to come would meet");
	if (!pg_query(call->ctx, tx, SHARE_AGAIN, all))
		return -1;
	projection_queue_listings(call->ctx, tx, all);
	return 0;
}

int includes_put(struct rpc_call *call, struct pg_tx *tx)
{
	const char *all = NULL;
	if (check_not_itself(call) || lock_all(call, tx, &all))
		return -1;
	struct pg_result *fits = pg_query(call->ctx, tx, SELECT_FITS, rpc_param(call, "id"), ids_text(call, NULL), all);
	return !fits || check(call, fits) ? -1 : store(call, tx, all);
}

int listing_set_includes(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	if (check_not_itself(call) || by_company_require(call, id, RIGHT_MANAGER))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (includes_put(call, tx))
		return -1;
	struct pg_result *listing = pg_query(call->ctx, tx, SELECT_LISTING, id);
	if (!listing || rpc_publish(call, tx, "events.listing.updated", id, pg_text(listing, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, listing, "listing");
}

const struct data_check spaces_check = {
    .name = "spaces",
    .help = "listings that include one with which they are not connected: give their includes anew",
    .sql = "SELECT w.id, p.id AS part FROM listing w, unnest(w.includes) p(id) LEFT JOIN listing x ON x.id = p.id "
	   "WHERE x.space_id IS DISTINCT FROM w.space_id OR w.space_id IS NULL",
};

const struct data_check includes_check = {
    .name = "shared_walls",
    .help = "bookings to come without their rows in the listings that share walls with theirs, or with rows too many",
    .sql =
	"SELECT coalesce(wanted.booking_id, kept.booking_id) AS id, coalesce(wanted.listing_id, kept.listing_id) "
	"AS listing_id, wanted.booking_id IS NULL AS too_many FROM ("
	"SELECT DISTINCT u.booking_id, o.id AS listing_id, u.period, CASE WHEN o.includes = '{}' THEN o.units ELSE 1 END AS rows "
	"FROM booking_unit u JOIN booking b ON b.id = u.booking_id AND b.listing_id = u.listing_id "
	"JOIN listing l ON l.id = u.listing_id AND l.space_id IS NOT NULL JOIN listing o ON o.space_id = l.space_id "
	"AND o.id <> l.id AND (o.id = ANY (l.includes) OR l.id = ANY (o.includes) OR o.includes && l.includes) "
	"WHERE upper(u.period) > now()) wanted FULL JOIN ("
	"SELECT u.booking_id, u.listing_id, u.period, count(*) AS rows FROM booking_unit u JOIN booking b ON b.id = u.booking_id "
	"AND b.listing_id <> u.listing_id WHERE upper(u.period) > now() GROUP BY u.booking_id, u.listing_id, u.period) kept "
	"USING (booking_id, listing_id, period) WHERE wanted.rows IS DISTINCT FROM kept.rows",
};
