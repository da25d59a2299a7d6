#include "search/relevance.h"

#define UNRANKED_MARK 'r'

const char *relevance_words(struct query *query)
{
	return arena_printf(&query->call->ctx->arena,
			    "(SELECT websearch_to_tsquery('english', $%d::text) || websearch_to_tsquery('simple', "
			    "$%d::text))",
			    query->text_value, query->text_value);
}

void relevance_after(struct query *query, const char *value, const char *id)
{
	query->after_unranked = value[0] == UNRANKED_MARK;
	query->after_value = query_value(query, query->after_unranked ? value + 1 : value);
	query->after_id = query_value(query, id);
}

/* How many matches are looked up one by one: beyond it fewer listings are seen by walking all of them in the order of
 * rating until RELEVANCE_RANKED have come together. n matches among N listings are that many in RELEVANCE_RANKED * N /
 * n steps, so the two are even at the square root of RELEVANCE_RANKED * N. */
#define LOOKED_UP                                                       \
	"(SELECT greatest(" RELEVANCE_RANKED ", sqrt(" RELEVANCE_RANKED \
	" * greatest(reltuples, 0)))::bigint FROM pg_class "            \
	"WHERE oid = 'listing_search'::regclass)"

#define BY_RATING " ORDER BY s.rating DESC, s.id DESC LIMIT "

/* `few` are the texts that match, up to one more than are looked up; `many` says whether there are that many. */
static void append_few(struct query *query, struct buffer *sql)
{
	buffer_printf(sql,
		      "WITH few AS MATERIALIZED (SELECT t.id FROM listing_text t WHERE t.words @@ %s LIMIT " LOOKED_UP
		      " + 1), many AS MATERIALIZED (SELECT (SELECT count(*) FROM few) > " LOOKED_UP " AS yes) ",
		      relevance_words(query));
}

/* The best rated of the matches (s.id, s.rating), as many as `most` says; after: a further condition on s. */
static void append_best_rated(struct query *query, struct buffer *sql, const char *after, const char *most)
{
	buffer_append_text(sql, "SELECT s.id, s.rating FROM (SELECT s.id, s.rating FROM few, LATERAL (SELECT s.id, "
				"s.rating FROM listing_search s WHERE s.id = few.id AND ");
	query_conditions(query, sql, query_place(query));
	buffer_printf(
	    sql,
	    "%s OFFSET 0) s WHERE NOT (SELECT yes FROM many) UNION ALL SELECT walk.* FROM (SELECT s.id, s.rating "
	    "FROM listing_search s, LATERAL (SELECT FROM listing_text t WHERE t.id = s.id AND t.words @@ %s "
	    "OFFSET 0) found WHERE ",
	    after, relevance_words(query));
	query_conditions(query, sql, query_place(query));
	buffer_printf(sql, "%s AND (SELECT yes FROM many)" BY_RATING "%s) walk) s" BY_RATING "%s", after, most, most);
}

static void append_ranked(struct query *query, struct buffer *sql, int limit)
{
	buffer_printf(sql,
		      ", ranked AS MATERIALIZED (SELECT * FROM (SELECT best.id, ts_rank(t.words, %s)::float8 AS place "
		      "FROM best, LATERAL (SELECT t.words FROM listing_text t WHERE t.id = best.id OFFSET 0) t) rank",
		      relevance_words(query));
	if (query->after_value)
		buffer_printf(sql, " WHERE (rank.place, rank.id) < ($%d::float8, $%d::uuid)", query->after_value,
			      query->after_id);
	buffer_printf(sql, " ORDER BY rank.place DESC, rank.id DESC LIMIT coalesce($%d::integer, 20) + 1)", limit);
}

/* The others, when the ranked ones do not fill the page. */
static void append_others(struct query *query, struct buffer *sql, int limit, const char *page)
{
	const char *after = arena_printf(
	    &query->call->ctx->arena,
	    " AND (SELECT count(*) FROM best) = " RELEVANCE_RANKED
	    " AND (SELECT count(*) FROM ranked) <= coalesce($%d::integer, 20) AND (s.rating, s.id) < (SELECT "
	    "best.rating, best.id FROM best ORDER BY best.rating, best.id LIMIT 1)",
	    limit);
	buffer_append_text(sql, "SELECT others.id, others.rating AS place, false AS ranked FROM (");
	append_best_rated(query, sql, after, page);
	buffer_append_text(sql, ") others");
}

static void append_after_unranked(struct query *query, struct buffer *sql, const char *page)
{
	const char *after = arena_printf(&query->call->ctx->arena, " AND (s.rating, s.id) < ($%d::float8, $%d::uuid)",
					 query->after_value, query->after_id);
	append_few(query, sql);
	buffer_append_text(sql, "SELECT others.id, others.rating AS place, false AS ranked FROM (");
	append_best_rated(query, sql, after, page);
	buffer_append_text(sql, ") others");
}

void relevance_page(struct query *query, struct buffer *sql, int limit)
{
	const char *page = arena_printf(&query->call->ctx->arena, "coalesce($%d::integer, 20) + 1", limit);
	if (query->after_unranked) {
		append_after_unranked(query, sql, page);
		return;
	}
	append_few(query, sql);
	buffer_append_text(sql, ", best AS MATERIALIZED (");
	append_best_rated(query, sql, "", RELEVANCE_RANKED);
	buffer_append_text(sql, ")");
	append_ranked(query, sql, limit);
	buffer_append_text(sql, " SELECT page.* FROM (SELECT ranked.id, ranked.place, true AS ranked FROM ranked UNION "
				"ALL ");
	append_others(query, sql, limit, page);
	buffer_printf(sql, ") page ORDER BY " RELEVANCE_ORDER " LIMIT %s", page);
}
