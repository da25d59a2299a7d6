#include "search/gather.h"

#include "availability/verdict.h"
#include "booking/store/period.h"
#include "search/statement.h"

#include <string.h>

/* What is asked of the rules of each listing. */
struct asked {
	struct rpc_call *call;
	struct booking_wish wish;
	int64_t now;
};

static bool is_forbidden(const struct asked *asked, const struct verdict *verdict)
{
	bool begun = asked->wish.period.from < asked->now;
	size_t passed_over = begun && verdict->count > 0 && strcmp(verdict->refusals[0].rule, "in_past") == 0;
	return verdict->count > passed_over;
}

/* Whether the listing of a row may be booked as asked: *ret. -1 with internal, when its rules cannot be read. */
static int judge(const struct asked *asked, const struct pg_result *rows, size_t row, bool *ret)
{
	struct context *ctx = asked->call->ctx;
	*ret = true;
	if (!pg_text(rows, row, STATEMENT_RULES))
		return 0;
	struct booking_rules rules;
	if (rules_of_row(ctx, rows, row, STATEMENT_RULES, &rules))
		return -1;
	struct verdict verdict;
	verdict_of(&rules, &asked->wish, asked->now, &ctx->arena, &verdict);
	*ret = !is_forbidden(asked, &verdict);
	return 0;
}

/* One statement: `most` rows after `after` (NULL: after the query's own cursor) and one more. */
static struct pg_result *read_rows(const struct query *query, const struct sort *sort, size_t most,
				   const struct page_row *after)
{
	struct query round = *query;
	if (after)
		sort_continue(&round, sort, pg_text(after->result, after->row, 1),
			      pg_text(after->result, after->row, 2));
	const char *sql = statement_page(&round, sort, arena_printf(&query->call->ctx->arena, "%zu", most));
	return pg_read_values(query->call->ctx, query->call->db, sql, (size_t)round.value_count, round.values);
}

/* Adds rows that are allowed until there are `wanted`; *last: the one that was looked at last. */
static int add_rows(const struct query *query, const struct asked *asked, const struct pg_result *rows, size_t wanted,
		    struct page_row *page, size_t *count, struct page_row *last)
{
	for (size_t i = 0; i < pg_count(rows) && *count < wanted; i++) {
		bool allowed = true;
		*last = (struct page_row){rows, i};
		if (query->period_value > 0 && judge(asked, rows, i, &allowed))
			return -1;
		if (allowed)
			page[(*count)++] = *last;
	}
	return 0;
}

static size_t next_size(size_t size)
{
	return size * 2 > GATHER_MOST && size <= GATHER_MOST ? GATHER_MOST : size > GATHER_MOST ? size : size * 2;
}

int gather(const struct query *query, const struct sort *sort, int64_t now, struct page_rows *ret_page)
{
	struct rpc_call *call = query->call;
	size_t limit = (size_t)rpc_param_integer(call, "limit", PAGE_DEFAULT_LIMIT), size = limit, count = 0;
	struct page_row *page = arena_alloc(&call->ctx->arena, (limit + 1) * sizeof(*page));
	struct page_row *last = arena_alloc(&call->ctx->arena, sizeof(*last));
	const struct asked asked = {
	    .call = call,
	    .wish = {.period = {query->period_from, query->period_to},
		     .units = (int)rpc_param_integer(call, "units", 1),
		     .shortest = period_shortest(call->worker)},
	    .now = now,
	};
	*last = (struct page_row){NULL, 0};
	bool more = true;
	for (int round = 0; more && count <= limit && round < GATHER_ROUNDS; round++, size = next_size(size)) {
		struct pg_result *rows = read_rows(query, sort, size, last->result ? last : NULL);
		if (!rows || add_rows(query, &asked, rows, limit + 1, page, &count, last))
			return -1;
		more = pg_count(rows) > size;
	}
	*ret_page = (struct page_rows){.rows = page, .count = count, .end = more && count <= limit ? last : NULL};
	return 0;
}
