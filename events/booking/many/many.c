#include "booking/many/many.h"

#include "base/buffer.h"
#include "booking/by_member.h"
#include "booking/store/due.h"
#include "pricing/quote.h"

#include <string.h>

#define TOTALS_MAX 8192

static int read_item(struct rpc_call *call, size_t place, struct many *many)
{
	struct many_item *item = &many->items[place];
	item->call = rpc_item(call, "bookings", place);
	item->listing_id = rpc_param(&item->call, "listing_id");
	return wish_read(&item->call, false, &item->wish) ||
		       customer_read(call, item->listing_id, true, &many->customer) ||
		       override_read(&item->call, item->listing_id, &item->override)
		   ? -1
		   : 0;
}

static const char **ids_of(struct rpc_call *call, const struct many *many)
{
	const char **ids = arena_alloc(&call->ctx->arena, many->count * sizeof(*ids));
	for (size_t i = 0; i < many->count; i++)
		ids[i] = many->items[i].listing_id;
	return ids;
}

/* Whether the customer belongs to the companies. */
static int read_members(struct rpc_call *call, struct many *many)
{
	const char **found = arena_zalloc(&call->ctx->arena, many->count * sizeof(*found));
	if (booking_by_members(call, ids_of(call, many), many->count, found))
		return -1;
	for (size_t i = 0; i < many->count; i++)
		many->items[i].by_member = found[i];
	return 0;
}

int many_read(struct rpc_call *call, struct many *ret)
{
	struct arena *arena = &call->ctx->arena;
	*ret = (struct many){.count = json_object_array_length(rpc_param_json(call, "bookings"))};
	ret->items = arena_zalloc(arena, ret->count * sizeof(*ret->items));
	ret->terms = arena_zalloc(arena, ret->count * sizeof(*ret->terms));
	for (size_t i = 0; i < ret->count; i++)
		if (read_item(call, i, ret))
			return -1;
	return ret->customer.booked_by ? 0 : read_members(call, ret);
}

int many_lock(struct rpc_call *call, struct pg_tx *tx, struct many *many)
{
	if (due_lock_many(call, tx, ids_of(call, many), many->count, many->terms))
		return -1;
	for (size_t i = 0; i < many->count; i++)
		if (!many->terms[i].on_offer)
			return rpc_not_found(call, "listing");
	return 0;
}

int many_look(struct rpc_call *call, struct many *many)
{
	for (size_t i = 0; i < many->count; i++) {
		if (terms_read(call, many->items[i].listing_id, &many->terms[i]))
			return -1;
		if (!many->terms[i].on_offer)
			return rpc_not_found(call, "listing");
	}
	return 0;
}

/* Whoever wants more of a listing at one time asks for units. */
static int check_apart(const struct many *many, size_t place)
{
	struct many_item *item = &many->items[place];
	for (size_t i = 0; i < place; i++) {
		const struct span *other = &many->items[i].wish.period;
		if (strcmp(many->items[i].listing_id, item->listing_id) == 0 && other->from < item->wish.period.to &&
		    item->wish.period.from < other->to)
			return rpc_invalid(&item->call, "/params/period", "overlap",
					   arena_printf(&item->call.ctx->arena, "\"bookings/%zu\"", i));
	}
	return 0;
}

static int price_item(struct rpc_call *call, struct pg_tx *tx, struct many *many, size_t place)
{
	struct many_item *item = &many->items[place];
	const struct terms *terms = &many->terms[place];
	struct price_request request = wish_for_price(&item->wish, terms->now);
	const struct quote_place quoted = {rpc_param(call, "quote_id"), place};
	if (!quoted.many_id || item->override.priced)
		return book_price(&item->call, tx, terms, &item->wish, &item->override, &item->price);
	return quote_find_placed(&item->call, tx, &quoted, item->listing_id, &request, &item->price);
}

int many_price(struct rpc_call *call, struct pg_tx *tx, struct many *many)
{
	for (size_t i = 0; i < many->count; i++) {
		struct many_item *item = &many->items[i];
		if (wish_resolve(&item->call, &many->terms[i], &item->wish) || check_apart(many, i) ||
		    price_item(call, tx, many, i))
			return -1;
	}
	return 0;
}

/* Whether no one before it has that currency. */
static bool is_first(const struct many *many, size_t place)
{
	const struct price *price = &many->items[place].price;
	for (size_t i = 0; price->known && i < place; i++)
		if (many->items[i].price.known && strcmp(many->items[i].price.currency, price->currency) == 0)
			return false;
	return price->known;
}

static int64_t total_of(const struct many *many, const char *currency)
{
	int64_t total = 0;
	for (size_t i = 0; i < many->count; i++)
		if (many->items[i].price.known && strcmp(many->items[i].price.currency, currency) == 0)
			total += many->items[i].price.total;
	return total;
}

const char *many_totals(struct rpc_call *call, const struct many *many)
{
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, TOTALS_MAX);
	buffer_append_char(&out, '[');
	for (size_t i = 0; i < many->count; i++) {
		if (!is_first(many, i))
			continue;
		const char *currency = many->items[i].price.currency;
		buffer_printf(&out, "%s{\"amount\":%lld,\"currency\":\"%s\"}", out.length > 1 ? "," : "",
			      (long long)total_of(many, currency), currency);
	}
	buffer_append_char(&out, ']');
	return buffer_text(&out);
}
