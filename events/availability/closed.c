#include "availability/closed.h"

#include "availability/hours.h"
#include "base/clock.h"
#include "base/ids.h"
#include "on_offer.h"
#include "projection/closed_days.h"
#include "projection/projection.h"

#include <stdio.h>
#include <string.h>

#define DAY (INT64_C(86400) * CLOCK_SECOND)
#define AHEAD 1000 /* days, as search_window of the migrations has it */
#define RING_DAYS (CLOSED_RING_SIZE - 1)

#define CAN_CLOSE "(t.rules || l.rules) ?| '{opening_hours,exceptions}'"

static const char PUT_DAYS[] =
    "INSERT INTO listing_closed (listing_id, days, mark, made_on) SELECT l.id, $2::bit(1024), " CLOSED_MARK
    ", " CLOSED_TODAY " FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1 "
    "ON CONFLICT (listing_id) DO UPDATE SET days = excluded.days, mark = excluded.mark, made_on = excluded.made_on";

static const char REMOVE_DAYS[] = "DELETE FROM listing_closed WHERE listing_id = $1";

static const char SELECT_RULES[] =
    "SELECT l.id, " RULES_COLUMNS " FROM listing l JOIN listing_type t ON t.key = l.type "
    "WHERE l.id = ANY ($1::uuid[]) AND (" CAN_CLOSE
    " OR EXISTS (SELECT FROM listing_closed c WHERE c.listing_id = l.id))";

/* Those that another process changes now are left to the next time. */
static const char LOCK_STALE[] =
    "SELECT count(*), max(id::text), coalesce(array_agg(id), '{}')::text FROM (SELECT l.id FROM listing l "
    "JOIN listing_type t ON t.key = l.type WHERE l.id > $1 AND " LISTING_ON_OFFER " AND " CAN_CLOSE
    " AND NOT EXISTS (SELECT FROM listing_closed c WHERE c.listing_id = l.id AND c.made_on = " CLOSED_TODAY
    " AND c.mark = " CLOSED_MARK ") ORDER BY l.id LIMIT 200 FOR NO KEY UPDATE OF l SKIP LOCKED) stale";

/* Whether a date that the day (UTC) touches is open. Of nights the last one touched need not be: it may be the one of
 * departure. */
static bool is_date_open(const struct booking_rules *rules, int64_t day)
{
	int64_t last = zone_day(rules->zone, (day + 1) * DAY - 1) - (rules->unit == SALE_NIGHT ? 1 : 0);
	int64_t date = zone_day(rules->zone, day * DAY);
	if (date > last)
		return true;
	while (date <= last && !hours_date_open(rules, date))
		date++;
	return date <= last;
}

/* Whole dates are sold: what is closed between their hours does not matter. */
static void close_dates(const struct booking_rules *rules, int64_t first, int64_t last, char *ring)
{
	for (int64_t day = first; day <= last; day++)
		if (!is_date_open(rules, day))
			ring[day % RING_DAYS] = '1';
}

static void close_hours(const struct booking_rules *rules, int64_t first, int64_t last, char *ring)
{
	struct span *open = NULL;
	struct arena arena;
	arena_init(&arena);
	size_t count = hours_open(rules, first * DAY, (last + 1) * DAY, &arena, &open);
	int64_t closed_from = first; /* the first day that no open time reaches into or behind */
	for (size_t i = 0; i < count; i++) {
		for (; closed_from < open[i].from / DAY; closed_from++)
			ring[closed_from % RING_DAYS] = '1';
		closed_from = (open[i].to - 1) / DAY + 1;
	}
	for (; closed_from <= last; closed_from++)
		ring[closed_from % RING_DAYS] = '1';
	arena_done(&arena);
}

void closed_days(const struct booking_rules *rules, int64_t now, char ret_ring[static CLOSED_RING_SIZE])
{
	int64_t today = now / DAY;
	memset(ret_ring, '0', RING_DAYS);
	ret_ring[RING_DAYS] = '\0';
	if (rules->unit == SALE_DAY || rules->unit == SALE_NIGHT)
		close_dates(rules, today - 1, today + AHEAD, ret_ring);
	else
		close_hours(rules, today - 1, today + AHEAD, ret_ring);
}

void closed_queue(struct context *ctx, struct pg_tx *tx, const char *listing_id, const struct booking_rules *rules)
{
	if (!rules->has_hours && rules->exception_count == 0) {
		pg_queue(ctx, tx, REMOVE_DAYS, listing_id);
		return;
	}
	char *ring = arena_alloc(&ctx->arena, CLOSED_RING_SIZE);
	closed_days(rules, clock_wall(), ring);
	pg_queue(ctx, tx, PUT_DAYS, listing_id, ring);
}

int closed_put(struct context *ctx, struct pg_tx *tx, const char *ids)
{
	struct pg_result *found = pg_query(ctx, tx, SELECT_RULES, ids);
	if (!found)
		return -1;
	for (size_t i = 0; i < pg_count(found); i++) {
		struct booking_rules rules;
		if (rules_of_row(ctx, found, i, 1, &rules))
			return -1;
		closed_queue(ctx, tx, pg_text(found, i, 0), &rules);
	}
	return 0;
}

/* The batch after the id `after`, which becomes its last. How many listings it had; -1 with an error. */
static int64_t run_batch(struct context *ctx, struct pg *db, char after[static UUID_SIZE])
{
	struct pg_tx *tx = pg_begin(ctx, db);
	struct pg_result *stale = tx ? pg_query(ctx, tx, LOCK_STALE, after) : NULL;
	if (!stale || closed_put(ctx, tx, pg_text(stale, 0, 2)))
		return -1;
	projection_queue_busy(ctx, tx, pg_text(stale, 0, 2));
	if (pg_integer(stale, 0, 0) > 0)
		(void)snprintf(after, UUID_SIZE, "%s", pg_text(stale, 0, 1));
	return pg_commit(ctx, tx) ? -1 : pg_integer(stale, 0, 0);
}

int closed_run(struct context *ctx, struct pg *db)
{
	char after[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	int64_t count;
	do {
		context_restart(ctx, ctx->deadline);
		count = run_batch(ctx, db, after);
	} while (count > 0);
	return count < 0 ? -1 : 0;
}
