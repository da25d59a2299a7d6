#include "rpc/erased_user.h"

#include "base/ids.h"

static const char REFUSE[] = "SELECT erased_user_refuse($1, $2::boolean)";

static const char LOCK[] = "SELECT erased_user_lock($1, true)";

static const char REMEMBER[] = "INSERT INTO erased_user (user_id, seq) VALUES ($1, coalesce($2::bigint, "
			       "currval('outbox_seq'))) ON CONFLICT (user_id) DO NOTHING";

void erased_user_refuse(struct context *ctx, struct pg_tx *tx, const struct identity *caller)
{
	if (caller->kind != IDENTITY_USER)
		return;
	pg_queue(ctx, tx, REFUSE, caller->id, "false");
	if (caller->actor[0])
		pg_queue(ctx, tx, REFUSE, caller->actor, "false");
}

void erased_user_refuse_alone(struct context *ctx, struct pg_tx *tx, const struct identity *caller)
{
	pg_queue(ctx, tx, REFUSE, caller->id, "true");
}

void erased_user_remember(struct context *ctx, struct pg_tx *tx, const char *user_id, const char *seq)
{
	pg_queue(ctx, tx, REMEMBER, user_id, seq);
}

/* Nothing brings an erased user back, so neither order nor repetition matters. */
int erased_user_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	if (!uuid_valid(fact->key))
		return context_fail(call->ctx, ERROR_INVALID_PARAMS, "payload", "not a user who was erased");
	pg_queue(call->ctx, tx, LOCK, fact->key);
	erased_user_remember(call->ctx, tx, fact->key, arena_printf(&call->ctx->arena, "%lld", (long long)fact->seq));
	return background_job_start(call, tx, ERASED_USER_JOB, fact->key, NULL);
}
