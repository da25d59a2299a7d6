#include "booking/many/quote_many.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "booking/check.h"
#include "booking/quote_answer.h"

#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

/* One of them, with what stands against it. */
static const char *answer_item(struct pg_tx *tx, struct many *many, const struct quote_place *place, bool *ret_bookable)
{
	struct many_item *item = &many->items[place->place];
	const struct terms *terms = &many->terms[place->place];
	struct verdict verdict;
	if (check_judge(&item->call, tx, terms, &item->wish, many->customer.user_id, NULL, &verdict))
		return NULL;
	override_judge(&item->override, &verdict);
	*ret_bookable = *ret_bookable && verdict.count == 0;
	return quote_answer(&item->call, tx, terms, &item->wish, &item->price, &verdict, place);
}

const char *quote_many_answer(struct rpc_call *call, struct pg_tx *tx, struct many *many)
{
	char id[UUID_SIZE];
	uuid_make(id);
	bool bookable = true;
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, ANSWER_MAX);
	buffer_printf(&out, "{\"quote_id\":\"%s\",\"totals\":%s,\"bookings\":[", id, many_totals(call, many));
	for (size_t i = 0; i < many->count; i++) {
		const struct quote_place place = {id, i};
		const char *answer = answer_item(tx, many, &place, &bookable);
		if (!answer)
			return NULL;
		buffer_append_text(&out, i > 0 ? "," : "");
		buffer_append_text(&out, answer);
	}
	buffer_printf(&out, "],\"bookable\":%s}", bookable ? "true" : "false");
	return buffer_text(&out);
}

int booking_quote_many(struct rpc_call *call)
{
	struct many many;
	if (many_read(call, &many) || many_look(call, &many) || many_price(call, NULL, &many))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	const char *answer = quote_many_answer(call, tx, &many);
	return answer ? rpc_commit_text(call, tx, answer) : -1;
}
