/*
 * One quote for several bookings: each has its price, and all have one id to be booked by.
 */
#ifndef EVENTLOOP_EVENTS_QUOTE_MANY_H
#define EVENTLOOP_EVENTS_QUOTE_MANY_H

#include "booking/many/many.h"

/* Stores the quote of what has been priced in the transaction, and gives it as JSON. NULL with an error of the
 * database. */
const char *quote_many_answer(struct rpc_call *call, struct pg_tx *tx, struct many *many) MAY_SUSPEND MUST_CHECK;

#endif
