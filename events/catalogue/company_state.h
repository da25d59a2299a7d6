/*
 * Companies that passport suspended: their published listings are neither found, seen by strangers, nor booked until
 * the company is restored. Nothing of the listings or of their bookings is changed.
 *
 * Invariants: the state is a fold of the facts passport.company.suspended and restored, in whatever order they come.
 */
#ifndef EVENTLOOP_EVENTS_COMPANY_STATE_H
#define EVENTLOOP_EVENTS_COMPANY_STATE_H

#include "rpc/outbox.h"

/* SQL: the listing l is published by a company that is not suspended. What everybody may see and book. */
#define LISTING_ON_OFFER                                                                                            \
	"(l.state = 'published' AND NOT EXISTS (SELECT 1 FROM company_state cs WHERE cs.company_id = l.company_id " \
	"AND cs.suspended))"

/* Folds passport.company.suspended and passport.company.restored. */
int company_state_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

#endif
