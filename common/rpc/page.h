/*
 * Pages of lists: rows of a keyset query become {items, next_cursor, ...}.
 *
 * Use: the statement selects the item's JSON as its first column and the `count` sort values after it, ordered by them,
 * and is limited to PAGE_LIMIT(parameter) rows: one more than the page, which tells whether there is a next one.
 */
#ifndef EVENTLOOP_RPC_PAGE_H
#define EVENTLOOP_RPC_PAGE_H

#include "rpc/call.h"

struct pg_result;

#define PAGE_DEFAULT_LIMIT 20

/* A row of a statement as above. */
struct page_row {
	const struct pg_result *result;
	size_t row;
};

/* Rows of several statements, in their order. */
struct page_rows {
	const struct page_row *rows;
	size_t count;
	const struct page_row *end; /* where the next page goes on when this one shows all rows; NULL: there is none */
};

/* The LIMIT clause for the parameter that carries params.limit. */
#define PAGE_LIMIT(parameter) "LIMIT coalesce(" parameter "::integer, 20) + 1"

/* Replies with a page: as many rows as the caller asked for, or fewer with a next_cursor when more would be too large.
 * scope: see cursor_read. extra: further members of the result as JSON ("\"total\":3"), or NULL.
 * Returns 0, or -1 with too_large, or with the error of cursor_make. */
int rpc_reply_page(struct rpc_call *call, const struct pg_result *rows, const char *scope, size_t count,
		   const char *extra) MAY_SUSPEND;

/* The same for rows that were gathered from several results. */
int rpc_reply_rows(struct rpc_call *call, const struct page_rows *page, const char *scope, size_t count,
		   const char *extra) MAY_SUSPEND;

#endif
