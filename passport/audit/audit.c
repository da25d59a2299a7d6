#include "audit/audit.h"

#include "base/ids.h"

static const char INSERT_EVENT[] =
    "INSERT INTO audit_event (id, action, actor_kind, actor, acting_for, user_id, company_id, address, user_agent, "
    "request_id, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, left($9, 200), $10, coalesce($11::jsonb, '{}'))";

static const char *const kinds[] = {
    [IDENTITY_ANONYMOUS] = "anonymous",
    [IDENTITY_USER] = "user",
    [IDENTITY_SERVICE] = "service",
    [IDENTITY_CLIENT] = "client",
};

void audit_record(struct rpc_call *call, struct pg_tx *tx, const struct audit_event *event)
{
	const struct identity *caller = call->caller;
	bool impersonated = caller->actor[0] != '\0';
	char id[UUID_SIZE];
	uuid_make(id);
	pg_queue(call->ctx, tx, INSERT_EVENT, id, event->action, kinds[caller->kind],
		 impersonated ? caller->actor : caller->id, impersonated ? caller->id : NULL, event->user_id,
		 event->company_id, call->peer, call->user_agent, call->ctx->request_id, event->details);
}

void audit_record_system(struct context *ctx, struct pg_tx *tx, const struct audit_event *event)
{
	char id[UUID_SIZE];
	uuid_make(id);
	pg_queue(ctx, tx, INSERT_EVENT, id, event->action, "system", "passport", NULL, event->user_id,
		 event->company_id, "", "", ctx->request_id, event->details);
}
