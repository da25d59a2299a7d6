#include "bulk/bulk.h"

#include "base/buffer.h"
#include "booking/store/unit.h"
#include "bulk/bulk_check.h"
#include "catalogue/catalogue.h"
#include "daemon/import.h"
#include "events.h"
#include "projection/projection.h"
#include "rpc/erased_user.h"
#include "telemetry/log.h"
#include "json/tree.h"

#include <string.h>

#define MAX_BATCH (64 << 20)

/* Lines that are there already (by id, or by the company's own id) are passed over: importing twice does no harm. */
static const char INSERT_LISTINGS[] =
    "INSERT INTO listing (id, company_id, external_id, type, title, description, address, lat, "
    "lon, time_zone, capacity, "
    "units, price_amount, price_currency, price_unit, properties, images, state, published_at) "
    "SELECT p.id, p.company_id, p.external_id, p.type, p.title, coalesce(p.description, ''), coalesce(p.address, ''), "
    "(p.location->>'lat')::float8, (p.location->>'lon')::float8, coalesce(p.time_zone, 'UTC'), "
    "coalesce(p.capacity, 0), "
    "coalesce(p.units, 1), (p.price->>'amount')::bigint, p.price->>'currency', coalesce(p.price_unit, t.unit), "
    "coalesce(p.properties, '{}'), ARRAY(SELECT jsonb_array_elements_text(p.images)::uuid), "
    "coalesce(p.state, 'published'), CASE WHEN coalesce(p.state, 'published') = 'published' THEN now() END "
    "FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, company_id uuid, external_id text, type text, title text, "
    "description text, address text, location jsonb, time_zone text, capacity integer, units integer, price jsonb, "
    "price_unit text, properties jsonb, images jsonb, state text) JOIN listing_type t ON t.key = p.type "
    "ON CONFLICT DO NOTHING";

static const char LISTING_IDS[] =
    "SELECT coalesce(array_agg(p.id), '{}')::text FROM jsonb_to_recordset($1::jsonb) AS p(id uuid)";

static const char UNKNOWN_ZONE[] =
    "SELECT p.time_zone FROM jsonb_to_recordset($1::jsonb) AS p(time_zone text) GROUP BY p.time_zone "
    "HAVING NOT time_zone_known(p.time_zone) LIMIT 1";

/* Locks the listings, with those that share walls with them, in one order, so that imports and bookings never wait for
 * each other in a circle. */
static const char LOCK_LISTINGS[] =
    "WITH named AS (SELECT l.id, l.space_id FROM listing l WHERE l.id IN (SELECT p.listing_id FROM jsonb_to_recordset($1::jsonb) AS p(listing_id "
    "uuid) UNION SELECT x.id FROM jsonb_to_recordset($1::jsonb) AS p(company_id uuid, listing_external_id text) "
    "JOIN listing x ON x.company_id = p.company_id AND x.external_id = p.listing_external_id)) "
    "SELECT 1 FROM listing l WHERE l.id IN (SELECT n.id FROM named n UNION SELECT x.id FROM named n JOIN listing x "
    "ON x.space_id = n.space_id) ORDER BY l.id FOR NO KEY UPDATE";

/* All whose time changes with that of these. */
static const char SELECT_TOUCHED[] =
    "SELECT array_agg(l.id)::text FROM listing l WHERE l.id = ANY ($1::uuid[]) OR l.space_id = ANY (ARRAY("
    "SELECT DISTINCT x.space_id FROM listing x WHERE x.id = ANY ($1::uuid[])))";

/* The rows of a booking in the listings that share walls with its own. */
static const char SHARE[] = "SELECT booking_share(b.id, b.listing_id, b.period) FROM booking b WHERE b.id = $1::uuid "
			    "AND EXISTS (SELECT FROM booking_unit u WHERE u.booking_id = b.id)";

/* Users whose notes come: none of them is erased until the batch is in. */
static const char LOCK_USERS[] = "SELECT " ERASED_USER_LOCK(
    "u.id::text") " FROM (SELECT DISTINCT p.user_id AS id FROM "
		  "jsonb_to_recordset($1::jsonb) AS p(user_id uuid) WHERE p.user_id IS NOT NULL ORDER BY 1) u";

/* One row a line, in the lines' order: the listing (NULL: unknown), its units, whether the booking is there already,
 * the booking's id, its period, whether the listing shares walls with others. Each line looks its listing up by an
 * index: a join on either name of it would compare all lines with all listings. */
static const char RESOLVE[] =
    "SELECT l.id, l.units, b.there, p.line->>'id', "
    "(extract(epoch FROM (p.line->'period'->>'from')::timestamptz) * 1000000)::bigint, "
    "(extract(epoch FROM (p.line->'period'->>'to')::timestamptz) * 1000000)::bigint, l.space_id IS NOT NULL "
    "FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS p(line, place) "
    "LEFT JOIN LATERAL (SELECT x.id, x.units, x.space_id FROM listing x WHERE x.id = CASE WHEN p.line ? 'listing_id' "
    "THEN (p.line->>'listing_id')::uuid ELSE (SELECT n.id FROM listing n WHERE n.company_id = "
    "(p.line->>'company_id')::uuid AND n.external_id = p.line->>'listing_external_id') END OFFSET 0) l ON true "
    "LEFT JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM booking b WHERE b.id = (p.line->>'id')::uuid) OR "
    "EXISTS (SELECT 1 FROM booking b WHERE b.listing_id = l.id AND b.external_id = p.line->>'external_id') "
    "AS there OFFSET 0) b ON true ORDER BY p.place";

#define NOTE "CASE WHEN " ERASED_USER("p.user_id") " THEN '' ELSE coalesce(left(p.note, 1000), '') END"

/* It is history: nobody is told that it was completed. */
#define HAS_ENDED "(p.period->>'to')::timestamptz <= now()"

/* $1: the booking's line with listing_id set; $2: its units as an array. */
static const char INSERT_BOOKING[] =
    "WITH b AS (INSERT INTO booking (id, listing_id, company_id, user_id, external_id, period, units, note, "
    "state, cancelled_at, ended_at) SELECT p.id, l.id, l.company_id, p.user_id, p.external_id, "
    "tstzrange((p.period->>'from')::timestamptz, (p.period->>'to')::timestamptz), coalesce(p.units, 1), " NOTE ", "
    "CASE WHEN p.state = 'cancelled' THEN 'cancelled' WHEN " HAS_ENDED " THEN 'completed' ELSE 'confirmed' END, "
    "CASE p.state WHEN 'cancelled' THEN now() END, "
    "CASE WHEN p.state IS DISTINCT FROM 'cancelled' AND " HAS_ENDED " THEN (p.period->>'to')::timestamptz END "
    "FROM jsonb_to_record($1::jsonb) AS p(id uuid, user_id uuid, external_id text, period jsonb, units integer, "
    "note text, state text), listing l WHERE l.id = $3::uuid RETURNING *) "
    "INSERT INTO booking_unit (booking_id, listing_id, unit, period) "
    "SELECT b.id, b.listing_id, n, b.period FROM b, unnest($2::integer[]) n";

/* The good lines of a kind as a JSON array text; NULL when there are none. */
static const char *lines_of(struct context *ctx, struct import_line *const *lines, size_t count, const char *kind)
{
	size_t found = 0;
	struct buffer all;
	buffer_init_arena(&all, &ctx->arena, MAX_BATCH);
	for (size_t i = 0; i < count; i++) {
		if (!bulk_is(lines[i], kind))
			continue;
		buffer_append_char(&all, found++ > 0 ? ',' : '[');
		json_tree_write(lines[i]->value, &all);
	}
	buffer_append_char(&all, ']');
	return found > 0 ? buffer_text(&all) : NULL;
}

static int load_listings(struct rpc_call *call, struct pg_tx *tx, const char *lines)
{
	struct pg_result *unknown = pg_query(call->ctx, tx, UNKNOWN_ZONE, lines);
	if (!unknown)
		return -1;
	if (pg_count(unknown) > 0)
		return context_fail(call->ctx, ERROR_INVALID_PARAMS, NULL, "/time_zone: %s is not known to PostgreSQL",
				    pg_text(unknown, 0, 0));
	struct pg_result *ids = pg_query(call->ctx, tx, LISTING_IDS, lines);
	if (!ids || !pg_query(call->ctx, tx, INSERT_LISTINGS, lines))
		return -1;
	projection_queue_listings(call->ctx, tx, pg_text(ids, 0, 0));
	return 0;
}

/* The units that a booking takes: none when it is cancelled, {1} where there is but one, so that the constraint is the
 * test. */
static const char *units_of(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *resolved, size_t row,
			    struct json_object *value)
{
	struct unit_choice choice = {.numbers = "{1}"};
	struct json_object *count = json_object_object_get(value, "units");
	const char *state = json_object_get_string(json_object_object_get(value, "state"));
	const struct unit_request request = {
	    .listing_id = pg_text(resolved, row, 0),
	    .from = pg_integer(resolved, row, 4),
	    .to = pg_integer(resolved, row, 5),
	    .wanted = count ? json_object_get_int(count) : 1,
	    .units = (int)pg_integer(resolved, row, 1),
	};
	if (state && strcmp(state, "cancelled") == 0)
		return "{}";
	if ((request.units > 1 || request.wanted > 1) && unit_allocate(call, tx, &request, &choice))
		return NULL;
	return choice.numbers;
}

/* Sends one booking; its error, if any, comes with the batch's next answer. */
static int load_booking(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *resolved, size_t row,
			struct import_line *line)
{
	if (!pg_text(resolved, row, 0)) {
		line->reason = "/listing_id: no such listing";
		return 0;
	}
	if (pg_boolean(resolved, row, 2))
		return 0;
	const char *units = units_of(call, tx, resolved, row, line->value);
	if (!units)
		return -1;
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_BATCH);
	json_tree_write(line->value, &text);
	pg_queue(call->ctx, tx, INSERT_BOOKING, buffer_text(&text), units, pg_text(resolved, row, 0));
	if (pg_boolean(resolved, row, 6))
		pg_queue(call->ctx, tx, SHARE, pg_text(resolved, row, 3));
	return 0;
}

static const char *touched_listings(struct context *ctx, const struct pg_result *resolved)
{
	struct buffer ids;
	buffer_init_arena(&ids, &ctx->arena, MAX_BATCH);
	buffer_append_char(&ids, '{');
	for (size_t row = 0; row < pg_count(resolved); row++)
		if (pg_text(resolved, row, 0))
			buffer_printf(&ids, "%s%s", ids.length > 1 ? "," : "", pg_text(resolved, row, 0));
	buffer_append_char(&ids, '}');
	return buffer_text(&ids);
}

static int load_bookings(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count,
			 const char *bookings)
{
	pg_queue(call->ctx, tx, LOCK_USERS, bookings);
	if (!pg_query(call->ctx, tx, LOCK_LISTINGS, bookings))
		return -1;
	struct pg_result *resolved = pg_query(call->ctx, tx, RESOLVE, bookings);
	if (!resolved)
		return -1;
	for (size_t i = 0, row = 0; i < count; i++)
		if (bulk_is(lines[i], "booking") && load_booking(call, tx, resolved, row++, lines[i]))
			return -1;
	struct pg_result *touched = pg_query(call->ctx, tx, SELECT_TOUCHED, touched_listings(call->ctx, resolved));
	if (!touched)
		return -1;
	projection_queue_busy(call->ctx, tx, pg_text(touched, 0, 0) ? pg_text(touched, 0, 0) : "{}");
	return 0;
}

static int load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count)
{
	const char *listings = lines_of(call->ctx, lines, count, "listing");
	const char *bookings = lines_of(call->ctx, lines, count, "booking");
	if (listings && load_listings(call, tx, listings))
		return -1;
	return bookings ? load_bookings(call, tx, lines, count, bookings) : 0;
}

int bulk_import(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	static const struct import_spec spec = {.check = bulk_check, .load = load};
	struct events *events = worker->app;
	if (catalogue_current(ctx, events->catalogue)) {
		log_error_of(LOG_ERROR, ctx, "the catalogue cannot be read");
		return 1;
	}
	return import_run(worker, ctx, argc, argv, &spec);
}
