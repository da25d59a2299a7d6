/*
 * Companies that passport suspended: their published listings are neither found, seen by strangers, nor booked until
 * the company is restored. Nothing of the listings or of their bookings is changed.
 *
 * Invariants: the state is one row a company, a fold of the facts passport.company.suspended and restored in whatever
 * order they come, and everything that shows or books listings reads it at once: LISTING_ON_OFFER, and search
 * COMPANY_ON_OFFER. That the rows of search follow (search/projection.h) only makes search shorter: it is a background
 * job, which begins anew whenever the state changes.
 */
#ifndef EVENTLOOP_EVENTS_COMPANY_STATE_H
#define EVENTLOOP_EVENTS_COMPANY_STATE_H

#include "rpc/background_job.h"
#include "rpc/outbox.h"

/* SQL: the listing l is published by a company that is not suspended. What everybody may see and book. */
#define LISTING_ON_OFFER                                                                                            \
	"(l.state = 'published' AND NOT EXISTS (SELECT 1 FROM company_state cs WHERE cs.company_id = l.company_id " \
	"AND cs.suspended))"

/* SQL: the company is not suspended. id: a column that is never null. Reads the few that are once a statement, which is
 * cheaper than to look up the company of each of many rows. */
#define COMPANY_ON_OFFER(id) id " NOT IN (SELECT cs.company_id FROM company_state cs WHERE cs.suspended)"

/* The kind of the job; its key is the company's id. */
#define COMPANY_LISTINGS_JOB "company_listings"

/* Folds passport.company.suspended and passport.company.restored. */
int company_state_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

/* The batch of COMPANY_LISTINGS_JOB: gives the company's published listings a row in search, or takes it from them, as
 * its state is now. */
int company_listings_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			     const char **ret_position) MAY_SUSPEND;

#endif
