#include "availability/zone_check.h"

#include "availability/rules.h"
#include "base/clock.h"
#include "telemetry/log.h"
#include "zone/zone.h"

#define STEP INT64_C(21600) /* seconds: as zone_offsets asks (migration 0021) */
#define STEPS (INT64_C(4) * RULES_HORIZON_DAYS)

static const char SELECT_ZONES[] = "SELECT zones_in_use(" ZONE_CHECK_MOST ")";

static const char SELECT_OFFSETS[] =
    "SELECT at, seconds FROM zone_offsets($1, to_timestamp($2::bigint), to_timestamp($3::bigint))";

static void warn_of(const struct context *ctx, const char *name, int64_t at, const char *text)
{
	char moment[CLOCK_TEXT_SIZE];
	clock_format(at * CLOCK_SECOND, moment);
	log_event(LOG_WARNING, ctx, "a time zone is another one in PostgreSQL: bring tzdata up to date on both",
		  LOG_STRING("zone", name), LOG_STRING("value", moment), LOG_STRING("text", text));
}

/* The first moment at which the zone's offset is not the server's; INT64_MAX when there is none. rows: the server's,
 * from each moment on. */
static int64_t first_difference(const struct zone *zone, const struct pg_result *rows, int64_t first)
{
	size_t row = 0;
	for (int64_t at = first; at <= first + STEPS * STEP; at += STEP) {
		while (row + 1 < pg_count(rows) && pg_integer(rows, row + 1, 0) <= at)
			row++;
		if (zone_offset(zone, at * CLOCK_SECOND) != pg_integer(rows, row, 1))
			return at;
	}
	return INT64_MAX;
}

static int check_zone(struct context *ctx, struct pg *db, const char *name, int64_t first)
{
	const struct zone *zone = zone_find(name);
	if (!zone) {
		warn_of(ctx, name, first, "the system has no such zone");
		return 0;
	}
	struct pg_result *rows =
	    pg_read(ctx, db, SELECT_OFFSETS, name, arena_printf(&ctx->arena, "%lld", (long long)first),
		    arena_printf(&ctx->arena, "%lld", (long long)(first + STEPS * STEP)));
	if (!rows)
		return -1;
	int64_t at = pg_count(rows) > 0 ? first_difference(zone, rows, first) : first;
	if (at != INT64_MAX)
		warn_of(ctx, name, at, "offsets from UTC differ");
	return 0;
}

int zone_check_run(struct context *ctx, struct pg *db, int64_t now)
{
	int64_t first = now / CLOCK_SECOND / STEP * STEP;
	struct pg_result *zones = pg_read(ctx, db, SELECT_ZONES);
	if (!zones)
		return -1;
	for (size_t i = 0; i < pg_count(zones); i++)
		if (check_zone(ctx, db, pg_text(zones, i, 0), first))
			return -1;
	return 0;
}
