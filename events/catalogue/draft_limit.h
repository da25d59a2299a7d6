/*
 * How many listings a company may have that are not published: drafts, submitted and rejected ones.
 *
 * Only their company sees them, and submitting many fills the moderators' queue. Imports, which only the operator runs,
 * are exempt. Listings from before the limit stay, and can be changed and submitted.
 */
#ifndef EVENTLOOP_EVENTS_DRAFT_LIMIT_H
#define EVENTLOOP_EVENTS_DRAFT_LIMIT_H

#include "daemon/data_check.h"
#include "rpc/call.h"

/* Checks that the company may have one more, and makes other creations of the company wait until tx ends. 0, or -1 with
 * precondition_failed, rule too_many_drafts. */
int draft_limit_check(struct rpc_call *call, struct pg_tx *tx, const char *company_id) MAY_SUSPEND MUST_CHECK;

/* Companies that have more. */
extern const struct data_check draft_limit_data;

#endif
