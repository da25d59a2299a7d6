#include "booking/store/wish.h"

#include "availability/asked_units.h"
#include "base/buffer.h"
#include "booking/store/period.h"
#include "booking/store/row.h"
#include "json/tree.h"

#include <string.h>

#define MAX_DEPTH 8
#define MAX_NUMBERS 16384

static int read_time(struct rpc_call *call, bool optional, struct wish *ret)
{
	enum asked_form form = ASKED_NEITHER;
	if (asked_form(call, optional, &form))
		return -1;
	ret->by_dates = form == ASKED_DATES;
	return form == ASKED_PERIOD ? period_read_span(call, &ret->period) : 0;
}

/* As a PostgreSQL array. */
static const char *number_list(struct rpc_call *call)
{
	struct json_object *numbers = rpc_param_json(call, "unit_numbers");
	size_t count = numbers ? json_object_array_length(numbers) : 0;
	if (count == 0)
		return NULL;
	struct buffer list;
	buffer_init_arena(&list, &call->ctx->arena, MAX_NUMBERS);
	for (size_t i = 0; i < count; i++)
		buffer_printf(&list, "%c%d", i == 0 ? '{' : ',',
			      json_object_get_int(json_object_array_get_idx(numbers, i)));
	buffer_append_char(&list, '}');
	return buffer_text(&list);
}

static void take_extras(struct rpc_call *call, struct json_object *extras, struct wish *wish)
{
	size_t count = extras ? json_object_array_length(extras) : 0;
	struct price_extra *chosen = arena_zalloc(&call->ctx->arena, (count + 1) * sizeof(*chosen));
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(extras, i);
		chosen[i].key =
		    arena_strdup(&call->ctx->arena, json_object_get_string(json_object_object_get(item, "key")));
		chosen[i].count = json_object_get_int64(json_object_object_get(item, "quantity"));
	}
	wish->extra_count = count;
	wish->chosen = chosen;
}

static void put(void *argument)
{
	json_object_put(argument);
}

void wish_take_extras(struct rpc_call *call, const char *json, struct wish *wish)
{
	struct json_object *tree = NULL;
	wish->extras = json;
	struct json_error error;
	if (!json_tree_parse(json, strlen(json), MAX_DEPTH, 0, &call->ctx->arena, &tree, &error))
		return;
	context_defer(call->ctx, put, tree);
	take_extras(call, tree, wish);
}

int wish_read(struct rpc_call *call, bool optional, struct wish *ret)
{
	*ret = (struct wish){
	    .numbers = number_list(call),
	    .guests = (int)rpc_param_integer(call, "guests", 0),
	    .extras = rpc_param(call, "extras"),
	    .shortest = period_shortest(call->worker),
	};
	if (ret->extras)
		take_extras(call, rpc_param_json(call, "extras"), ret);
	return read_time(call, optional, ret) || asked_units(call, 0, &ret->units) ? -1 : 0;
}

static int resolve_dates(struct rpc_call *call, const struct terms *terms, struct wish *wish)
{
	if (asked_dates_period(call, &terms->rules, &wish->period))
		return -1;
	return period_check_longest(call, &wish->period);
}

int wish_resolve(struct rpc_call *call, const struct terms *terms, struct wish *wish)
{
	if (wish->by_dates && resolve_dates(call, terms, wish))
		return -1;
	if (wish->units == 0)
		wish->units = 1;
	wish->taken =
	    (struct span){wish->period.from - terms->rules.buffer_before, wish->period.to + terms->rules.buffer_after};
	return asked_units_check(call, &terms->rules);
}

void wish_complete(struct rpc_call *call, const struct booking_row *row, struct wish *wish)
{
	if (wish->period.to == 0 && !wish->by_dates)
		wish->period = row->period;
	if (wish->units == 0) {
		wish->units = row->units;
		wish->numbers = row->numbers;
	}
	if (wish->guests == 0)
		wish->guests = row->guests;
	if (!wish->extras)
		wish_take_extras(call, row->extras, wish);
}

const char *wish_range(struct rpc_call *call, const struct span *span)
{
	return pg_range_text(&call->ctx->arena, span->from, span->to);
}

struct booking_wish wish_for_rules(const struct wish *wish)
{
	return (struct booking_wish){
	    .period = wish->period, .units = wish->units, .guests = wish->guests, .shortest = wish->shortest};
}

struct price_request wish_for_price(const struct wish *wish, int64_t now)
{
	return (struct price_request){
	    .period = wish->period,
	    .units = wish->units,
	    .guests = wish->guests,
	    .now = now,
	    .extra_count = wish->extra_count,
	    .extras = wish->chosen,
	};
}
