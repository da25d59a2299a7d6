/*
 * How many listings a company may have that are not published: drafts, submitted and rejected ones.
 *
 * Nobody but their company sees them, and whoever submits them fills the moderators' queue. Imports are exempt: they
 * are the operator's. What was there before stays, and can be changed and submitted.
 */
#ifndef EVENTLOOP_EVENTS_DRAFT_LIMIT_H
#define EVENTLOOP_EVENTS_DRAFT_LIMIT_H

#include "daemon/data_check.h"
#include "rpc/call.h"

/* The company may have one more. Creations of a company come one after the other until tx ends. 0, or -1 with
 * precondition_failed, rule too_many_drafts. */
int draft_limit_check(struct rpc_call *call, struct pg_tx *tx, const char *company_id) MAY_SUSPEND MUST_CHECK;

/* Companies that have more. */
extern const struct data_check draft_limit_data;

#endif
