#include "erased_author.h"

#include "base/ids.h"

#define LOCK_OF_AUTHOR "hashtextextended('rating.author ' || $1::text, 0)"

static const char LOCK_SHARED[] = "SELECT pg_advisory_xact_lock_shared(" LOCK_OF_AUTHOR ")";
static const char LOCK_EXCLUSIVE[] = "SELECT pg_advisory_xact_lock(" LOCK_OF_AUTHOR ")";

static const char REMEMBER[] =
    "INSERT INTO erased_author (user_id, seq) VALUES ($1, $2::bigint) ON CONFLICT (user_id) DO NOTHING";

static const char FORGET_NAME[] = "UPDATE review SET author_name = '' WHERE author_id = $1 AND author_name <> ''";

/* Their answers have the name. */
static const char FORGET_ANSWERS[] = "DELETE FROM idempotency_key WHERE caller = $1";

void erased_author_lock(struct rpc_call *call, struct pg_tx *tx, const char *author_id)
{
	pg_queue(call->ctx, tx, LOCK_SHARED, author_id);
}

int erased_author_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	if (!uuid_valid(fact->key))
		return context_fail(call->ctx, ERROR_INVALID_PARAMS, "payload", "not a user who was erased");
	pg_queue(call->ctx, tx, LOCK_EXCLUSIVE, fact->key);
	pg_queue(call->ctx, tx, REMEMBER, fact->key, arena_printf(&call->ctx->arena, "%lld", (long long)fact->seq));
	pg_queue(call->ctx, tx, FORGET_NAME, fact->key);
	pg_queue(call->ctx, tx, FORGET_ANSWERS, fact->key);
	return 0;
}
