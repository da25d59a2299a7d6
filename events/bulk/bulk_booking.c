#include "bulk/bulk_booking.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash_map.h"
#include "booking/store/due.h"
#include "booking/store/unit.h"
#include "bulk/bulk_booking_check.h"
#include "bulk/bulk_check.h"
#include "bulk/bulk_store.h"
#include "bulk/bulk_units.h"
#include "projection/projection.h"
#include "rpc/erased_user.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BATCH (64 << 20)
#define TAKEN_MOST 5000 /* rows that are looked at in memory for one booking */
#define TAKEN_MOST_TEXT "5000"

/* A table that was small when its statement was planned may be large by now: the plan is one by indexes from the start.
 */
static const char BY_INDEXES[] = "SET LOCAL enable_seqscan = off";

/* Locks the listings, with those that share walls with them, in one order, so that imports and bookings never wait for
 * each other in a circle. */
static const char LOCK_LISTINGS[] =
    "WITH named AS (SELECT l.id, l.space_id FROM listing l WHERE l.id IN (SELECT unnest($1::uuid[])) OR l.id IN "
    "(SELECT x.id FROM unnest($2::uuid[], $3::text[]) AS p(company_id, external_id) "
    "JOIN listing x ON x.company_id = p.company_id AND x.external_id = p.external_id)) "
    "SELECT 1 FROM listing l WHERE l.id IN (SELECT n.id FROM named n UNION SELECT x.id FROM named n JOIN listing x "
    "ON x.space_id = n.space_id) ORDER BY l.id FOR NO KEY UPDATE";

/* Of those whose words come none is erased until the batch is in. */
static const char LOCK_USERS[] = "SELECT " ERASED_USER_LOCK(
    "u.id::text") " FROM (SELECT DISTINCT id FROM unnest($1::uuid[]) p(id) WHERE id IS NOT NULL ORDER BY 1) u";

/* One row a line, in the lines' order. Each looks its listing up by an index: a join on either name of it would compare
 * all lines with all listings. */
static const char RESOLVE[] =
    "SELECT l.id, l.company_id, l.units, coalesce((r.rules->>'overbooking')::integer, 0), "
    "coalesce(r.rules->>'units_mode', '') = 'named', l.space_id IS NOT NULL OR d.due, there.it, taken.numbers, "
    "coalesce(taken.count, 0) "
    "FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::tstzrange[]) WITH ORDINALITY "
    "AS p(id, listing_id, company_id, listing_external_id, external_id, taken, place) "
    "LEFT JOIN LATERAL (SELECT x.* FROM listing x WHERE x.id = coalesce(p.listing_id, (SELECT n.id FROM listing n "
    "WHERE n.company_id = p.company_id AND n.external_id = p.listing_external_id)) OFFSET 0) l ON true "
    "LEFT JOIN listing_type t ON t.key = l.type "
    "LEFT JOIN LATERAL (SELECT listing_rules(t.rules, l.rules, l.space_id, l.includes) AS rules OFFSET 0) r ON true "
    "LEFT JOIN LATERAL (SELECT EXISTS (SELECT FROM booking b WHERE b.listing_id = l.id AND b.state IN ('held', "
    "'requested') AND b.expires_at <= now()) AS due OFFSET 0) d ON true "
    "LEFT JOIN LATERAL (SELECT EXISTS (SELECT FROM booking b WHERE b.id = p.id) OR EXISTS (SELECT FROM booking b WHERE "
    "b.listing_id = l.id AND b.external_id = p.external_id) AS it OFFSET 0) there ON true "
    "LEFT JOIN LATERAL (SELECT array_agg(DISTINCT u.unit)::text AS numbers, count(*) FROM (SELECT u.unit FROM "
    "booking_unit u WHERE u.listing_id = l.id AND u.period && p.taken AND upper(u.period) > lower(p.taken) "
    "LIMIT " TAKEN_MOST_TEXT ") u) taken ON true ORDER BY p.place";
enum { LISTING, COMPANY, UNITS, OVERBOOKING, NAMED, APART, THERE, TAKEN, TAKEN_COUNT };

/* The rows of a booking to come in the listings that share walls with its own. */
static const char SHARE[] =
    "SELECT booking_share(u.booking_id, u.listing_id, u.period) FROM (SELECT DISTINCT "
    "u.booking_id, u.listing_id, u.period FROM booking_unit u WHERE u.booking_id = $1 AND "
    "upper(u.period) > now()) u JOIN listing l ON l.id = u.listing_id AND l.space_id IS NOT NULL";

/* Those that search has of these and of all whose time changes with theirs. */
static const char SELECT_TOUCHED[] =
    "WITH named AS (SELECT DISTINCT id FROM unnest($1::uuid[]) id) SELECT coalesce(array_agg(s.id), '{}')::text FROM "
    "(SELECT id FROM named UNION SELECT x.id FROM named n JOIN listing l ON l.id = n.id JOIN listing x "
    "ON x.space_id = l.space_id) t JOIN listing_search s ON s.id = t.id";

/* The bookings of a batch: their lines, what was found of each, what they take. */
struct batch {
	struct import_line **lines;
	struct bulk_booking *bookings;
	size_t count;
};

static int64_t instant_of(struct json_object *period, const char *name)
{
	int64_t instant = 0;
	return clock_parse(json_object_get_string(json_object_object_get(period, name)), &instant) ? instant : 0;
}

static int64_t minutes_of(struct json_object *line, const char *name)
{
	return json_object_get_int64(json_object_object_get(line, name)) * 60 * CLOCK_SECOND;
}

/* Numbers of a JSON array; NULL for none. */
static const int *wish_of(struct arena *arena, struct json_object *array)
{
	size_t count = array ? json_object_array_length(array) : 0;
	int *numbers = count > 0 ? arena_alloc(arena, count * sizeof(*numbers)) : NULL;
	for (size_t i = 0; i < count; i++)
		numbers[i] = json_object_get_int(json_object_array_get_idx(array, i));
	return numbers;
}

static struct batch gather(struct rpc_call *call, struct import_line *const *lines, size_t count)
{
	struct arena *arena = &call->ctx->arena;
	struct batch batch = {
	    .lines = arena_alloc(arena, (count + 1) * sizeof(*batch.lines)),
	    .bookings = arena_zalloc(arena, (count + 1) * sizeof(*batch.bookings)),
	};
	for (size_t i = 0; i < count; i++) {
		if (!bulk_is_booking(lines[i]))
			continue;
		struct json_object *value = lines[i]->value, *period = json_object_object_get(value, "period");
		struct json_object *units = json_object_object_get(value, "units");
		batch.bookings[batch.count] = (struct bulk_booking){
		    .from = instant_of(period, "from") - minutes_of(value, "buffer_before_minutes"),
		    .to = instant_of(period, "to") + minutes_of(value, "buffer_after_minutes"),
		    .wanted = !bulk_booking_takes(value) ? 0
			      : units			 ? json_object_get_int(units)
							 : 1,
		    .over = instant_of(period, "to") <= clock_wall(),
		    .wish = wish_of(arena, json_object_object_get(value, "unit_numbers")),
		};
		batch.lines[batch.count++] = lines[i];
	}
	return batch;
}

/* A member of all lines as a PostgreSQL array. */
static const char *column(struct rpc_call *call, const struct batch *batch, const char *name)
{
	const char **values = arena_alloc(&call->ctx->arena, (batch->count + 1) * sizeof(*values));
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_BATCH);
	for (size_t i = 0; i < batch->count; i++)
		values[i] = bulk_text(batch->lines[i]->value, name);
	pg_array_text(&text, values, batch->count);
	return buffer_text(&text);
}

/* When their units are taken; null of those that take none. */
static const char *taken_column(struct rpc_call *call, const struct batch *batch)
{
	const char **values = arena_alloc(&call->ctx->arena, (batch->count + 1) * sizeof(*values));
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_BATCH);
	for (size_t i = 0; i < batch->count; i++) {
		const struct bulk_booking *one = &batch->bookings[i];
		values[i] = one->wanted > 0 ? pg_range_text(&call->ctx->arena, one->from, one->to) : NULL;
	}
	pg_array_text(&text, values, batch->count);
	return buffer_text(&text);
}

/* The numbers of PostgreSQL's text of an array, {1,2}. */
static const int *numbers_of(struct arena *arena, const char *text, size_t *ret_count)
{
	size_t most = text ? strlen(text) / 2 + 1 : 1, count = 0;
	int *numbers = arena_alloc(arena, most * sizeof(*numbers));
	for (const char *at = text ? text + 1 : ""; *at && *at != '}'; count++) {
		char *end = NULL;
		numbers[count] = (int)strtol(at, &end, 10);
		at = *end == ',' ? end + 1 : end;
	}
	*ret_count = count;
	return numbers;
}

/* Marks those of which an earlier line has the same id or external id: which of them is there is known when they have
 * gone one by one. */
static void mark_repeated(const struct batch *batch)
{
	static const char *const names[] = {"id", "external_id"};
	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		struct hash_map *seen = hash_map_new(batch->count, NULL);
		for (size_t i = 0; i < batch->count; i++) {
			const char *key = bulk_text(batch->lines[i]->value, names[k]);
			if (key && hash_map_get_text(seen, key))
				batch->bookings[i].apart = true;
			else if (key && !hash_map_put_text(seen, key, batch->lines[i]))
				fatal("more ids than lines");
		}
		hash_map_free(seen);
	}
}

static struct pg_result *resolve(struct rpc_call *call, struct pg_tx *tx, const struct batch *batch)
{
	return pg_query(call->ctx, tx, RESOLVE, column(call, batch, "id"), column(call, batch, "listing_id"),
			column(call, batch, "company_id"), column(call, batch, "listing_external_id"),
			column(call, batch, "external_id"), taken_column(call, batch));
}

/* Takes over what was found of a line. False when there is nothing to do for it: it is there, or it has no listing. */
static bool take_over(struct rpc_call *call, const struct batch *batch, const struct pg_result *found, size_t row)
{
	struct bulk_booking *own = &batch->bookings[row];
	struct import_line *line = batch->lines[row];
	own->listing_id = pg_text(found, row, LISTING);
	if (!own->listing_id) {
		line->reason = "/listing_id: no such listing";
		return false;
	}
	if (pg_boolean(found, row, THERE))
		return false;
	own->units = (int)pg_integer(found, row, UNITS);
	own->overbooking = (int)pg_integer(found, row, OVERBOOKING);
	own->named = pg_boolean(found, row, NAMED);
	own->apart = pg_boolean(found, row, APART) || pg_integer(found, row, TAKEN_COUNT) >= TAKEN_MOST;
	own->taken = numbers_of(&call->ctx->arena, pg_text(found, row, TAKEN), &own->taken_count);
	json_object_object_add(line->value, "listing_id", json_object_new_string(own->listing_id));
	json_object_object_add(line->value, "company_id", json_object_new_string(pg_text(found, row, COMPANY)));
	if (own->named && !json_object_object_get(line->value, "named"))
		json_object_object_add(line->value, "named", json_object_new_boolean(true));
	return true;
}

/* Leaves those for which something is to be done. */
static void take_over_all(struct rpc_call *call, struct batch *batch, const struct pg_result *found)
{
	bool *stays = arena_zalloc(&call->ctx->arena, batch->count + 1);
	size_t kept = 0;
	for (size_t i = 0; i < batch->count; i++)
		stays[i] = take_over(call, batch, found, i);
	for (size_t i = 0; i < batch->count; i++) {
		if (!stays[i])
			continue;
		batch->bookings[kept] = batch->bookings[i];
		batch->lines[kept++] = batch->lines[i];
	}
	batch->count = kept;
	mark_repeated(batch);
}

/* Stores all that were placed, and says of the others that they are not. */
static void store_placed(struct rpc_call *call, struct pg_tx *tx, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->bookings[i].place == BULK_TAKEN)
			batch->lines[i]->reason = "/period: booked";
	bulk_store(call, tx, batch->lines, batch->bookings, batch->count);
}

/* The units of one that does not fit as the units are: others make room, or some above the usual ones are given. */
static int allocate(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, struct bulk_booking *own,
		    struct import_line *line)
{
	const struct unit_request request = {
	    .listing_id = own->listing_id,
	    .from = own->from,
	    .to = own->to,
	    .wanted = own->wanted,
	    .units = terms->rules.units,
	    .overbooking = terms->rules.overbooking,
	    .named = terms->rules.named,
	};
	struct unit_choice choice;
	if (unit_allocate(call, tx, &request, &choice))
		return bulk_refused(call, line) ? 0 : -1;
	size_t count = 0;
	own->numbers = numbers_of(&call->ctx->arena, choice.numbers, &count);
	own->above = choice.overbooked;
	own->place = BULK_PLACED;
	return 0;
}

/* One by one: what has expired ends first, and what the others have taken by now is there. */
static int load_alone(struct rpc_call *call, struct pg_tx *tx, struct batch *batch, size_t place)
{
	struct batch one = {.lines = batch->lines + place, .bookings = batch->bookings + place, .count = 1};
	struct bulk_booking *own = one.bookings;
	struct terms terms;
	if (due_lock(call, tx, own->listing_id, &terms))
		return -1;
	struct pg_result *found = resolve(call, tx, &one);
	if (!found)
		return -1;
	if (!take_over(call, &one, found, 0))
		return 0;
	own->apart = pg_integer(found, 0, TAKEN_COUNT) >= TAKEN_MOST;
	bulk_units_place(&call->ctx->arena, own, 1);
	if (own->place == BULK_LATER && allocate(call, tx, &terms, own, one.lines[0]))
		return -1;
	store_placed(call, tx, &one);
	if (own->place == BULK_PLACED)
		pg_queue(call->ctx, tx, SHARE, bulk_text(one.lines[0]->value, "id"));
	return 0;
}

/* Search is told of those whose time to come is taken. */
static int project(struct rpc_call *call, struct pg_tx *tx, const struct batch *batch)
{
	const char **ids = arena_alloc(&call->ctx->arena, (batch->count + 1) * sizeof(*ids));
	size_t count = 0;
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_BATCH);
	for (size_t i = 0; i < batch->count; i++) {
		const struct bulk_booking *one = &batch->bookings[i];
		if (one->place == BULK_PLACED && one->wanted > 0 && one->to > clock_wall())
			ids[count++] = one->listing_id;
	}
	if (count == 0)
		return 0;
	pg_array_text(&text, ids, count);
	struct pg_result *touched = pg_query(call->ctx, tx, SELECT_TOUCHED, buffer_text(&text));
	if (!touched)
		return -1;
	projection_queue_busy(call->ctx, tx, pg_text(touched, 0, 0));
	return 0;
}

int bulk_booking_load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines, size_t count)
{
	struct batch batch = gather(call, lines, count);
	if (batch.count == 0)
		return 0;
	pg_queue(call->ctx, tx, BY_INDEXES);
	pg_queue(call->ctx, tx, LOCK_USERS, column(call, &batch, "user_id"));
	if (!pg_query(call->ctx, tx, LOCK_LISTINGS, column(call, &batch, "listing_id"),
		      column(call, &batch, "company_id"), column(call, &batch, "listing_external_id")))
		return -1;
	struct pg_result *found = resolve(call, tx, &batch);
	if (!found)
		return -1;
	take_over_all(call, &batch, found);
	bulk_units_place(&call->ctx->arena, batch.bookings, batch.count);
	store_placed(call, tx, &batch);
	for (size_t i = 0; i < batch.count; i++)
		if (batch.bookings[i].place == BULK_LATER && load_alone(call, tx, &batch, i))
			return -1;
	return project(call, tx, &batch);
}
