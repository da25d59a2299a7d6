/*
 * A quote as callers see it: the price that it promises, the policy of refunds, what stands against the booking.
 */
#ifndef EVENTLOOP_EVENTS_QUOTE_ANSWER_H
#define EVENTLOOP_EVENTS_QUOTE_ANSWER_H

#include "availability/verdict.h"
#include "booking/store/terms.h"
#include "booking/store/wish.h"
#include "pricing/price.h"
#include "pricing/quote.h"

/* Stores the caller's quote of this price in the transaction, and gives it as JSON. place: of one of several that are
 * quoted together; NULL: alone. NULL with an error of the database. */
const char *quote_answer(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
			 const struct price *price, const struct verdict *verdict,
			 const struct quote_place *place) MAY_SUSPEND MUST_CHECK;

#endif
