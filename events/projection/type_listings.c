#include "projection/type_listings.h"

#include "on_offer.h"
#include "projection/closed.h"
#include "projection/projection.h"

#define BATCH 200 /* of listings: a booking of one of them waits for the batch */

static const char LOCK_LISTINGS[] =
    "SELECT count(*), max(id::text), coalesce(array_agg(id), '{}')::text FROM (SELECT l.id FROM listing l "
    "WHERE l.type = $1 AND " LISTING_ON_OFFER " AND l.id > " BACKGROUND_JOB_AFTER_UUID
    " ORDER BY l.id LIMIT $2::bigint FOR NO KEY UPDATE OF l) page";

int type_listings_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			  const char **ret_position)
{
	struct context *ctx = call->ctx;
	int most = job->rows < BATCH ? job->rows : BATCH;
	struct pg_result *page =
	    pg_query(ctx, tx, LOCK_LISTINGS, job->key, arena_printf(&ctx->arena, "%d", most), job->position);
	if (!page || closed_put(ctx, tx, pg_text(page, 0, 2)))
		return -1;
	projection_queue_listings(ctx, tx, pg_text(page, 0, 2));
	*ret_position = pg_integer(page, 0, 0) < most ? NULL : pg_text(page, 0, 1);
	return 0;
}
