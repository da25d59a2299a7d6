/*
 * Companies that passport suspended: their published listings are neither found, seen by strangers, nor booked until
 * the company is restored. Nothing of the listings or of their bookings is changed.
 *
 * Invariants: the state is one row a company, computed from the facts passport.company.suspended and restored in
 * whatever order they come, and everything that shows or books listings reads it (events/on_offer.h). A background job
 * then removes or restores the rows of search (projection/projection.h), which only makes search faster; it begins anew
 * whenever the state changes.
 */
#ifndef EVENTLOOP_EVENTS_COMPANY_STATE_H
#define EVENTLOOP_EVENTS_COMPANY_STATE_H

#include "outbox/background_job.h"
#include "outbox/outbox.h"

/* The kind of the job; its key is the company's id. */
#define COMPANY_LISTINGS_JOB "company_listings"

/* Handles the facts passport.company.suspended and passport.company.restored. */
int company_state_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

/* The batch of COMPANY_LISTINGS_JOB: gives the company's published listings a row in search, or takes it from them, as
 * its state is now. */
int company_listings_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			     const char **ret_position) MAY_SUSPEND;

#endif
