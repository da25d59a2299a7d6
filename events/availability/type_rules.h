/*
 * The rules of a type of listings: what its listings have where they set nothing themselves.
 *
 * Invariants: the version is the type's (catalogue/change.h). They are checked by themselves; with those of a listing
 * they may contradict each other, which is said when the listing's are set next. A change reaches search by a
 * background job.
 */
#ifndef EVENTLOOP_EVENTS_TYPE_RULES_H
#define EVENTLOOP_EVENTS_TYPE_RULES_H

#include "outbox/background_job.h"
#include "rpc/call.h"

/* The kind of the job; its key is the type's. */
#define TYPE_RULES_JOB "type_rules"

int type_get_rules(struct rpc_call *call) MAY_SUSPEND;
int type_set_rules(struct rpc_call *call) MAY_SUSPEND;

/* The batch of TYPE_RULES_JOB: projects listings of the type. */
int type_rules_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		       const char **ret_position) MAY_SUSPEND;

#endif
