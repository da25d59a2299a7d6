#include "search/rebuild.h"

#include "availability/closed.h"
#include "base/ids.h"
#include "projection/projection.h"
#include "telemetry/log.h"

#include <stdio.h>

#define DEADLINE (60 * CLOCK_SECOND) /* of a batch */

/* Waits for transactions that are changing one of them. */
static const char LOCK_LISTINGS[] =
    "SELECT count(*), max(id::text), coalesce(array_agg(id), '{}')::text FROM (SELECT id FROM listing "
    "WHERE id > $1 ORDER BY id LIMIT 200 FOR NO KEY UPDATE) l";

/* The batch after the id `after`, which becomes its last. How many listings it had; -1 with an error. */
static int64_t project_batch(struct context *ctx, struct pg *db, char after[static UUID_SIZE])
{
	struct pg_tx *tx = pg_begin(ctx, db);
	struct pg_result *locked = tx ? pg_query(ctx, tx, LOCK_LISTINGS, after) : NULL;
	if (!locked || closed_put(ctx, tx, pg_text(locked, 0, 2)))
		return -1;
	projection_queue_listings(ctx, tx, pg_text(locked, 0, 2));
	if (pg_integer(locked, 0, 0) > 0)
		(void)snprintf(after, UUID_SIZE, "%s", pg_text(locked, 0, 1));
	return pg_commit(ctx, tx) ? -1 : pg_integer(locked, 0, 0);
}

int rebuild_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	(void)ctx;
	(void)argv;
	if (argc != 0) {
		log_event(LOG_ERROR, NULL, "usage: rebuild-search");
		return 1;
	}
	char after[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	int64_t count, total = 0;
	do {
		struct context batch;
		context_init(&batch, deadline_after(DEADLINE));
		count = project_batch(&batch, worker->db, after);
		if (count < 0)
			log_error_of(LOG_ERROR, &batch, "search cannot be rebuilt");
		context_done(&batch);
		total += count > 0 ? count : 0;
	} while (count > 0);
	printf("{\"listings\":%lld}\n", (long long)total);
	return count < 0;
}
