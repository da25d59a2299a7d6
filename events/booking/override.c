#include "booking/override.h"

#include "base/fault.h"
#include "booking/by_company.h"
#include "booking/store/fields.h"

#include <string.h>

int override_read(struct rpc_call *call, const char *listing_id, struct override *ret)
{
	*ret = (struct override){
	    .priced = rpc_param_json(call, "price_override"),
	    .rules = rpc_param_json(call, "ignore_rules"),
	};
	ret->any = ret->priced || ret->rules;
	if (!ret->any)
		return rpc_param(call, "override_reason")
			   ? rpc_invalid(call, "/params/price_override", "required", NULL)
			   : 0;
	if (!rpc_param(call, "override_reason"))
		return rpc_invalid(call, "/params/override_reason", "required", NULL);
	return by_company_require(call, listing_id, RIGHT_MANAGER);
}

static bool ignores(const struct override *override, const char *rule)
{
	if (override->rules && FAULT("desk.rules"))
		return true;
	size_t count = override->rules ? json_object_array_length(override->rules) : 0;
	for (size_t i = 0; i < count; i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(override->rules, i)), rule) == 0)
			return true;
	return false;
}

void override_judge(const struct override *override, struct verdict *verdict)
{
	struct verdict left = {0};
	for (size_t i = 0; i < verdict->count; i++)
		if (!ignores(override, verdict->refusals[i].rule))
			verdict_add(&left, verdict->refusals[i]);
	*verdict = left;
}

int override_price(struct rpc_call *call, const struct terms *terms, struct price *ret)
{
	const char *currency = rpc_param(call, "price_override.currency"), *own = terms->pricing.currency;
	if (own && strcmp(currency, own) != 0)
		return rpc_invalid(call, "/params/price_override/currency", "one_currency",
				   arena_printf(&call->ctx->arena, "\"%s\"", own));
	return price_set(call, &terms->pricing, rpc_param_integer(call, "price_override.amount", 0), currency, ret);
}

const char *override_json(struct rpc_call *call, const struct override *override, int64_t now)
{
	if (!override->any)
		return NULL;
	struct fields fields;
	fields_init(&fields, call);
	fields_text(&fields, "by", call->caller->id);
	fields_time(&fields, "at", now);
	fields_text(&fields, "reason", rpc_param(call, "override_reason"));
	fields_json(&fields, "price", rpc_param(call, "price_override"));
	fields_json(&fields, "ignore_rules", rpc_param(call, "ignore_rules"));
	return arena_printf(&call->ctx->arena, "{%s}", fields_members(&fields));
}
