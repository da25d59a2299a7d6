#include "search/search.h"

#include "base/clock.h"
#include "catalogue/catalogue.h"
#include "events.h"
#include "rpc/page.h"
#include "search/filter.h"
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

/* The `total` member for a page: known without counting when the first page holds everything. */
static const char *total_text(struct rpc_call *call, struct query *query, const struct pg_result *page,
			      const char *count_sql, size_t count_values)
{
	size_t limit = (size_t)rpc_param_integer(call, "limit", PAGE_DEFAULT_LIMIT);
	struct arena *arena = &call->ctx->arena;
	if (!count_sql)
		return "null";
	if (!rpc_param(call, "cursor") && pg_count(page) <= limit)
		return arena_printf(arena, "%zu", pg_count(page));
	struct pg_result *total = pg_read_values(call->ctx, call->db, count_sql, count_values, query->values);
	if (!total)
		return NULL;
	if (pg_integer(total, 0, 0) > SEARCH_MAX_TOTAL)
		return arena_printf(arena, "{\"at_least\":%d}", SEARCH_MAX_TOTAL);
	return pg_text(total, 0, 0);
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
	const char *page_sql = statement_page(&query, sort);
	char as_of[CLOCK_TEXT_SIZE];
	clock_format(clock_wall(), as_of);
	struct pg_result *page = pg_read_values(call->ctx, call->db, page_sql, (size_t)query.value_count, query.values);
	const char *total = page ? total_text(call, &query, page, count_sql, count_values) : NULL;
	if (!total)
		return -1;
	return rpc_reply_page(call, page, scope, 2,
			      arena_printf(&call->ctx->arena, "\"total\":%s,\"as_of\":\"%s\"", total, as_of));
}
