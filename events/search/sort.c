#include "search/sort.h"

#include "rpc/cursor.h"
#include "search/relevance.h"

#include <string.h>

static const struct sort sorts[] = {
    {"rating", "s.rating", "float8", true, false, true},
    {"price", "s.price", "bigint", false, false, true},
    {"price_desc", "(CASE WHEN s.price = 9223372036854775807 THEN -1 ELSE s.price END)", "bigint", true, false, false},
    {"newest", "s.published_at", "timestamptz", true, false, false},
    {"distance", NULL, "float8", false, false, false},
    {"relevance", NULL, NULL, true, true, false},
};

static const struct sort *find(const char *name)
{
	size_t i = 0;
	while (strcmp(sorts[i].name, name) != 0)
		i++;
	return &sorts[i];
}

const struct sort *sort_choose(struct query *query)
{
	const char *name = rpc_param(query->call, "sort");
	if (!name)
		name = query->has_text ? "relevance" : "rating";
	if (strcmp(name, "relevance") == 0 && !query->has_text) {
		(void)rpc_invalid(query->call, "/params/text", "required", NULL);
		return NULL;
	}
	if (strcmp(name, "distance") == 0 && !query->has_near) {
		(void)rpc_invalid(query->call, "/params/near", "required", NULL);
		return NULL;
	}
	buffer_append_text(&query->scope, name);
	return find(name);
}

const char *sort_value(struct query *query, const struct sort *sort)
{
	struct arena *arena = &query->call->ctx->arena;
	if (sort->value)
		return sort->value;
	return arena_printf(arena, "coalesce(search_distance(s.lat, s.lon, $%d::float8, $%d::float8), 'Infinity')",
			    query->lat_value, query->lon_value);
}

void sort_continue(struct query *query, const struct sort *sort, const char *place, const char *id)
{
	if (sort->relevance) {
		relevance_after(query, place, id);
		return;
	}
	int value = query_value(query, place), number = query_value(query, id);
	query_access(query, "(%s, s.id) %s ($%d::%s, $%d::uuid)", sort_value(query, sort), sort->descending ? "<" : ">",
		     value, sort->type, number);
}

int sort_after(struct query *query, const struct sort *sort, const char *scope)
{
	const char *after[2];
	if (cursor_read(query->call, scope, 2, after))
		return -1;
	if (after[0])
		sort_continue(query, sort, after[0], after[1]);
	return 0;
}
