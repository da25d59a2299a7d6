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

/* Matches in the order of rating, found by walking it: whoever reads few of them stops the walk. */
static void append_walk(struct query *query, struct buffer *sql)
{
	buffer_printf(sql,
		      "SELECT s.id, s.rating FROM listing_search s, LATERAL (SELECT FROM listing_text t WHERE t.id = "
		      "s.id AND t.words @@ %s OFFSET 0) found WHERE ",
		      relevance_words(query));
	query_conditions(query, sql, query_place(query));
}

/* Those to be ranked. `few` are the texts that match, up to one more than are ranked. */
static void append_best(struct query *query, struct buffer *sql)
{
	buffer_printf(
	    sql,
	    "WITH few AS MATERIALIZED (SELECT t.id FROM listing_text t WHERE t.words @@ %s LIMIT " RELEVANCE_RANKED
	    " + 1), best AS MATERIALIZED (SELECT s.id, s.rating FROM few, LATERAL (SELECT "
	    "s.id, s.rating FROM listing_search s WHERE s.id = few.id AND ",
	    relevance_words(query));
	query_conditions(query, sql, query_place(query));
	buffer_append_text(sql, " OFFSET 0) s WHERE (SELECT count(*) FROM few) <= " RELEVANCE_RANKED
				" UNION ALL SELECT * FROM (");
	append_walk(query, sql);
	buffer_append_text(sql, " AND (SELECT count(*) FROM few) > " RELEVANCE_RANKED
				" ORDER BY s.rating DESC, s.id DESC LIMIT " RELEVANCE_RANKED ") walk)");
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

static void append_limit(struct buffer *sql, int limit)
{
	buffer_printf(sql, " ORDER BY s.rating DESC, s.id DESC LIMIT coalesce($%d::integer, 20) + 1", limit);
}

/* The others, when the ranked ones do not fill the page. */
static void append_others(struct query *query, struct buffer *sql, int limit)
{
	buffer_append_text(sql, "SELECT walk.id, walk.rating AS place, false AS ranked FROM (");
	append_walk(query, sql);
	buffer_printf(sql,
		      " AND (SELECT count(*) FROM few) > " RELEVANCE_RANKED
		      " AND (SELECT count(*) FROM ranked) <= coalesce($%d::integer, 20) AND (s.rating, s.id) < (SELECT "
		      "best.rating, best.id FROM best ORDER BY best.rating DESC, best.id DESC OFFSET " RELEVANCE_RANKED
		      " - 1 LIMIT 1)",
		      limit);
	append_limit(sql, limit);
	buffer_append_text(sql, ") walk");
}

void relevance_page(struct query *query, struct buffer *sql, int limit)
{
	if (query->after_unranked) {
		buffer_append_text(sql, "SELECT walk.id, walk.rating AS place, false AS ranked FROM (");
		append_walk(query, sql);
		buffer_printf(sql, " AND (s.rating, s.id) < ($%d::float8, $%d::uuid)", query->after_value,
			      query->after_id);
		append_limit(sql, limit);
		buffer_append_text(sql, ") walk");
		return;
	}
	append_best(query, sql);
	append_ranked(query, sql, limit);
	buffer_append_text(sql, " SELECT page.* FROM (SELECT ranked.id, ranked.place, true AS ranked FROM ranked UNION "
				"ALL ");
	append_others(query, sql, limit);
	buffer_printf(sql, ") page ORDER BY " RELEVANCE_ORDER " LIMIT coalesce($%d::integer, 20) + 1", limit);
}
