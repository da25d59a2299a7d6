#include "search/filter.h"

#include "base/clock.h"
#include "booking/store/period.h"
#include "catalogue/catalogue.h"
#include "events.h"
#include "search/filter_property.h"
#include "search/geo.h"

#include <stdlib.h>
#include <string.h>

#define CELL_TERM 1000000000

static void filter_text(struct query *query)
{
	const char *text = rpc_param(query->call, "text");
	if (!text)
		return;
	query->has_text = true;
	query->text_value = query_value(query, text);
}

static int filter_type(struct query *query)
{
	const char *key = rpc_param(query->call, "type");
	const struct listing_type *type = key ? catalogue_type(call_catalogue(query->call), key) : NULL;
	if (key && !type)
		return rpc_invalid(query->call, "/params/type", "exists", NULL);
	if (type)
		query_require_term(query, type->term);
	return 0;
}

static void filter_company(struct query *query)
{
	const char *company = rpc_param(query->call, "company_id");
	if (company)
		query_filter(query, "s.company_id = $%d::uuid", query_value(query, company));
}

/* from and to of an object of numbers, as conditions on a column of type bigint or integer. */
static void filter_range(struct query *query, const char *name, const char *column)
{
	struct arena *arena = &query->call->ctx->arena;
	const char *from = rpc_param(query->call, arena_printf(arena, "%s.from", name));
	const char *to = rpc_param(query->call, arena_printf(arena, "%s.to", name));
	if (from)
		query_filter(query, "%s >= $%d::bigint", column, query_value(query, from));
	if (to)
		query_filter(query, "%s <= $%d::bigint", column, query_value(query, to));
}

static void filter_price(struct query *query)
{
	const char *currency = rpc_param(query->call, "currency");
	if (rpc_param_json(query->call, "price")) {
		filter_range(query, "price", "s.price");
		query_filter(query, "s.currency IS NOT NULL");
	}
	if (currency)
		query_filter(query, "s.currency = $%d", query_value(query, currency));
}

/* The part of the period that has not passed, as a range text: past time cannot be searched. */
static int coming_period(struct query *query, const char **ret_range)
{
	struct rpc_call *call = query->call;
	int64_t now = clock_wall();
	if (period_read_any(call, ret_range))
		return -1;
	if (!clock_parse(rpc_param(call, "period.from"), &query->period_from) ||
	    !clock_parse(rpc_param(call, "period.to"), &query->period_to))
		return -1;
	if (query->period_to <= now)
		return rpc_precondition(call, "in_past", NULL, "the period has passed");
	if (query->period_to > now + PERIOD_HORIZON_DAYS * 86400 * CLOCK_SECOND)
		return rpc_precondition(call, "horizon", "\"maximum_days\":" PERIOD_HORIZON_TEXT,
					"the period ends more than " PERIOD_HORIZON_TEXT " days ahead");
	if (query->period_from < now)
		*ret_range = pg_range_text(&call->ctx->arena, now, query->period_to);
	return 0;
}

#define WITH_BUFFERS "tstzrange(lower($%d::tstzrange) - s.buffer_before, upper($%d::tstzrange) + s.buffer_after)"

static void filter_units(struct query *query, int period, const char *units)
{
	int many = query_value(query, units ? units : "1");
	query_filter(query,
		     "CASE WHEN s.named THEN search_free_named(s.id, s.units, " WITH_BUFFERS ") >= $%d::integer "
		     "ELSE true END",
		     period, period, many);
	if (rpc_param_integer(query->call, "units", 1) > 1)
		query_filter(query,
			     "CASE WHEN s.named THEN true ELSE search_free_units(s.id, s.units, " WITH_BUFFERS
			     ") >= $%d::integer END",
			     period, period, many);
}

/* The ring of days is the cheap test, the ranges are the exact one; with several units asked for, or named ones, which
 * cannot make room for each other, the bookings themselves. The period's ring stands in a SELECT of its own, so that it
 * is made once and not for each row. A listing's buffers are in its ranges. */
static int filter_period(struct query *query)
{
	const char *units = rpc_param(query->call, "units"), *period = NULL;
	if (units)
		query_filter(query, "s.units >= $%d::integer", query_value(query, units));
	if (!rpc_param_json(query->call, "period"))
		return 0;
	if (coming_period(query, &period))
		return -1;
	int number = query_value_asked(query, period, rpc_param(query->call, "period"));
	query->period_value = number;
	query_filter(query, "(s.busy_days & (SELECT search_period_days($%d::tstzrange))) = 0::bit(1024)", number);
	query_filter(query, "NOT s.busy && $%d::tstzrange", number);
	filter_units(query, number, units);
	return 0;
}

static double number(struct rpc_call *call, const char *name)
{
	return json_object_get_double(rpc_param_json(call, name));
}

/* Cells are looked up when there are few of them; the exact comparison follows in any case. */
static void look_in(struct query *query, const struct geo_box *box)
{
	struct buffer cells, terms;
	buffer_init_arena(&cells, &query->call->ctx->arena, 16384);
	buffer_init_arena(&terms, &query->call->ctx->arena, 16384);
	if (query->has_cells || !geo_cells(box, 0, &cells) || !geo_cells(box, CELL_TERM, &terms))
		return;
	query->has_cells = true;
	query->cells_value = query_value(query, buffer_text(&cells));
	query->cell_terms_value = query_value(query, buffer_text(&terms));
}

static int filter_box(struct query *query)
{
	struct rpc_call *call = query->call;
	if (!rpc_param_json(call, "box"))
		return 0;
	struct geo_box box = {number(call, "box.south"), number(call, "box.west"), number(call, "box.north"),
			      number(call, "box.east")};
	if (box.south > box.north)
		return rpc_invalid(call, "/params/box/north", "minimum", rpc_param(call, "box.south"));
	look_in(query, &box);
	query_filter(query, "s.lat BETWEEN $%d::float8 AND $%d::float8",
		     query_value(query, rpc_param(call, "box.south")),
		     query_value(query, rpc_param(call, "box.north")));
	int west = query_value(query, rpc_param(call, "box.west")),
	    east = query_value(query, rpc_param(call, "box.east"));
	if (box.west > box.east)
		query_filter(query, "(s.lon >= $%d::float8 OR s.lon <= $%d::float8)", west, east);
	else
		query_filter(query, "s.lon BETWEEN $%d::float8 AND $%d::float8", west, east);
	return 0;
}

static void filter_near(struct query *query)
{
	struct rpc_call *call = query->call;
	if (!rpc_param_json(call, "near"))
		return;
	query->has_near = true;
	query->lat_value = query_value(query, rpc_param(call, "near.lat"));
	query->lon_value = query_value(query, rpc_param(call, "near.lon"));
	const char *radius = rpc_param(call, "near.radius");
	if (!radius)
		return;
	struct geo_box box;
	if (geo_box_of_circle(number(call, "near.lat"), number(call, "near.lon"), number(call, "near.radius"), &box))
		look_in(query, &box);
	query_filter(query, "search_distance(s.lat, s.lon, $%d::float8, $%d::float8) <= $%d::float8", query->lat_value,
		     query->lon_value, query_value(query, radius));
}

int filter_all(struct query *query)
{
	filter_text(query);
	filter_company(query);
	if (filter_type(query) || filter_properties(query) || filter_box(query))
		return -1;
	filter_near(query);
	filter_range(query, "capacity", "s.capacity");
	filter_price(query);
	return filter_period(query);
}
