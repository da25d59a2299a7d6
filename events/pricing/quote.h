/*
 * Quotes: prices that were shown to a user and hold for some minutes.
 *
 * Purpose: what was shown is what is charged, even when rules change in between.
 * Ownership: the table quote; texts in the arena of the call's context. Invariants: a quote is bound to its caller, the
 * listing, the period, units, guests and extras, and never changes; it promises the price, not the time. Of one user's
 * the last QUOTES_PER_USER are kept; those that expired go in batches. Use: quote_store with what price_compute gave;
 * quote_find in the transaction that books.
 */
#ifndef EVENTLOOP_EVENTS_QUOTE_H
#define EVENTLOOP_EVENTS_QUOTE_H

#include "pricing/price.h"
#include "rpc/call.h"

#define QUOTES_PER_USER_TEXT "100"  /* in statements */
#define QUOTE_LIFETIME "15 minutes" /* an interval of PostgreSQL */

/* A quote as it was stored. */
struct quote {
	const char *id, *expires_at; /* texts of the API */
	const char *extras;	     /* JSON: [{"key", "quantity"}], by key */
};

/* One of several prices that were quoted together. */
struct quote_place {
	const char *many_id; /* the quote of all */
	size_t place;	     /* of this one among them, from 0 */
};

/* Writes the caller's quote into the transaction. place: NULL for one that stands alone. -1 with an error of the
 * database. */
int quote_store(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const struct price_request *request,
		const struct price *price, const struct quote_place *place, struct quote *ret) MAY_SUSPEND MUST_CHECK;

/* The price of the parameter quote_id, for the same request of the same caller, at request->now. -1 with
 * precondition_failed, rule quote, and its cause: unknown (also of another caller), expired, other_request. */
int quote_find(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const struct price_request *request,
	       struct price *ret) MAY_SUSPEND MUST_CHECK;
/* The same of several that were quoted together. */
int quote_find_placed(struct rpc_call *call, struct pg_tx *tx, const struct quote_place *place, const char *listing_id,
		      const struct price_request *request, struct price *ret) MAY_SUSPEND MUST_CHECK;

/* Deletes what has expired, in batches, until none is left. -1 with an error of the database. */
int quote_clean(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

#endif
