/*
 * Several bookings of one call: parameter bookings, at most 20.
 *
 * Purpose: quotes of several and bookings of several are judged and priced alike.
 * Ownership: all in the arena of the call's context. Invariants: one customer for all; each item may be of another
 * listing, also of another company, and one listing may stand there for several periods that do not overlap. Use:
 * many_read before the transaction; many_lock or many_look; many_price.
 */
#ifndef EVENTLOOP_EVENTS_MANY_H
#define EVENTLOOP_EVENTS_MANY_H

#include "booking/book.h"
#include "booking/store/terms.h"
#include "booking/store/wish.h"
#include "pricing/price.h"

struct many_item {
	struct rpc_call call; /* about this one: its parameters, its place in errors */
	const char *listing_id;
	struct wish wish;
	struct override override;
	const char *by_member;
	struct price price;
};

struct many {
	struct customer customer; /* of all of them */
	size_t count;
	struct many_item *items;
	struct terms *terms; /* of each */
};

/* The methods. */
int booking_quote_many(struct rpc_call *call) MAY_SUSPEND;
int booking_create_many(struct rpc_call *call) MAY_SUSPEND;

/* Reads the parameter bookings, and customer. -1 with invalid_params, not_found, or forbidden. */
int many_read(struct rpc_call *call, struct many *ret) MAY_SUSPEND MUST_CHECK;

/* Locks all their listings. -1 with not_found for one that is not on offer. */
int many_lock(struct rpc_call *call, struct pg_tx *tx, struct many *many) MAY_SUSPEND MUST_CHECK;

/* Reads their terms without a lock, for quotes. */
int many_look(struct rpc_call *call, struct many *many) MAY_SUSPEND MUST_CHECK;

/* Makes their periods of dates, and prices each: by the parameter quote_id of the call, else by the prices of now. -1
 * with invalid_params (rule overlap: two of one listing at one time), precondition_failed, or too_large. tx: NULL for
 * quotes. */
int many_price(struct rpc_call *call, struct pg_tx *tx, struct many *many) MAY_SUSPEND MUST_CHECK;

/* What they cost together: JSON, an amount for each currency. */
const char *many_totals(struct rpc_call *call, const struct many *many);

#endif
