#include "bulk/bulk_listing.h"

#include "availability/closed.h"
#include "availability/rules.h"
#include "availability/rules_check.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "booking/includes.h"
#include "bulk/bulk_check.h"
#include "pricing/pricing_check.h"
#include "projection/projection.h"
#include "json/tree.h"

#include <string.h>

#define MAX_BATCH (64 << 20)

/* One row a line, in their order: whether PostgreSQL knows the zone, then what rules_of_row takes. */
static const char RESOLVE[] =
    "SELECT time_zone_known(p.time_zone), listing_rules(t.rules, jsonb_strip_nulls(coalesce(p.rules, '{}')), NULL, "
    "'{}')::text, coalesce(p.time_zone, 'UTC'), coalesce(p.price_unit, t.unit), coalesce(p.units, 1), "
    "coalesce(p.capacity, 0), 0 FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (type text, time_zone text, "
    "price_unit text, units integer, capacity integer, rules jsonb)) WITH ORDINALITY "
    "AS p(type, time_zone, price_unit, units, capacity, rules, place) JOIN listing_type t ON t.key = p.type "
    "ORDER BY p.place";
enum { ZONE_KNOWN, RULES_FIRST };

/* Setting the parts raises the version of a whole: it ends as it was given. */
static const char INSERT_LISTINGS[] =
    "INSERT INTO listing (id, company_id, external_id, type, title, description, address, lat, "
    "lon, time_zone, capacity, units, price_amount, price_currency, price_unit, properties, images, state, published_at, "
    "rules, pricing, rules_version, created_at, version) "
    "SELECT p.id, p.company_id, p.external_id, p.type, p.title, coalesce(p.description, ''), coalesce(p.address, ''), "
    "(p.location->>'lat')::float8, (p.location->>'lon')::float8, coalesce(p.time_zone, 'UTC'), "
    "coalesce(p.capacity, 0), coalesce(p.units, 1), (p.price->>'amount')::bigint, p.price->>'currency', "
    "coalesce(p.price_unit, t.unit), coalesce(p.properties, '{}'), "
    "ARRAY(SELECT jsonb_array_elements_text(p.images)::uuid), s.state, "
    "coalesce(p.published_at, CASE WHEN s.state = 'published' THEN now() END), "
    "jsonb_strip_nulls(coalesce(p.rules, '{}')), coalesce(p.pricing, '{}'), coalesce(p.rules_version, "
    "CASE WHEN p.rules IS NULL AND p.pricing IS NULL THEN 0 ELSE 1 END), coalesce(p.created_at, now()), "
    "greatest(coalesce(p.version, 1) - CASE WHEN coalesce(p.includes, '[]') = '[]' THEN 0 ELSE 1 END, 1) "
    "FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, company_id uuid, external_id text, type text, title text, "
    "description text, address text, location jsonb, time_zone text, capacity integer, units integer, price jsonb, "
    "price_unit text, properties jsonb, images jsonb, state text, published_at timestamptz, rules jsonb, pricing jsonb, "
    "rules_version integer, created_at timestamptz, version integer, includes jsonb) "
    "JOIN listing_type t ON t.key = p.type, LATERAL (SELECT coalesce(p.state, 'published') AS state) s "
    "ON CONFLICT DO NOTHING RETURNING id, version";

static const char DELETE_LISTING[] = "DELETE FROM listing WHERE id = $1";

/* The lines that are still good, as a JSON array; NULL when there are none. */
static const char *good_lines(struct context *ctx, struct import_line *const *lines, size_t count)
{
	size_t found = 0;
	struct buffer all;
	buffer_init_arena(&all, &ctx->arena, MAX_BATCH);
	for (size_t i = 0; i < count; i++) {
		if (lines[i]->reason)
			continue;
		buffer_append_char(&all, found++ > 0 ? ',' : '[');
		json_tree_write(lines[i]->value, &all);
	}
	buffer_append_char(&all, ']');
	return found > 0 ? buffer_text(&all) : NULL;
}

static void put(void *argument)
{
	json_object_put(argument);
}

/* Parameters of a method made of a line: {name: the member of that name}. */
static struct json_object *params_of(struct rpc_call *call, const struct import_line *line, const char *name)
{
	struct json_object *params = json_object_new_object();
	context_defer(call->ctx, put, params);
	json_object_object_add(params, name, json_object_get(json_object_object_get(line->value, name)));
	return params;
}

static void check_pricing(struct rpc_call *call, const struct booking_rules *rules, struct import_line *line)
{
	struct json_object *pricing = json_object_object_get(line->value, "pricing");
	struct json_object *price = json_object_object_get(line->value, "price");
	if (!pricing || json_object_object_length(pricing) == 0)
		return;
	if (!price) {
		line->reason = "/price: required for pricing to begin with";
		return;
	}
	const struct pricing_base on = {json_object_get_int64(json_object_object_get(price, "amount")),
					bulk_text(price, "currency"), rules};
	struct pricing_fault fault;
	if (!pricing_check(&call->ctx->arena, pricing, &on, &fault))
		line->reason = arena_printf(&call->ctx->arena, "/pricing%s: %s %s", fault.path, fault.rule,
					    fault.expected ? fault.expected : "");
}

/* What the line's rules and prices are together with its type's. */
static int check_terms(struct rpc_call *call, const struct pg_result *found, size_t row, struct import_line *line)
{
	struct rpc_call setting = *call;
	if (!json_object_object_get(line->value, "rules") && !json_object_object_get(line->value, "pricing"))
		return 0;
	struct booking_rules rules;
	if (rules_of_row(call->ctx, found, row, RULES_FIRST, &rules))
		return -1;
	setting.params = params_of(call, line, "rules");
	if (rules_check(&setting, &rules, true, clock_wall()))
		return bulk_refused(call, line) ? 0 : -1;
	check_pricing(call, &rules, line);
	return 0;
}

static int check_lines(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count)
{
	struct pg_result *found = pg_query(call->ctx, tx, RESOLVE, good_lines(call->ctx, lines, count));
	if (!found)
		return -1;
	for (size_t i = 0; i < count && i < pg_count(found); i++) {
		if (pg_text(found, i, ZONE_KNOWN) && !pg_boolean(found, i, ZONE_KNOWN))
			lines[i]->reason = arena_printf(&call->ctx->arena, "/time_zone: %s is not known to PostgreSQL",
							bulk_text(lines[i]->value, "time_zone"));
		else if (check_terms(call, found, i, lines[i]))
			return -1;
	}
	return 0;
}

/* Gives a whole that was stored its parts. */
static int include(struct rpc_call *call, struct pg_tx *tx, struct import_line *line, int64_t version)
{
	struct json_object *includes = json_object_object_get(line->value, "includes");
	struct rpc_call setting = *call;
	if (!includes || json_object_array_length(includes) == 0)
		return 0;
	setting.params = params_of(call, line, "includes");
	json_object_object_add(setting.params, "id", json_object_get(json_object_object_get(line->value, "id")));
	json_object_object_add(setting.params, "version", json_object_new_int64(version));
	if (includes_put(&setting, tx) == 0)
		return 0;
	if (!bulk_refused(call, line))
		return -1;
	return pg_query(call->ctx, tx, DELETE_LISTING, bulk_text(line->value, "id")) ? 0 : -1;
}

static int include_all(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count,
		       const struct pg_result *stored)
{
	for (size_t row = 0; row < pg_count(stored); row++)
		for (size_t i = 0; i < count; i++)
			if (!lines[i]->reason &&
			    strcmp(bulk_text(lines[i]->value, "id"), pg_text(stored, row, 0)) == 0 &&
			    include(call, tx, lines[i], pg_integer(stored, row, 1)))
				return -1;
	return 0;
}

/* What follows from the listings that were stored: their closed days, their rows in search. */
static int project(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *stored)
{
	const char **ids = arena_alloc(&call->ctx->arena, (pg_count(stored) + 1) * sizeof(*ids));
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_BATCH);
	for (size_t row = 0; row < pg_count(stored); row++)
		ids[row] = pg_text(stored, row, 0);
	pg_array_text(&text, ids, pg_count(stored));
	if (closed_put(call->ctx, tx, buffer_text(&text)))
		return -1;
	projection_queue_listings(call->ctx, tx, buffer_text(&text));
	return 0;
}

int bulk_listing_load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count)
{
	struct import_line **listings = arena_alloc(&call->ctx->arena, (count + 1) * sizeof(*listings));
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		if (bulk_is(lines[i], "listing"))
			listings[found++] = lines[i];
	if (found == 0)
		return 0;
	if (check_lines(call, tx, listings, found))
		return -1;
	const char *good = good_lines(call->ctx, listings, found);
	if (!good)
		return 0;
	struct pg_result *stored = pg_query(call->ctx, tx, INSERT_LISTINGS, good);
	if (!stored || include_all(call, tx, listings, found, stored))
		return -1;
	return project(call, tx, stored);
}
