#include "erased_user.h"

#include "base/ids.h"

static const char FORGET_NOTES[] =
    "UPDATE booking SET note = '', version = version + 1 WHERE user_id = $1 AND note <> ''";

/* Their answers may hold what was written. */
static const char FORGET_ANSWERS[] = "DELETE FROM idempotency_key WHERE caller = $1";

/* Nothing brings an erased user back, so neither order nor repetition matters. */
int erased_user_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	if (!uuid_valid(fact->key))
		return context_fail(call->ctx, ERROR_INVALID_PARAMS, "payload", "not a user who was erased");
	pg_queue(call->ctx, tx, FORGET_NOTES, fact->key);
	pg_queue(call->ctx, tx, FORGET_ANSWERS, fact->key);
	return 0;
}
