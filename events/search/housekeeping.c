#include "search/housekeeping.h"

#include "availability/closed.h"
#include "postgres/postgres.h"
#include "projection/projection.h"

#define BATCH 500

/* What is set outside of the window is of days gone by. */
static const char SELECT_STALE[] =
    "SELECT count(*), coalesce(array_agg(id), '{}')::text FROM (SELECT s.id FROM listing_search s "
    "WHERE (s.busy_days & (SELECT ~search_window())) <> 0::bit(1024) LIMIT 500 FOR UPDATE SKIP LOCKED) stale";

/* How many it had; -1 with an error. */
static int64_t clean_batch(struct context *ctx, struct pg *db)
{
	struct pg_tx *tx = pg_begin(ctx, db);
	struct pg_result *stale = tx ? pg_query(ctx, tx, SELECT_STALE) : NULL;
	if (!stale)
		return -1;
	projection_queue_busy(ctx, tx, pg_text(stale, 0, 1));
	return pg_commit(ctx, tx) ? -1 : pg_integer(stale, 0, 0);
}

int housekeeping_run(struct context *ctx, struct pg *db)
{
	int64_t cleaned = BATCH;
	if (closed_run(ctx, db))
		return -1;
	while (cleaned == BATCH)
		cleaned = clean_batch(ctx, db);
	return cleaned < 0 ? -1 : 0;
}
