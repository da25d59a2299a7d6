#include "search/housekeeping.h"

#include "postgres/postgres.h"

#define BATCH 500

/* The window that search uses is yesterday to 500 days ahead; what is set outside of it is of days gone by. */
static const char CLEAN_BATCH[] =
    "WITH stale AS (SELECT s.id FROM listing_search s WHERE (s.busy_days & (SELECT ~search_busy_days(tstzmultirange("
    "tstzrange(date_trunc('day', now()) - interval '2 days', "
    "date_trunc('day', now()) + interval '502 days'))))) <> 0::bit(512) "
    "LIMIT 500 FOR UPDATE SKIP LOCKED) "
    "UPDATE listing_search s SET busy = busy.time, busy_days = search_busy_days(busy.time) FROM stale, "
    "LATERAL (SELECT search_busy(l.id, l.units) AS time FROM listing l WHERE l.id = stale.id OFFSET 0) busy "
    "WHERE s.id = stale.id RETURNING 1";

int housekeeping_run(struct context *ctx, struct pg *db)
{
	struct pg_result *cleaned;
	do {
		cleaned = pg_write(ctx, db, CLEAN_BATCH);
		if (!cleaned)
			return -1;
	} while (pg_count(cleaned) == BATCH);
	return 0;
}
