#include "booking/book.h"

#include "booking/store/take.h"
#include "pricing/quote.h"

#define HOUR (3600 * CLOCK_SECOND)

bool book_by_request(const struct terms *terms, const struct book *book, const struct price *price)
{
	bool answered = book->customer->booked_by != NULL;
	return (terms->rules.by_request && !answered) || (!price->known && terms->rules.version > 0);
}

int64_t book_request_end(const struct terms *terms, const struct wish *wish)
{
	int64_t end = terms->now + terms->rules.request_hours * HOUR;
	return end < wish->period.from ? end : wish->period.from;
}

int book_check_begun(struct rpc_call *call, const struct terms *terms, const struct wish *wish)
{
	if (wish->period.from > terms->now)
		return 0;
	return rpc_precondition(call, "in_past", NULL,
				"the period has begun, and nobody can answer the request any more");
}

int book_price(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const struct override *override, struct price *ret)
{
	if (override->priced)
		return override_price(call, terms, ret);
	struct price_request request = wish_for_price(wish, terms->now);
	return rpc_param(call, "quote_id") ? quote_find(call, tx, terms->listing_id, &request, ret)
					   : price_compute(call, &terms->rules, &terms->pricing, &request, ret);
}

/* Until when somebody may answer; NULL where nobody has to. */
static const char *end_of(struct rpc_call *call, const struct terms *terms, const struct wish *wish,
			  const struct book *book, bool request)
{
	if (!request)
		return NULL;
	return terms_time(call, book->group ? book->group->expires_at : book_request_end(terms, wish));
}

int book_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	     const struct book *book, const struct price *price, struct written_booking *ret)
{
	bool answered = !book_by_request(terms, book, price);
	bool request = book->group ? book->group->requested : !answered;
	struct unit_choice units;
	if (take_units(call, tx, terms, wish, NULL, &units) || (request && book_check_begun(call, terms, wish)))
		return -1;
	struct new_booking booking = {
	    .step = booking_step(BOOKING_NONE, request ? CAUSE_REQUEST : CAUSE_CREATE),
	    .wish = wish,
	    .price = price,
	    .units = request && !book->group ? NULL : &units,
	    .user_id = book->customer->user_id,
	    .customer = book->customer->json,
	    .booked_by = book->customer->booked_by,
	    .override = override_json(call, book->override, terms->now),
	    .by_member = book->by_member,
	    .group_id = book->group ? book->group->id : NULL,
	    .ready = book->group && request && answered,
	    .series_id = book->series_id,
	    .occurrence = book->occurrence,
	    .note = rpc_param(call, "note"),
	    .expires_at = end_of(call, terms, wish, book, request),
	};
	return store_insert(call, tx, terms, &booking, ret);
}
