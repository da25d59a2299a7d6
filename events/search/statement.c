#include "search/statement.h"

#include "availability/rules.h"
#include "catalogue/listing_json.h"
#include "search/relevance.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STATEMENT 131072

#define CARD LISTING_JSON_WITH("left(l.description, 300)")

static void append_from(struct query *query, struct buffer *sql)
{
	buffer_append_text(sql, "listing_search s");
	if (query->has_text)
		buffer_printf(sql,
			      " JOIN listing_text t ON t.id = s.id, "
			      "LATERAL (SELECT websearch_to_tsquery('english', $%d::text) || "
			      "websearch_to_tsquery('simple', $%d::text) AS query) words",
			      query->text_value, query->text_value);
}

static void append_where(struct query *query, struct buffer *sql, const char *place)
{
	buffer_append_text(sql, " WHERE ");
	query_conditions(query, sql, place);
	if (query->has_text)
		buffer_append_text(sql, " AND t.words @@ words.query");
}

/* A statement may not have a value that it does not mention (its type would be unknown), and not every statement of a
 * query mentions all: the others are mentioned in a subquery that is never read. */
static const char *mention_all(struct query *query, struct buffer *body)
{
	bool mentioned[QUERY_MAX_VALUES + 1] = {false};
	int unused = 0;
	for (const char *at = strchr(buffer_text(body), '$'); at; at = strchr(at + 1, '$'))
		mentioned[strtol(at + 1, NULL, 10) % (QUERY_MAX_VALUES + 1)] = true;
	struct buffer sql;
	buffer_init_arena(&sql, &query->call->ctx->arena, MAX_STATEMENT);
	for (int i = 1; i <= query->value_count; i++)
		if (!mentioned[i])
			buffer_printf(&sql, "%s$%d::text", unused++ ? ", " : "WITH unused AS (SELECT ", i);
	buffer_append_text(&sql, unused ? ") " : "");
	buffer_append(&sql, body->data, body->length);
	return buffer_text(&sql);
}

const char *statement_total(struct query *query)
{
	struct buffer sql;
	buffer_init_arena(&sql, &query->call->ctx->arena, MAX_STATEMENT);
	buffer_printf(&sql, "SELECT count(*), count(*) FILTER (WHERE matches.ruled) FROM (SELECT %s AS ruled FROM ",
		      query->period_value > 0 ? "s.ruled" : "false");
	append_from(query, &sql);
	append_where(query, &sql, query_place(query));
	buffer_append_text(&sql, " LIMIT 10001) matches");
	return mention_all(query, &sql);
}

/* A page in an order that an index (cell, value, id) has: the best of each cell, then the best of those. */
static bool by_cells(const struct query *query, const struct sort *sort)
{
	return query->has_cells && sort->in_cell_index && !query->has_terms && !query->has_text;
}

/* The best of each cell, each found by walking the index (cell, value, id), then the best of those. */
static void append_best_of_cells(struct query *query, struct buffer *sql, const struct sort *sort, int limit)
{
	const char *value = sort_value(query, sort), *direction = sort->descending ? "DESC" : "ASC";
	buffer_printf(sql, "SELECT best.* FROM unnest($%d::integer[]) AS c(cell) CROSS JOIN LATERAL (",
		      query->cells_value);
	buffer_printf(sql, "SELECT s.id, %s AS place FROM ", value);
	append_from(query, sql);
	append_where(query, sql, "s.cell = c.cell");
	buffer_printf(sql, " ORDER BY %s %s, s.id %s LIMIT coalesce($%d::integer, 20) + 1) best", value, direction,
		      direction, limit);
	buffer_printf(sql, " ORDER BY best.place %s, best.id %s LIMIT coalesce($%d::integer, 20) + 1", direction,
		      direction, limit);
}

/* A period anywhere: those that may be free then come from the index alone, in order, and are looked up one by one. */
static bool by_days(const struct query *query, const struct sort *sort)
{
	return query->period_value > 0 && sort->in_cell_index && !query->has_cells && !query->has_terms &&
	       !query->has_text;
}

static void append_by_days(struct query *query, struct buffer *sql, const struct sort *sort, int limit)
{
	const char *value = sort_value(query, sort), *direction = sort->descending ? "DESC" : "ASC";
	buffer_printf(sql, "SELECT walk.id, walk.place FROM (SELECT s.id, %s AS place FROM listing_search s WHERE true",
		      value);
	buffer_append(sql, query->access.data, query->access.length);
	buffer_printf(sql,
		      " AND CASE WHEN (s.busy_days & (SELECT search_period_days($%d::tstzrange))) = 0::bit(1024) "
		      "THEN true ELSE false END ORDER BY %s %s, s.id %s OFFSET 0) walk, "
		      "LATERAL (SELECT FROM listing_search s",
		      query->period_value, value, direction, direction);
	append_where(query, sql, "s.id = walk.id");
	buffer_printf(sql,
		      " OFFSET 0) exact ORDER BY walk.place %s, walk.id %s "
		      "LIMIT coalesce($%d::integer, 20) + 1",
		      direction, direction, limit);
}

/* In a place all matches are collected by the array index and sorted: OFFSET 0 keeps the planner from walking the whole
 * country in the wanted order until a page of that place has come together, which it takes for short. Elsewhere the
 * choice depends on the values, and is the planner's. */
static void append_matches(struct query *query, struct buffer *sql, const struct sort *sort, int limit)
{
	const char *direction = sort->descending ? "DESC" : "ASC", *barrier = query->has_cells ? " OFFSET 0" : "";
	if (by_cells(query, sort)) {
		append_best_of_cells(query, sql, sort, limit);
		return;
	}
	if (by_days(query, sort)) {
		append_by_days(query, sql, sort, limit);
		return;
	}
	if (sort->relevance) {
		relevance_page(query, sql, limit);
		return;
	}
	buffer_printf(sql, "SELECT * FROM (SELECT s.id, %s AS place FROM ", sort_value(query, sort));
	append_from(query, sql);
	append_where(query, sql, query_place(query));
	buffer_printf(sql, "%s) matches ORDER BY place %s, id %s LIMIT coalesce($%d::integer, 20) + 1", barrier,
		      direction, direction, limit);
}

/* A type is joined only for the rules of a listing that has some. */
#define JOIN_RULES " LEFT JOIN listing_type t ON t.key = l.type AND t.rules || l.rules <> '{}'"

const char *statement_page(struct query *query, const struct sort *sort, const char *limit)
{
	const char *direction = sort->descending ? "DESC" : "ASC";
	const char *order =
	    sort->relevance ? RELEVANCE_ORDER
			    : arena_printf(&query->call->ctx->arena, "page.place %s, page.id %s", direction, direction);
	int most = query_value(query, limit);
	bool asks_rules = query->period_value > 0;
	struct buffer sql;
	buffer_init_arena(&sql, &query->call->ctx->arena, MAX_STATEMENT);
	buffer_append_text(&sql, "SELECT (" CARD);
	if (query->has_near)
		buffer_printf(&sql,
			      " || CASE WHEN l.lat IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('distance', "
			      "round(search_distance(l.lat, l.lon, $%d::float8, $%d::float8)::numeric, 1)) END",
			      query->lat_value, query->lon_value);
	buffer_printf(&sql, ")::text, %s, l.id%s FROM (", sort->relevance ? RELEVANCE_PLACE : "page.place::text",
		      asks_rules ? ", " RULES_COLUMNS : "");
	append_matches(query, &sql, sort, most);
	buffer_printf(&sql, " OFFSET 0) page JOIN listing l ON l.id = page.id%s ORDER BY %s",
		      asks_rules ? JOIN_RULES : "", order);
	return mention_all(query, &sql);
}
