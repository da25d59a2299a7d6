#include "projection/projection.h"

#include "daemon/data_check.h"
#include "on_offer.h"
#include "projection/closed_days.h"

/* A listing's terms: its type, its booleans, its enum values, its cell. */
#define TERMS                                                                                                     \
	"ARRAY(SELECT t.term FROM listing_type t WHERE t.key = l.type "                                           \
	"UNION ALL SELECT CASE WHEN v.value = 'true' THEN p.term_yes ELSE p.term_no END "                         \
	"FROM jsonb_each(l.properties) v JOIN property p ON p.key = v.key AND p.kind = 'boolean' "                \
	"UNION ALL SELECT pv.term FROM jsonb_each(l.properties) v JOIN property_value pv ON pv.property = v.key " \
	"AND CASE jsonb_typeof(v.value) WHEN 'array' THEN v.value ? pv.key ELSE v.value #>> '{}' = pv.key END "   \
	"UNION ALL SELECT 1000000000 + search_cell(l.lat, l.lon) WHERE l.lat IS NOT NULL)"

/* Its numbers and dates, each in its property's slot. */
#define NUMBERS                                                                                                    \
	"coalesce((SELECT array_agg(n.value ORDER BY place.slot) FROM (SELECT p.slot, CASE p.kind WHEN 'number' "  \
	"THEN (v.value #>> '{}')::double precision "                                                               \
	"ELSE ((v.value #>> '{}')::date - date '1970-01-01')::double precision "                                   \
	"END AS value FROM jsonb_each(l.properties) v JOIN property p ON p.key = v.key AND p.slot IS NOT NULL) n " \
	"RIGHT JOIN generate_series(1, (SELECT max(p.slot) FROM jsonb_each(l.properties) v JOIN property p "       \
	"ON p.key = v.key)) AS place(slot) ON place.slot = n.slot), '{}')"

static const char REMOVE_ROWS[] =
    "WITH gone AS (SELECT l.id FROM listing l WHERE l.id = ANY ($1::uuid[]) AND NOT " LISTING_ON_OFFER "), "
    "text AS (DELETE FROM listing_text WHERE id IN (SELECT id FROM gone)) "
    "DELETE FROM listing_search WHERE id IN (SELECT id FROM gone)";

/* What the listing's rules and its type's say, as search has it. */
#define RULES                                                                                                         \
	"LATERAL (SELECT merged.rules <> '{}' AS any, coalesce(merged.rules->>'units_mode', '') = 'named' AS named, " \
	"l.units + coalesce((merged.rules->>'overbooking')::integer, 0) AS units, "                                   \
	"make_interval(mins => coalesce((merged.rules->>'buffer_before_minutes')::integer, 0)) AS buffer_before, "    \
	"make_interval(mins => coalesce((merged.rules->>'buffer_after_minutes')::integer, 0)) AS buffer_after "       \
	"FROM (SELECT listing_rules(t.rules, l.rules, l.space_id, l.includes) AS rules) merged OFFSET 0) r"
#define BUSY \
	"LATERAL (SELECT search_busy(l.id, r.units, r.named, r.buffer_before, r.buffer_after) AS time OFFSET 0) busy"
#define BUSY_DAYS "search_busy_days(busy.time) | " CLOSED_DAYS

/* The row of each listing on offer. */
#define ROW_COLUMNS                                                                                                \
	"id, company_id, rating, price, currency, capacity, units, lat, lon, cell, published_at, terms, numbers, " \
	"busy_days, busy, ruled, named, buffer_before, buffer_after"
#define ROWS                                                                                                         \
	"SELECT l.id, l.company_id, coalesce(l.rating_bayesian, 0), coalesce(l.price_amount, 9223372036854775807), " \
	"l.price_currency, l.capacity, r.units, l.lat, l.lon, search_cell(l.lat, l.lon), "                           \
	"coalesce(l.published_at, l.created_at), " TERMS ", " NUMBERS ", " BUSY_DAYS ", busy.time, r.any, r.named, " \
	"r.buffer_before, r.buffer_after "                                                                           \
	"FROM listing l JOIN listing_type t ON t.key = l.type, " RULES ", " BUSY " WHERE " LISTING_ON_OFFER

static const char PUT_ROWS[] =
    "INSERT INTO listing_search (" ROW_COLUMNS ") " ROWS " AND l.id = ANY ($1::uuid[]) "
    "ON CONFLICT (id) DO UPDATE SET company_id = excluded.company_id, rating = excluded.rating, "
    "price = excluded.price, currency = excluded.currency, capacity = excluded.capacity, units = excluded.units, "
    "lat = excluded.lat, lon = excluded.lon, cell = excluded.cell, published_at = excluded.published_at, "
    "terms = excluded.terms, numbers = excluded.numbers, busy_days = excluded.busy_days, busy = excluded.busy, "
    "ruled = excluded.ruled, named = excluded.named, buffer_before = excluded.buffer_before, "
    "buffer_after = excluded.buffer_after";

/* The words of each listing on offer. */
#define TEXTS                                                                                            \
	"SELECT l.id, "                                                                                  \
	"setweight(to_tsvector('english', l.title) || to_tsvector('simple', l.title), 'A') || "          \
	"setweight(to_tsvector('english', l.address) || to_tsvector('simple', l.address), 'B') || "      \
	"setweight(to_tsvector('english', l.description) || to_tsvector('simple', l.description), 'C') " \
	"FROM listing l WHERE " LISTING_ON_OFFER

static const char PUT_TEXTS[] = "INSERT INTO listing_text (id, words) " TEXTS " AND l.id = ANY ($1::uuid[]) "
				"ON CONFLICT (id) DO UPDATE SET words = excluded.words";

/* Behind a sub-select the number of ids is not known to the planner, which else would make a plan for each booking:
 * that takes four times as long as this does. */
static const char PUT_BUSY[] =
    "UPDATE listing_search s SET busy = made.busy, busy_days = made.busy_days "
    "FROM (SELECT l.id, busy.time AS busy, " BUSY_DAYS " AS busy_days FROM listing l JOIN listing_type t "
    "ON t.key = l.type, " RULES ", " BUSY
    " WHERE l.id = ANY ((SELECT $1::uuid[])::uuid[]) OFFSET 0) made WHERE s.id = made.id";

/* $2 to $5: as search_busy takes them. */
#define PUT_TIME(closed)                                                                                        \
	"UPDATE listing_search s SET busy = made.busy, busy_days = search_busy_days(made.busy)" closed " FROM " \
	"(SELECT search_busy($1, $2::integer, $3::boolean, $4::interval, $5::interval) AS busy OFFSET 0) made " \
	"WHERE s.id = $1"
static const char PUT_TIME_OPEN[] = PUT_TIME("");
static const char PUT_TIME_CLOSED[] = PUT_TIME(" | " CLOSED_DAYS_OF("$1", CLOSED_MARK_OF("$6")));

static const char PUT_RATING[] = "UPDATE listing_search s SET rating = coalesce(l.rating_bayesian, 0) FROM listing l "
				 "WHERE l.id = $1 AND s.id = l.id";

void projection_queue_listings(struct context *ctx, struct pg_tx *tx, const char *ids)
{
	pg_queue(ctx, tx, REMOVE_ROWS, ids);
	pg_queue(ctx, tx, PUT_ROWS, ids);
	pg_queue(ctx, tx, PUT_TEXTS, ids);
}

void projection_queue_busy(struct context *ctx, struct pg_tx *tx, const char *ids)
{
	pg_queue(ctx, tx, PUT_BUSY, ids);
}

void projection_queue_time(struct context *ctx, struct pg_tx *tx, const struct projection_time *time)
{
	struct arena *arena = &ctx->arena;
	const char *units = arena_printf(arena, "%d", time->units), *named = time->named ? "true" : "false";
	const char *before = arena_printf(arena, "%lld microseconds", (long long)time->buffer_before);
	const char *after = arena_printf(arena, "%lld microseconds", (long long)time->buffer_after);
	if (time->closed_by)
		pg_queue(ctx, tx, PUT_TIME_CLOSED, time->listing_id, units, named, before, after, time->closed_by);
	else
		pg_queue(ctx, tx, PUT_TIME_OPEN, time->listing_id, units, named, before, after);
}

void projection_queue_rating(struct context *ctx, struct pg_tx *tx, const char *listing_id)
{
	pg_queue(ctx, tx, PUT_RATING, listing_id);
}

/* What of a row must be as it would be made now. Terms have no order; what is over is forgotten later. */
#define COMPARED(row)                                                                                             \
	row ".company_id, " row ".rating, " row ".price, " row ".currency, " row ".capacity, " row ".units, " row \
	    ".lat, " row ".lon, " row ".cell, " row ".published_at, " row ".numbers, " row ".ruled, " row         \
	    ".named, " row ".buffer_before, " row ".buffer_after, "                                               \
	    "ARRAY(SELECT unnest(" row ".terms) ORDER BY 1), " row ".busy * tstzmultirange(tstzrange(now(), NULL))"
#define MADE COMPARED("made")
#define KEPT COMPARED("kept")

/* Days that the ring of a row has within both its horizon and today's. */
#define COMMON_DAYS "(SELECT search_busy_days(tstzmultirange(tstzrange(now(), now() + interval '1000 days'))))"

/* A company of which a background job is pending is left out: the job is not done with its listings. */
const struct data_check projection_drift_check = {
    .name = "projection",
    .help = "listings that search has otherwise than they are: `rebuild-search` mends it",
    .sql = "SELECT astray.* FROM ("
	   "SELECT coalesce(made.id, kept.id) AS id, kept.id IS NULL AS missing, 'listing_search' AS \"table\" "
	   "FROM (" ROWS ") made(" ROW_COLUMNS ") FULL JOIN listing_search kept ON kept.id = made.id "
	   "WHERE (" MADE ") IS DISTINCT FROM (" KEPT ") "
	   "OR (kept.busy_days & ~made.busy_days & " COMMON_DAYS ") <> 0::bit(1024) "
	   "OR EXISTS (SELECT FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = made.id "
	   "AND (" CLOSED_DAYS " & ~kept.busy_days) <> 0::bit(1024)) "
	   "UNION ALL SELECT coalesce(made.id, kept.id), kept.id IS NULL, 'listing_text' "
	   "FROM (" TEXTS ") made(id, words) FULL JOIN listing_text kept ON kept.id = made.id "
	   "WHERE made.words IS DISTINCT FROM kept.words) astray "
	   "WHERE NOT EXISTS (SELECT FROM listing l JOIN background_job j ON j.key = l.company_id::text "
	   "WHERE l.id = astray.id)",
};
