#include "rpc/erased_user.h"

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

void erased_user_lock(struct context *ctx, struct pg_tx *tx, const char *user_id)
{
	pg_queue(ctx, tx, LOCK, user_id);
}

void erased_user_remember(struct context *ctx, struct pg_tx *tx, const char *user_id, const char *seq)
{
	pg_queue(ctx, tx, REMEMBER, user_id, seq);
}
