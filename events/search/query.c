#include "search/query.h"

#include "on_offer.h"

#include <stdio.h>

#define MAX_TEXT 32768
#define MAX_SCOPE 65536

void query_init(struct query *query, struct rpc_call *call)
{
	struct arena *arena = &call->ctx->arena;
	*query = (struct query){.call = call};
	buffer_init_arena(&query->access, arena, MAX_TEXT);
	buffer_init_arena(&query->filters, arena, MAX_TEXT);
	buffer_init_arena(&query->required, arena, MAX_TEXT);
	buffer_init_arena(&query->scope, arena, MAX_SCOPE);
}

int query_value_asked(struct query *query, const char *value, const char *asked)
{
	if (query->value_count < QUERY_MAX_VALUES)
		query->values[query->value_count++] = value;
	buffer_append_text(&query->scope, asked ? asked : "");
	buffer_append_char(&query->scope, '\n');
	return query->value_count;
}

int query_value(struct query *query, const char *value)
{
	return query_value_asked(query, value, value);
}

PRINTF(2, 0) static void append(struct buffer *target, const char *format, va_list values)
{
	char text[512];
	int length = vsnprintf(text, sizeof(text), format, values);
	buffer_append_text(target, " AND ");
	buffer_append(target, text, length < 0 || (size_t)length >= sizeof(text) ? 0 : (size_t)length);
}

void query_filter(struct query *query, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	append(&query->filters, format, values);
	va_end(values);
}

void query_access(struct query *query, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	append(&query->access, format, values);
	va_end(values);
}

void query_require_term(struct query *query, int term)
{
	buffer_printf(&query->required, "%s%d", query->required.length > 0 ? "," : "", term);
}

void query_close(struct query *query)
{
	query->has_terms = query->required.length > 0;
	if (!query->has_terms)
		return;
	int number = query_value(query, arena_printf(&query->call->ctx->arena, "{%s}", buffer_text(&query->required)));
	query_access(query, "s.terms @> $%d::integer[]", number);
}

const char *query_place(struct query *query)
{
	if (!query->has_cells)
		return "true";
	return arena_printf(&query->call->ctx->arena, "s.terms && $%d::integer[]", query->cell_terms_value);
}

void query_conditions(struct query *query, struct buffer *sql, const char *place)
{
	buffer_append_text(sql, place);
	buffer_append(sql, query->access.data, query->access.length);
	buffer_printf(sql, " AND CASE WHEN " COMPANY_ON_OFFER("s.company_id") "%s THEN true ELSE false END",
		      buffer_text(&query->filters));
}
