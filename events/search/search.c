#include "search/search.h"

#include "base/clock.h"
#include "catalogue/catalogue.h"
#include "events.h"
#include "rpc/page.h"
#include "search/filter.h"
#include "search/gather.h"
#include "search/statement.h"

/* Builds the filters; a key that the catalogue of a second ago does not know is looked up again before it is refused.
 */
static int build(struct rpc_call *call, struct query *query)
{
	struct catalogue *catalogue = call_catalogue(call);
	if (catalogue_current(call->ctx, catalogue))
		return -1;
	query_init(query, call);
	if (filter_all(query) == 0)
		return 0;
	if (call->ctx->error.code != ERROR_INVALID_PARAMS)
		return -1;
	error_clear(&call->ctx->error);
	if (catalogue_refresh(call->ctx, catalogue))
		return -1;
	query_init(query, call);
	return filter_all(query);
}

/* Of so many matches (the first SEARCH_MAX_TOTAL + 1), `ruled` have rules that only a page asks. */
static const char *count_text(struct arena *arena, int64_t matches, int64_t ruled)
{
	int64_t least = matches - ruled < SEARCH_MAX_TOTAL ? matches - ruled : SEARCH_MAX_TOTAL;
	if (matches > SEARCH_MAX_TOTAL)
		return arena_printf(arena, "{\"at_least\":%lld}", (long long)least);
	return arena_printf(arena, ruled > 0 ? "{\"at_most\":%lld}" : "%lld", (long long)matches);
}

/* The `total` member for a page: known without counting when the first page holds everything. */
static const char *total_text(struct rpc_call *call, struct query *query, const struct page_rows *page,
			      const char *count_sql, size_t count_values)
{
	size_t limit = (size_t)rpc_param_integer(call, "limit", PAGE_DEFAULT_LIMIT);
	struct arena *arena = &call->ctx->arena;
	if (!count_sql)
		return "null";
	if (!rpc_param(call, "cursor") && page->count <= limit && !page->end)
		return arena_printf(arena, "%zu", page->count);
	struct pg_result *total = pg_read_values(call->ctx, call->db, count_sql, count_values, query->values);
	return total ? count_text(arena, pg_integer(total, 0, 0), pg_integer(total, 0, 1)) : NULL;
}

int listing_search(struct rpc_call *call)
{
	struct query query;
	if (build(call, &query))
		return -1;
	query_close(&query);
	const struct sort *sort = sort_choose(&query);
	if (!sort)
		return -1;
	const char *count_sql = rpc_param_boolean(call, "total", true) ? statement_total(&query) : NULL;
	size_t count_values = (size_t)query.value_count;
	const char *scope = arena_strdup(&call->ctx->arena, buffer_text(&query.scope));
	if (sort_after(&query, sort, scope))
		return -1;
	int64_t now = clock_wall();
	struct page_rows page;
	if (gather(&query, sort, now, &page))
		return -1;
	const char *total = total_text(call, &query, &page, count_sql, count_values);
	if (!total)
		return -1;
	char as_of[CLOCK_TEXT_SIZE];
	clock_format(now, as_of);
	return rpc_reply_rows(call, &page, scope, 2,
			      arena_printf(&call->ctx->arena, "\"total\":%s,\"as_of\":\"%s\"", total, as_of));
}
