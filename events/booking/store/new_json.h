/*
 * How a new booking reads, before it is read from the table.
 *
 * Purpose: whoever writes a booking has all of it at hand; to ask PostgreSQL for the answer costs as much as writing
 * it. Invariants: what it says is what BOOKING_JSON (booking_json.h) says of the row.
 */
#ifndef EVENTLOOP_EVENTS_NEW_JSON_H
#define EVENTLOOP_EVENTS_NEW_JSON_H

#include "booking/store/store.h"

/* The booking as its company and other daemons see it; for_customer: as who booked does, who is not told of units that
 * may change. In the arena of the call's context. */
const char *new_json(struct rpc_call *call, const struct terms *terms, const struct new_booking *booking,
		     const char *id, bool for_customer);

#endif
