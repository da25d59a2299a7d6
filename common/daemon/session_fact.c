#include "daemon/session_fact.h"

#include "daemon/daemon.h"
#include "rpc/token.h"

static const char *member(const struct fact *fact, const char *name)
{
	return json_object_get_string(json_object_object_get(fact->payload, name));
}

int session_ended_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	int64_t before = 0;
	const char *session = member(fact, "session_id"), *user = member(fact, "user_id"),
		   *text = member(fact, "before");
	(void)tx;
	if (!session || !user || !text || !clock_parse(text, &before))
		return context_fail(call->ctx, ERROR_INVALID_PARAMS, "payload", "not a session that ended");
	token_verifier_revoke(call->worker->verifier, user, session, before);
	return 0;
}
