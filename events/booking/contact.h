/*
 * The contact of a customer who has an account, for the company that has the booking.
 *
 * Invariants: shown once a booking is confirmed, and to the company alone; never kept here. Passport is asked each
 * time, and when it does not answer in a second the booking is shown without.
 */
#ifndef EVENTLOOP_EVENTS_CONTACT_H
#define EVENTLOOP_EVENTS_CONTACT_H

#include "rpc/call.h"

/* Replies with the booking (JSON text) and, as its member customer, name and address of the account. */
int contact_reply(struct rpc_call *call, const char *booking, const char *user_id) MAY_SUSPEND MUST_CHECK;

#endif
