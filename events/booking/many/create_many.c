/* Several listings booked together, all or none. */

#include "base/buffer.h"
#include "base/ids.h"
#include "booking/check.h"
#include "booking/many/many.h"
#include "booking/many/quote_many.h"
#include "rpc/erased_user.h"

#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

static struct book book_of(const struct many *many, size_t place, const struct book_group *group)
{
	return (struct book){
	    .customer = &many->customer,
	    .override = &many->items[place].override,
	    .by_member = many->items[place].by_member,
	    .group = group,
	};
}

/* One that has to be answered makes requests of all; they end together, when the first of them would. */
static struct book_group group_of(struct rpc_call *call, const struct many *many)
{
	char id[UUID_SIZE];
	uuid_make(id);
	struct book_group group = {.id = arena_strdup(&call->ctx->arena, id), .expires_at = INT64_MAX};
	for (size_t i = 0; i < many->count; i++) {
		struct book book = book_of(many, i, NULL);
		int64_t end = book_request_end(&many->terms[i], &many->items[i].wish);
		group.requested = group.requested || book_by_request(&many->terms[i], &book, &many->items[i].price);
		group.expires_at = end < group.expires_at ? end : group.expires_at;
	}
	return group;
}

/* Gives up the locks, and refuses with a quote of all at the prices of now. */
static int refuse_price(struct rpc_call *call, struct pg_tx *tx, struct many *many)
{
	pg_rollback(tx);
	struct pg_tx *own = pg_begin(call->ctx, call->db);
	if (own)
		erased_user_refuse(call->ctx, own, call->caller);
	const char *quote = own ? quote_many_answer(call, own, many) : NULL;
	if (!quote || pg_commit(call->ctx, own))
		return -1;
	return rpc_conflict_with(call, "price_changed", arena_printf(&call->ctx->arena, "\"quote\":%s", quote),
				 "the price is another one now");
}

static bool were_shown(struct many *many)
{
	for (size_t i = 0; i < many->count; i++)
		if (!check_was_shown(&many->items[i].call, &many->items[i].price))
			return false;
	return true;
}

/* Each is judged once those before it are there: they count towards what one user may have. */
static int write_item(struct pg_tx *tx, struct many *many, size_t place, const struct book_group *group,
		      struct buffer *out)
{
	struct many_item *item = &many->items[place];
	const struct terms *terms = &many->terms[place];
	struct book book = book_of(many, place, group);
	struct written_booking written;
	if (check_wish(&item->call, tx, terms, &item->wish, many->customer.user_id, &item->override) ||
	    book_new(&item->call, tx, terms, &item->wish, &book, &item->price, &written))
		return -1;
	store_project(&item->call, tx, terms);
	buffer_append_text(out, place > 0 ? "," : "");
	buffer_append_text(out, written_for(&item->call, &written));
	return 0;
}

int booking_create_many(struct rpc_call *call)
{
	struct many many;
	if (many_read(call, &many))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (customer_lock(call, tx, &many.customer) || many_lock(call, tx, &many) || many_price(call, tx, &many))
		return -1;
	if (!were_shown(&many))
		return refuse_price(call, tx, &many);
	struct book_group group = group_of(call, &many);
	struct buffer bookings;
	buffer_init_arena(&bookings, &call->ctx->arena, ANSWER_MAX);
	for (size_t i = 0; i < many.count; i++)
		if (write_item(tx, &many, i, &group, &bookings))
			return -1;
	return rpc_commit_text(call, tx,
			       arena_printf(&call->ctx->arena,
					    "{\"group_id\":\"%s\",\"state\":\"%s\",\"totals\":%s,\"bookings\":[%s]}",
					    group.id, group.requested ? "requested" : "confirmed",
					    many_totals(call, &many), buffer_text(&bookings)));
}
