#include "catalogue/company_state.h"

#include "search/projection.h"

static const char SET_STATE[] =
    "INSERT INTO company_state AS cs (company_id, suspended, seq) VALUES ($1, $2::jsonb->>'state' = 'suspended', "
    "$3::bigint) ON CONFLICT (company_id) DO UPDATE SET suspended = excluded.suspended, seq = excluded.seq "
    "WHERE cs.seq < excluded.seq RETURNING 1";

/* Whatever publishes one of them at this moment is waited for; what does so later sees the new state. */
static const char LOCK_LISTINGS[] =
    "SELECT coalesce(array_agg(l.id), '{}')::text FROM (SELECT id FROM listing WHERE company_id = $1 ORDER BY id "
    "FOR NO KEY UPDATE) l";

int company_state_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	const char *seq = arena_printf(&call->ctx->arena, "%lld", (long long)fact->seq);
	struct pg_result *changed = pg_query(call->ctx, tx, SET_STATE, fact->key, fact->payload_text, seq);
	if (!changed)
		return -1;
	if (pg_count(changed) == 0)
		return 0;
	struct pg_result *listings = pg_query(call->ctx, tx, LOCK_LISTINGS, fact->key);
	if (!listings)
		return -1;
	projection_queue_listings(call->ctx, tx, pg_text(listings, 0, 0));
	return 0;
}
