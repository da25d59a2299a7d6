#include "rpc/page.h"

#include "base/buffer.h"
#include "rpc/cursor.h"

#include <string.h>

#define MAX_PAGE (4 << 20)
#define MAX_REST (64 << 10) /* of it, what is neither items nor `extra` */
#define MAX_SORT_VALUES 8

/* The cursor after the last row shown, as JSON; NULL with an error. */
static const char *next_cursor(struct rpc_call *call, const struct page_rows *page, size_t shown, const char *scope,
			       size_t count)
{
	const struct page_row *last = shown < page->count ? &page->rows[shown - 1] : page->end;
	if (!last)
		return "null";
	const char *values[MAX_SORT_VALUES];
	for (size_t i = 0; i < count && i < MAX_SORT_VALUES; i++)
		values[i] = pg_text(last->result, last->row, i + 1);
	const char *cursor = cursor_make(call, scope, count, values);
	return cursor ? arena_printf(&call->ctx->arena, "\"%s\"", cursor) : NULL;
}

/* How many of the rows, at most `limit`, fit in a page: one at least. */
static size_t fitting(const struct page_rows *page, size_t limit, size_t room)
{
	size_t length = 0, count = 0;
	for (; count < limit && count < page->count; count++) {
		length += pg_length(page->rows[count].result, page->rows[count].row, 0) + 1;
		if (count > 0 && length > room)
			break;
	}
	return count;
}

int rpc_reply_rows(struct rpc_call *call, const struct page_rows *page, const char *scope, size_t count,
		   const char *extra)
{
	size_t limit = (size_t)rpc_param_integer(call, "limit", PAGE_DEFAULT_LIMIT);
	size_t shown = fitting(page, limit, MAX_PAGE - MAX_REST - (extra ? strlen(extra) : 0));
	const char *next = next_cursor(call, page, shown, scope, count);
	if (!next)
		return -1;
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_PAGE);
	buffer_append_text(&text, "{\"items\":[");
	for (size_t i = 0; i < shown; i++) {
		const struct page_row *row = &page->rows[i];
		if (i > 0)
			buffer_append_char(&text, ',');
		buffer_append(&text, pg_text(row->result, row->row, 0), pg_length(row->result, row->row, 0));
	}
	buffer_append_text(&text, "],\"next_cursor\":");
	buffer_append_text(&text, next);
	if (extra) {
		buffer_append_char(&text, ',');
		buffer_append_text(&text, extra);
	}
	buffer_append_char(&text, '}');
	if (buffer_failed(&text))
		return context_fail(call->ctx, ERROR_TOO_LARGE, "page", "the page is too large: ask for fewer items");
	return rpc_reply_text(call, text.data, text.length);
}

int rpc_reply_page(struct rpc_call *call, const struct pg_result *rows, const char *scope, size_t count,
		   const char *extra)
{
	struct page_rows page = {.count = pg_count(rows)};
	struct page_row *all = arena_alloc(&call->ctx->arena, page.count * sizeof(*all));
	for (size_t i = 0; i < page.count; i++)
		all[i] = (struct page_row){rows, i};
	page.rows = all;
	return rpc_reply_rows(call, &page, scope, count, extra);
}
