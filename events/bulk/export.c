#include "bulk/export.h"

#include "booking/store/booking_json.h"
#include "telemetry/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE (120 * CLOCK_SECOND) /* of some rows */

struct export
{
	FILE *file;
	size_t lines;
	int64_t started;
};

static const char ONE_STATE[] = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
static const char FETCH[] = "FETCH 500 FROM export";
static const char CLOSE[] = "CLOSE export";

/* Times as the API has them; members that are null are left out, but inside of those that are stored as JSON. What a
 * moderator has not decided on is a draft. */
static const char LISTINGS[] =
    "DECLARE export NO SCROLL CURSOR FOR SELECT (jsonb_strip_nulls(jsonb_build_object('kind', 'listing', 'id', l.id, "
    "'external_id', l.external_id, 'company_id', l.company_id, 'type', l.type, 'title', l.title, 'description', "
    "l.description, 'address', l.address, 'location', CASE WHEN l.lat IS NOT NULL THEN jsonb_build_object('lat', l.lat, "
    "'lon', l.lon) END, 'time_zone', l.time_zone, 'capacity', l.capacity, 'units', l.units, 'price', "
    "api_money(l.price_amount, l.price_currency), 'price_unit', l.price_unit, 'images', to_jsonb(l.images), 'state', "
    "CASE WHEN l.state IN ('published', 'archived') THEN l.state ELSE 'draft' END, 'includes', "
    "CASE WHEN l.includes <> '{}' THEN to_jsonb(l.includes) END, 'version', l.version, 'rules_version', l.rules_version, "
    "'created_at', api_time(l.created_at), 'published_at', api_time(l.published_at))) || jsonb_build_object("
    "'properties', l.properties, 'rules', l.rules, 'pricing', l.pricing))::text "
    "FROM listing l ORDER BY l.includes <> '{}', l.id";

#define NUMBERS                                                              \
	"(SELECT jsonb_agg(u.unit ORDER BY u.unit) FROM booking_unit u "     \
	"WHERE u.booking_id = b.id AND u.listing_id = b.listing_id AND NOT " \
	"(b.state IN ('held', 'requested') AND b.expires_at <= now()))"
#define MINUTES(buffer) "nullif(extract(epoch FROM b." buffer ")::integer / 60, 0)"
#define UNLESS(value, usual) "CASE WHEN " value " <> " usual " THEN " value " END"
#define JSON_MEMBER(name, value, usual) \
	" || CASE WHEN " value " <> " usual " THEN jsonb_build_object('" name "', " value ") ELSE '{}' END"

static const char BOOKINGS[] =
    "DECLARE export NO SCROLL CURSOR FOR SELECT (jsonb_strip_nulls(jsonb_build_object('kind', b.kind, 'id', b.id, "
    "'external_id', b.external_id, 'listing_id', b.listing_id, 'user_id', b.user_id, 'booked_by', b.booked_by, "
    "'period', api_period(b.period), 'units', b.units, 'unit_numbers', " NUMBERS
    ", 'unit_wish', to_jsonb(b.unit_wish), "
    "'named', " UNLESS("b.named", "false") ", 'buffer_before_minutes', " MINUTES(
	"buffer_before") ", "
			 "'buffer_after_minutes', " MINUTES(
			     "buffer_after") ", 'guests', b.guests, 'state', " BOOKING_STATE ", 'cause', b.cause, "
					     "'price', api_money(b.price_amount, b.price_currency), 'paid', " UNLESS(
						 "b.paid",
						 "0") ", 'cancellation_fee', "
						      "b.cancellation_fee, 'refund_due', b.refund_due, 'note', " UNLESS("b.note", "''") ", 'reason', " UNLESS("b.reason", "''") ", 'cancelled_by', b.cancelled_by, 'option', " UNLESS(
							  "b.option",
							  "false") ", "
								   "'takes_units', b.takes_units, 'overbooked', b.overbooked, 'overlapped', " UNLESS(
								       "b.overlapped",
								       "false") ", "
										"'group_id', b.group_id, 'ready', " UNLESS(
										    "b.ready",
										    "false") ", 'series_id', b.series_id, 'occurrence', "
											     "b.occurrence, 'rules_version', b.rules_version, 'version', b.version, 'created_at', api_time(b.created_at), "
											     "'first_start', api_time(b.first_start), 'expires_at', api_time(b.expires_at), 'held_at', api_time(b.held_at), "
											     "'offered_at', api_time(b.offered_at), 'decided_at', api_time(b.decided_at), 'changed_at', api_time(b.changed_at), "
											     "'ended_at', api_time(coalesce(b.ended_at, CASE WHEN b.state = 'confirmed' AND b.kind = 'booking' AND "
											     "upper(b.period) <= now() THEN upper(b.period) END)), 'cancelled_at', api_time(b.cancelled_at)))" JSON_MEMBER(
												 "customer",
												 "b.customer", "'null'")
												 JSON_MEMBER(
												     "override",
												     "b.override",
												     "'null'")
												     JSON_MEMBER(
													 "extras",
													 "b.extras",
													 "'[]'")
													 JSON_MEMBER(
													     "policy",
													     "b.policy",
													     "'[]'")
													     JSON_MEMBER(
														 "price_lines",
														 "b.price",
														 "'null'") ")::text FROM booking b ORDER BY b.id";

/* The next rows. How many; -1 with the error logged. */
static int64_t write_rows(struct export *export, struct pg_tx *tx)
{
	int64_t count = -1;
	struct context rows;
	context_init(&rows, deadline_after(DEADLINE));
	struct pg_result *found = pg_query(&rows, tx, FETCH);
	if (found) {
		count = (int64_t)pg_count(found);
		for (size_t i = 0; i < pg_count(found); i++) {
			(void)fwrite(pg_text(found, i, 0), 1, pg_length(found, i, 0), export->file);
			(void)fputc('\n', export->file);
		}
		export->lines += pg_count(found);
	} else {
		log_error_of(LOG_ERROR, &rows, "the export was broken off");
	}
	context_done(&rows);
	return ferror(export->file) ? -1 : count;
}

static int write_all(struct export *export, struct context *ctx, struct pg *db)
{
	static const char *const cursors[] = {LISTINGS, BOOKINGS};
	struct pg_tx *tx = pg_begin(ctx, db);
	if (!tx)
		return -1;
	pg_queue(ctx, tx, ONE_STATE);
	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		int64_t count = 0;
		pg_queue(ctx, tx, cursors[i]);
		do
			count = write_rows(export, tx);
		while (count > 0);
		if (count < 0)
			return -1;
		pg_queue(ctx, tx, CLOSE);
	}
	return pg_commit(ctx, tx);
}

static int refuse_file(const char *path)
{
	log_event(LOG_ERROR, NULL, "the file cannot be written", LOG_STRING("file", path),
		  LOG_STRING("cause", strerror(errno)));
	return 1;
}

/* Its bytes are on the disk before it has its name. */
static int finish(struct export *export, const char *part, const char *path)
{
	bool written = fflush(export->file) == 0 && fsync(fileno(export->file)) == 0;
	written = fclose(export->file) == 0 && written;
	return written && rename(part, path) == 0 ? 0 : refuse_file(path);
}

static int export_file(struct export *export, struct daemon_worker *worker, struct context *ctx, const char *path)
{
	const char *part = arena_printf(&ctx->arena, "%s.part", path);
	export->file = fopen(part, "we");
	if (!export->file)
		return refuse_file(path);
	if (write_all(export, ctx, worker->db) == 0)
		return finish(export, part, path);
	(void)fclose(export->file);
	(void)unlink(part);
	return 1;
}

int bulk_export(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	struct export export = {.file = stdout, .started = clock_monotonic()};
	if (argc != 1) {
		log_event(LOG_ERROR, NULL, "usage: export FILE");
		return 2;
	}
	struct context work;
	context_init(&work, DEADLINE_NEVER);
	bool standard = strcmp(argv[0], "-") == 0;
	int status = standard ? write_all(&export, &work, worker->db) != 0 || fflush(stdout) != 0
			      : export_file(&export, worker, &work, argv[0]);
	if (work.error.code != ERROR_NONE)
		log_error_of(LOG_ERROR, &work, "the export was broken off");
	context_done(&work);
	(void)ctx;
	double seconds = (double)(clock_monotonic() - export.started) / (double)CLOCK_SECOND;
	if (status == 0 && !standard)
		printf("{\"lines\":%zu,\"seconds\":%.3f}\n", export.lines, seconds);
	return status;
}
