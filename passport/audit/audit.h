/*
 * The audit trail: who did what to whom, from where, in which request.
 *
 * Invariants: written in the transaction that makes the change, so that there is neither without the other; what is
 * secret never gets into `details`. `api/audit.json` lists the actions.
 */
#ifndef EVENTLOOP_PASSPORT_AUDIT_H
#define EVENTLOOP_PASSPORT_AUDIT_H

#include "rpc/call.h"

/* Of an audit_event a: its details as shown to callers who are not staff: without the reason of a suspension or
 * restoration, which is for the staff. */
#define AUDIT_DETAILS_SHOWN \
	"CASE WHEN a.action IN ('user.suspended', 'user.restored') THEN a.details - 'reason' ELSE a.details END"

/* What happened. Texts are borrowed until the call returns. */
struct audit_event {
	const char *action;	/* "user.suspended": noun and participle */
	const char *user_id;	/* the user it is about, or NULL */
	const char *company_id; /* or NULL */
	const char *details;	/* JSON object text, or NULL */
};

/* Writes the event in tx (queued), with the caller, the administrator behind an impersonated one, address, user agent
 * and request id of the call. */
void audit_record(struct rpc_call *call, struct pg_tx *tx, const struct audit_event *event);

/* The same for what passport does by itself, without a call. */
void audit_record_system(struct context *ctx, struct pg_tx *tx, const struct audit_event *event);

#endif
