#include "catalogue/company_state.h"
#include "on_offer.h"

#include "projection/projection.h"

#define BATCH 200 /* of listings: a booking of one of them waits for the batch */

static const char SET_STATE[] =
    "INSERT INTO company_state AS cs (company_id, suspended, seq) VALUES ($1, $2::jsonb->>'state' = 'suspended', "
    "$3::bigint) ON CONFLICT (company_id) DO UPDATE SET suspended = excluded.suspended, seq = excluded.seq "
    "WHERE cs.seq < excluded.seq RETURNING 1";

/* The next listings, and those of them that search has although the company is suspended, or has not although it is on
 * offer. */
static const char NEXT_LISTINGS[] =
    "SELECT count(*), max(page.id::text), coalesce(array_agg(page.id) FILTER (WHERE page.astray), '{}')::text "
    "FROM (SELECT l.id, " LISTING_ON_OFFER " <> EXISTS (SELECT FROM listing_search s WHERE s.id = l.id) AS astray "
    "FROM listing l WHERE l.company_id = $1 AND l.state = 'published' AND l.id > " BACKGROUND_JOB_AFTER_UUID
    " ORDER BY l.id LIMIT $2::bigint) page";

/* Waits for transactions that are changing one of them; later ones see the new state. */
static const char LOCK_LISTINGS[] = "SELECT 1 FROM listing WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE";

int company_state_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	const char *seq = arena_printf(&call->ctx->arena, "%lld", (long long)fact->seq);
	struct pg_result *changed = pg_query(call->ctx, tx, SET_STATE, fact->key, fact->payload_text, seq);
	if (!changed)
		return -1;
	if (pg_count(changed) > 0)
		background_job_queue(call, tx, COMPANY_LISTINGS_JOB, fact->key, NULL);
	return 0;
}

int company_listings_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			     const char **ret_position)
{
	struct context *ctx = call->ctx;
	int most = job->rows < BATCH ? job->rows : BATCH;
	struct pg_result *page =
	    pg_query(ctx, tx, NEXT_LISTINGS, job->key, arena_printf(&ctx->arena, "%d", most), job->position);
	if (!page)
		return -1;
	if (!pg_query(ctx, tx, LOCK_LISTINGS, pg_text(page, 0, 2)))
		return -1;
	projection_queue_listings(ctx, tx, pg_text(page, 0, 2));
	*ret_position = pg_integer(page, 0, 0) < most ? NULL : pg_text(page, 0, 1);
	return 0;
}
