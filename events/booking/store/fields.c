#include "booking/store/fields.h"

#include "booking/store/terms.h"

#define FIELDS_MAX ((size_t)1024 * 1024)

void fields_init(struct fields *fields, struct rpc_call *call)
{
	fields->call = call;
	buffer_init_arena(&fields->json, &call->ctx->arena, FIELDS_MAX);
}

void fields_json(struct fields *fields, const char *name, const char *json)
{
	if (json)
		buffer_printf(&fields->json, "%s\"%s\":%s", fields->json.length > 0 ? "," : "", name, json);
}

void fields_text(struct fields *fields, const char *name, const char *text)
{
	if (!text)
		return;
	fields_json(fields, name, "");
	buffer_append_json_string(&fields->json, text);
}

void fields_integer(struct fields *fields, const char *name, int64_t value)
{
	fields_json(fields, name, arena_printf(&fields->call->ctx->arena, "%lld", (long long)value));
}

void fields_boolean(struct fields *fields, const char *name, bool value)
{
	fields_json(fields, name, value ? "true" : "false");
}

void fields_null(struct fields *fields, const char *name)
{
	fields_json(fields, name, "null");
}

void fields_time(struct fields *fields, const char *name, int64_t instant)
{
	fields_text(fields, name, terms_time(fields->call, instant));
}

void fields_price(struct fields *fields, const struct price *price)
{
	if (!price->known)
		return;
	fields_json(fields, "price", price_json(&fields->call->ctx->arena, price));
	fields_integer(fields, "price_amount", price->total);
	fields_text(fields, "price_currency", price->currency);
}

const char *fields_members(struct fields *fields)
{
	return buffer_text(&fields->json);
}
