#include "outbox/erasure.h"

#include "base/ids.h"
#include "rpc/erased_user.h"

/* Nothing brings an erased user back, so neither order nor repetition matters. */
int erasure_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	if (!uuid_valid(fact->key))
		return context_fail(call->ctx, ERROR_INVALID_PARAMS, "payload", "not a user who was erased");
	erased_user_lock(call->ctx, tx, fact->key);
	erased_user_remember(call->ctx, tx, fact->key, arena_printf(&call->ctx->arena, "%lld", (long long)fact->seq));
	return background_job_start(call, tx, ERASURE_JOB, fact->key, NULL);
}
