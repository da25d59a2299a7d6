/*
 * How a booking is made under the locks of its listing: judged, priced, given its units, written.
 *
 * Purpose: one booking, several at once and those of a series are made by the same code (create.c, create_many.c,
 * recurring.c). Ownership: texts in the arena of the call's context. Use: book_price for the price alone, book_new for
 * all of it; nothing is committed.
 */
#ifndef EVENTLOOP_EVENTS_BOOK_H
#define EVENTLOOP_EVENTS_BOOK_H

#include "booking/customer.h"
#include "booking/override.h"
#include "booking/store/store.h"

/* Bookings that are made together: all of them requests when one of them is. */
struct book_group {
	const char *id;
	bool requested;
	int64_t expires_at; /* of all of them, when requested; wall microseconds */
};

/* For whom, and as part of what. */
struct book {
	const struct customer *customer;
	const struct override *override;
	const char *by_member; /* "true", "false", NULL: see booking/by_member.h */
	const char *series_id, *occurrence;
	const struct book_group *group; /* NULL: made alone */
};

/* Whether the owner is to answer: where the rules say so, and where there are rules but no price. Who books for the
 * company has answered, but for a price. */
bool book_by_request(const struct terms *terms, const struct book *book, const struct price *price);

/* When a request expires: after the hours of the rules, at the latest when its period begins. Wall microseconds. */
int64_t book_request_end(const struct terms *terms, const struct wish *wish);

/* That a request can still be answered: its period has not begun. -1 with precondition_failed. */
int book_check_begun(struct rpc_call *call, const struct terms *terms, const struct wish *wish) MUST_CHECK;

/* The price set aside for, of the parameter quote_id, or of this moment. -1 with an error of either. */
int book_price(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const struct override *override, struct price *ret) MAY_SUSPEND MUST_CHECK;

/* Makes the booking, or the request, of a wish that is resolved and has been judged, at that price. The requests of a
 * group take their units. -1 with conflict, reason booked, and others. */
int book_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	     const struct book *book, const struct price *price, struct written_booking *ret) MAY_SUSPEND MUST_CHECK;

#endif
