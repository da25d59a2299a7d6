#include "pricing/price_internal.h"

#include <string.h>

static const struct priced_extra *find(const struct pricing *pricing, const char *key)
{
	for (size_t i = 0; i < pricing->extra_count; i++)
		if (strcmp(pricing->extras[i].key, key) == 0)
			return &pricing->extras[i];
	return NULL;
}

static bool is_repeated(const struct price_request *request, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(request->extras[i].key, request->extras[index].key) == 0)
			return true;
	return false;
}

int price_check_extras(struct rpc_call *call, const struct pricing *pricing, const struct price_request *request)
{
	struct arena *arena = &call->ctx->arena;
	for (size_t i = 0; i < request->extra_count; i++) {
		const struct priced_extra *extra = find(pricing, request->extras[i].key);
		const char *path = arena_printf(arena, "/params/extras/%zu", i);
		if (!extra)
			return rpc_invalid(call, arena_printf(arena, "%s/key", path), "exists", NULL);
		if (is_repeated(request, i))
			return rpc_invalid(call, arena_printf(arena, "%s/key", path), "unique", NULL);
		if (request->extras[i].count > extra->most)
			return rpc_invalid(call, arena_printf(arena, "%s/quantity", path), "maximum",
					   arena_printf(arena, "%lld", (long long)extra->most));
		if (extra->per == EXTRA_PER_GUEST && request->guests == 0)
			return rpc_invalid(call, "/params/guests", "required", NULL);
	}
	return 0;
}

/* How often the amount is charged for one of the extra. */
static int64_t times(const struct price_build *build, enum extra_per per)
{
	const struct price_request *request = build->request;
	switch (per) {
	case EXTRA_PER_UNIT:
		return request->units;
	case EXTRA_PER_GUEST:
		return request->guests;
	case EXTRA_PER_DAY:
		return build->days;
	case EXTRA_PER_HOUR:
		return (request->period.to - request->period.from + PRICE_HOUR - 1) / PRICE_HOUR;
	case EXTRA_PER_BOOKING:
	default:
		return 1;
	}
}

static int add_extra(struct price_build *build, const struct priced_extra *extra, int64_t count)
{
	struct price_line line = {
	    .kind = PRICE_EXTRA,
	    .key = extra->key,
	    .label = extra->name,
	    .refundable = extra->refundable,
	    .quantity = count * times(build, extra->per),
	    .per = pricing_per_word(extra->per),
	    .unit_amount = extra->amount,
	};
	return price_add(build, &line, extra->amount, line.quantity, 1);
}

/* In the order of the pricing, however they were asked for. */
int price_extras(struct price_build *build)
{
	const struct price_request *request = build->request;
	for (size_t i = 0; i < build->pricing->extra_count; i++)
		for (size_t j = 0; j < request->extra_count; j++)
			if (strcmp(build->pricing->extras[i].key, request->extras[j].key) == 0 &&
			    add_extra(build, &build->pricing->extras[i], request->extras[j].count))
				return -1;
	return 0;
}
