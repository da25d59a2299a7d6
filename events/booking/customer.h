/*
 * For whom a booking is made: for the caller, or by the company's staff or an integration of it on behalf of a customer
 * (parameter customer), who may have no account.
 *
 * Ownership: texts in the arena of the call's context. Invariants: whoever books on another's behalf has the right
 * staff in the listing's company, and is kept with the booking (booked_by). Use: customer_read before the transaction,
 * customer_lock first thing in it.
 */
#ifndef EVENTLOOP_EVENTS_CUSTOMER_H
#define EVENTLOOP_EVENTS_CUSTOMER_H

#include "rpc/call.h"

struct customer {
	const char *user_id;   /* whose account the booking is of; NULL: of nobody's */
	const char *json;      /* who has none: {name, phone, email, language}; NULL: has one */
	const char *booked_by; /* of the company; NULL: the customer does it */
};

/* Reads params.customer. required: the caller may not book without one, unless it is a user. -1 with invalid_params
 * (nobody, or nobody that can be reached), not_found, or forbidden. */
int customer_read(struct rpc_call *call, const char *listing_id, bool required,
		  struct customer *ret) MAY_SUSPEND MUST_CHECK;

/* Nothing is written for a customer whose account was erased, and none is erased until the transaction ends. -1 with
 * invalid_params. */
int customer_lock(struct rpc_call *call, struct pg_tx *tx, const struct customer *customer) MAY_SUSPEND MUST_CHECK;

#endif
