#include "booking/quote_answer.h"

#include "booking/check.h"
#include "booking/store/fields.h"
#include "pricing/quote.h"
#include "pricing/refund.h"

#define LIST_MAX 65536

static const char *refusals_json(struct arena *arena, const struct verdict *verdict)
{
	struct buffer out;
	buffer_init_arena(&out, arena, LIST_MAX);
	buffer_append_char(&out, '[');
	for (size_t i = 0; i < verdict->count; i++) {
		buffer_append_text(&out, i > 0 ? "," : "");
		words_append(&out, &verdict->refusals[i], NULL);
	}
	buffer_append_char(&out, ']');
	return buffer_text(&out);
}

static const char *period_json(struct rpc_call *call, const struct span *period)
{
	return arena_printf(&call->ctx->arena, "{\"from\":\"%s\",\"to\":\"%s\"}", terms_time(call, period->from),
			    terms_time(call, period->to));
}

static const char *answer(struct rpc_call *call, const struct terms *terms, const struct wish *wish,
			  const struct quote *quote, const struct price *price, const struct verdict *verdict)
{
	struct arena *arena = &call->ctx->arena;
	struct fields fields;
	fields_init(&fields, call);
	fields_text(&fields, "quote_id", quote->id);
	fields_text(&fields, "expires_at", quote->expires_at);
	fields_text(&fields, "listing_id", terms->listing_id);
	fields_json(&fields, "period", period_json(call, &wish->period));
	fields_integer(&fields, "units", wish->units);
	if (wish->guests > 0)
		fields_integer(&fields, "guests", wish->guests);
	else
		fields_null(&fields, "guests");
	fields_json(&fields, "extras", quote->extras);
	fields_json(&fields, "price", price_json(arena, price));
	fields_json(&fields, "refund_policy", refund_policy_json(arena, &terms->rules));
	fields_boolean(&fields, "bookable", verdict->count == 0);
	fields_json(&fields, "refusals", refusals_json(arena, verdict));
	return arena_printf(arena, "{%s}", fields_members(&fields));
}

const char *quote_answer(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
			 const struct price *price, const struct verdict *verdict, const struct quote_place *place)
{
	struct price_request request = wish_for_price(wish, terms->now);
	struct quote quote;
	if (quote_store(call, tx, terms->listing_id, &request, price, place, &quote))
		return NULL;
	return answer(call, terms, wish, &quote, price, verdict);
}
