#include "availability/asked_units.h"

#include "json/tree.h"

static struct json_object *numbers_of(struct rpc_call *call)
{
	struct json_object *numbers = rpc_param_json(call, "unit_numbers");
	return numbers && json_object_array_length(numbers) > 0 ? numbers : NULL;
}

int asked_units(struct rpc_call *call, int absent, int *ret)
{
	struct json_object *numbers = numbers_of(call);
	int count = numbers ? (int)json_object_array_length(numbers) : 0;
	*ret = (int)rpc_param_integer(call, "units", numbers ? count : absent);
	if (numbers && *ret != count)
		return rpc_invalid(call, "/params/unit_numbers", "count", arena_printf(&call->ctx->arena, "%d", *ret));
	return 0;
}

static int number_at(struct json_object *numbers, size_t index)
{
	return json_object_get_int(json_object_array_get_idx(numbers, index));
}

int asked_units_check(struct rpc_call *call, const struct booking_rules *rules)
{
	struct json_object *numbers = numbers_of(call);
	struct arena *arena = &call->ctx->arena;
	if (!numbers)
		return 0;
	if (!rules->named)
		return rpc_precondition(call, "units_mode", NULL,
					"the units of this listing have no names to choose from");
	for (size_t i = 0; i < json_object_array_length(numbers); i++)
		if (number_at(numbers, i) > rules->units)
			return rpc_invalid(call, arena_printf(arena, "/params/unit_numbers/%zu", i), "maximum",
					   arena_printf(arena, "%d", rules->units));
	return 0;
}

/* The place of a unit among those asked for, from 1; 0: it is none of them. */
static int place_of(struct json_object *numbers, int unit)
{
	for (size_t i = 0; i < json_object_array_length(numbers); i++)
		if (number_at(numbers, i) == unit)
			return (int)i + 1;
	return 0;
}

struct asked_taken asked_units_of(struct rpc_call *call, const struct asked_taken *taken)
{
	struct json_object *numbers = numbers_of(call);
	if (!numbers)
		return *taken;
	struct taken *rows = arena_zalloc(&call->ctx->arena, (taken->count + 1) * sizeof(*rows));
	const char **ids = arena_zalloc(&call->ctx->arena, (taken->count + 1) * sizeof(*ids));
	size_t count = 0;
	for (size_t i = 0; i < taken->count; i++) {
		int place = place_of(numbers, taken->rows[i].unit);
		if (place == 0)
			continue;
		rows[count] = (struct taken){place, taken->rows[i].period};
		ids[count++] = taken->booking_ids[i];
	}
	return (struct asked_taken){count, rows, ids};
}
