/*
 * The listings of a type whose rules have changed: their rows in search follow in batches.
 *
 * Use: background_job_queue(call, tx, TYPE_LISTINGS_JOB, key, NULL) in the transaction that changes the type's rules.
 * Until the job is done search may show less or more of its listings than are free; a page asks the rules in any case.
 */
#ifndef EVENTLOOP_EVENTS_PROJECTION_TYPE_LISTINGS_H
#define EVENTLOOP_EVENTS_PROJECTION_TYPE_LISTINGS_H

#include "outbox/background_job.h"

/* The kind of the job; its key is the type's. */
#define TYPE_LISTINGS_JOB "type_listings"

/* The batch of TYPE_LISTINGS_JOB: projects the listings on offer of the type anew. */
int type_listings_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			  const char **ret_position) MAY_SUSPEND;

#endif
