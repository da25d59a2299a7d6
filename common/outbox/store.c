/* What the relay reads and writes: its lease, cursors, facts, refusals. */
#include "base/buffer.h"
#include "outbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 5 s for a relay that died; renewed with 3 s to go. */
#define LEASE_LOOK                                                                                  \
	"SELECT holder = $1, expires_at > now() + CASE WHEN holder = $1 THEN interval '3 seconds' " \
	"ELSE interval '0' END "                                                                    \
	"FROM outbox_lease"
#define LEASE_TAKE                                                                                          \
	"INSERT INTO outbox_lease AS lease (holder, expires_at) VALUES ($1, now() + interval '5 seconds') " \
	"ON CONFLICT (only_one) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at "  \
	"WHERE lease.holder = excluded.holder OR lease.expires_at <= now()"
#define LEASE_GIVE "DELETE FROM outbox_lease WHERE holder = $1"

#define RESTORED                                                                                             \
	"SELECT EXISTS (SELECT FROM outbox_cursor WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())) OR " \
	"EXISTS (SELECT FROM outbox WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))"

#define POSITION_MAKE "INSERT INTO outbox_cursor (subscriber) VALUES ($1) ON CONFLICT DO NOTHING"
#define POSITION "SELECT xid, seq FROM outbox_cursor WHERE subscriber = $1"

/* A fact as its consumer gets it. */
#define FACT_JSON                                                                      \
	"json_build_object('id', o.id, 'topic', o.topic, 'key', o.key, 'seq', o.seq, " \
	"'occurred_at', api_time(o.occurred_at), 'payload', o.payload)"
#define ITEM "o.xid, o.seq, o.id, " FACT_JSON ", (extract(epoch FROM o.occurred_at) * 1000000)::bigint"

/* Where the transactions begin that may still write a fact with an id as low. Ids are those of the whole server: one
 * that is known to run in another database writes none of our facts, and must not delay them. One whose database is not
 * known (any more, or to this role) may. */
#define HORIZON                                                                                                      \
	"coalesce((SELECT min(running) FROM pg_snapshot_xip(pg_current_snapshot()) running WHERE NOT EXISTS "        \
	"(SELECT FROM pg_stat_activity a WHERE a.backend_xid = running::xid AND a.datname <> current_database())), " \
	"pg_snapshot_xmax(pg_current_snapshot()))"

#define READ_NEW                                                                  \
	"SELECT " ITEM ", o.key <> '' AND EXISTS "                                \
	"(SELECT FROM outbox_retry r WHERE r.subscriber = $1 AND r.key = o.key) " \
	"FROM outbox o WHERE (o.xid, o.seq) > ($2::xid8, $3::bigint) "            \
	"AND o.xid < (SELECT " HORIZON ") ORDER BY o.xid, o.seq LIMIT $4::bigint"

#define READ_RETRIES                                                                                            \
	"SELECT " ITEM ", false FROM outbox_retry o WHERE o.subscriber = $1 AND o.next_attempt_at <= now() "    \
	"AND NOT EXISTS (SELECT FROM outbox_retry e WHERE e.subscriber = $1 AND e.key = o.key AND o.key <> '' " \
	"AND (e.xid, e.seq) < (o.xid, o.seq)) ORDER BY o.xid, o.seq LIMIT $2::bigint"
#define HAS_RETRIES "SELECT EXISTS (SELECT FROM outbox_retry WHERE subscriber = $1)"

/* Only forward: a relay that lost its lease without noticing may come late. */
#define MOVE                                                         \
	"UPDATE outbox_cursor SET xid = $2::xid8, seq = $3::bigint " \
	"WHERE subscriber = $1 AND (xid, seq) < ($2::xid8, $3::bigint)"

/* Waits double from a tenth of a second to a minute. */
#define PUT_OFF(attempts) "now() + least(60, 0.1 * 2 ^ (" attempts ")) * interval '1 second'"
#define REFUSE                                                                                             \
	"INSERT INTO outbox_retry (subscriber, xid, seq, id, topic, key, payload, occurred_at, attempts, " \
	"next_attempt_at, reason) SELECT $1, xid, seq, id, topic, key, payload, occurred_at, 1, " PUT_OFF( \
	    "0") ", $4 FROM outbox WHERE xid = $2::xid8 AND seq = $3::bigint ON CONFLICT DO NOTHING"
#define POSTPONE                                                                                       \
	"INSERT INTO outbox_retry (subscriber, xid, seq, id, topic, key, payload, occurred_at, "       \
	"next_attempt_at, reason) SELECT $1, xid, seq, id, topic, key, payload, occurred_at, now() + " \
	"interval '1 second', $4 FROM outbox WHERE xid = $2::xid8 AND seq = $3::bigint ON CONFLICT DO NOTHING"
#define HOLD                                                                                     \
	"INSERT INTO outbox_retry (subscriber, xid, seq, id, topic, key, payload, occurred_at) " \
	"SELECT $1, xid, seq, id, topic, key, payload, occurred_at "                             \
	"FROM outbox WHERE xid = $2::xid8 AND seq = $3::bigint ON CONFLICT DO NOTHING"

#define RETRY_DONE "DELETE FROM outbox_retry WHERE subscriber = $1 AND xid = $2::xid8 AND seq = $3::bigint"
#define RETRY_LATER                                                                                          \
	"UPDATE outbox_retry SET attempts = attempts + 1, reason = $4, next_attempt_at = " PUT_OFF(          \
	    "attempts") " WHERE subscriber = $1 AND xid = $2::xid8 AND seq = $3::bigint AND attempts + 1 < " \
			"$5::integer"
/* Counts no attempt, so the pause does not grow either. */
#define RETRY_POSTPONE                                                                                              \
	"UPDATE outbox_retry SET reason = $4, next_attempt_at = now() + interval '1 second' WHERE subscriber = $1 " \
	"AND xid = $2::xid8 AND seq = $3::bigint"

#define RETRY_BURY                                                                                               \
	"WITH gone AS (DELETE FROM outbox_retry WHERE subscriber = $1 AND xid = $2::xid8 AND seq = $3::bigint "  \
	"AND attempts + 1 >= $5::integer RETURNING *) "                                                          \
	"INSERT INTO outbox_dead_letter (subscriber, xid, seq, id, topic, key, payload, occurred_at, attempts, " \
	"reason) SELECT subscriber, xid, seq, id, topic, key, payload, occurred_at, attempts + 1, $4 FROM gone"

#define MEASURE                                                                                                     \
	"SELECT s.name, coalesce(r.waiting, 0), coalesce(r.oldest, 0), (SELECT count(*) FROM outbox_dead_letter d " \
	"WHERE d.subscriber = s.name) FROM unnest($1::text[]) s(name) LEFT JOIN (SELECT subscriber, count(*) AS "   \
	"waiting, (extract(epoch FROM min(occurred_at)) * 1000000)::bigint AS oldest FROM outbox_retry "            \
	"GROUP BY subscriber) r ON r.subscriber = s.name"

#define NOTIFY "SELECT pg_notify('outbox', '')"

int outbox_lease_take(struct context *ctx, struct outbox_relay *relay, bool *ret_leading)
{
	struct pg_result *row = pg_read(ctx, relay->db, LEASE_LOOK, relay->holder);
	if (!row)
		return -1;
	if (pg_count(row) == 0 || !pg_boolean(row, 0, 1)) {
		row = pg_write(ctx, relay->db, LEASE_TAKE, relay->holder);
		if (!row)
			return -1;
		*ret_leading = pg_count(row) == 1;
		return 0;
	}
	*ret_leading = pg_boolean(row, 0, 0);
	return 0;
}

void outbox_lease_give(struct context *ctx, struct outbox_relay *relay)
{
	/* Without it the next relay waits until the lease has run out. */
	(void)(pg_write(ctx, relay->db, LEASE_GIVE, relay->holder) != NULL);
}

int outbox_repair(struct context *ctx, struct outbox_relay *relay)
{
	struct pg_result *row = pg_read(ctx, relay->db, RESTORED);
	if (!row)
		return -1;
	if (!pg_boolean(row, 0, 0))
		return 0;
	struct pg_tx *tx = pg_begin(ctx, relay->db);
	if (!tx)
		return -1;
	pg_queue(ctx, tx, "UPDATE outbox SET xid = '1'");
	pg_queue(ctx, tx, "UPDATE outbox_cursor SET xid = '0', seq = 0");
	for (size_t i = 0; i < relay->subscriber_count; i++)
		relay->subscribers[i].positioned = false;
	return pg_commit(ctx, tx);
}

int outbox_position(struct context *ctx, struct outbox_subscriber *subscriber)
{
	struct pg *db = subscriber->relay->db;
	struct pg_result *row = pg_read(ctx, db, POSITION, subscriber->name);
	if (row && pg_count(row) == 0) {
		row = pg_write(ctx, db, POSITION_MAKE, subscriber->name);
		if (row)
			row = pg_read(ctx, db, POSITION, subscriber->name);
	}
	if (!row || pg_count(row) == 0)
		return row ? context_fail_internal(ctx, "a subscriber's cursor is gone") : -1;
	(void)snprintf(subscriber->xid, sizeof(subscriber->xid), "%s", pg_text(row, 0, 0));
	subscriber->seq = pg_integer(row, 0, 1);
	subscriber->positioned = true;
	return 0;
}

/* As many rows as fit one delivery, at least one. */
static void take_rows(struct context *ctx, const struct pg_result *rows, struct outbox_batch *ret)
{
	size_t count = pg_count(rows), bytes = 0;
	ret->items = arena_zalloc(&ctx->arena, count * sizeof(*ret->items));
	ret->count = 0;
	ret->oldest = count > 0 ? pg_integer(rows, 0, 4) : 0;
	for (size_t i = 0; i < count; i++) {
		bytes += pg_length(rows, i, 3);
		if (i > 0 && bytes > OUTBOX_BATCH_BYTES)
			break;
		ret->items[ret->count++] = (struct outbox_item){
		    .xid = pg_text(rows, i, 0),
		    .seq = pg_text(rows, i, 1),
		    .id = pg_text(rows, i, 2),
		    .text = pg_text(rows, i, 3),
		    .fate = pg_boolean(rows, i, 5) ? OUTBOX_HELD : OUTBOX_TO_SEND,
		};
	}
}

int outbox_read_new(struct context *ctx, struct outbox_subscriber *subscriber, size_t most, struct outbox_batch *ret)
{
	const char *seq = arena_printf(&ctx->arena, "%lld", (long long)subscriber->seq);
	const char *limit = arena_printf(&ctx->arena, "%zu", most);
	struct pg_result *rows =
	    pg_read(ctx, subscriber->relay->db, READ_NEW, subscriber->name, subscriber->xid, seq, limit);
	if (!rows)
		return -1;
	take_rows(ctx, rows, ret);
	return 0;
}

int outbox_read_retries(struct context *ctx, struct outbox_subscriber *subscriber, size_t most,
			struct outbox_batch *ret)
{
	const char *limit = arena_printf(&ctx->arena, "%zu", most);
	struct pg_result *rows = pg_read(ctx, subscriber->relay->db, READ_RETRIES, subscriber->name, limit), *row;
	if (!rows)
		return -1;
	take_rows(ctx, rows, ret);
	if (ret->count == 0 && subscriber->retries) {
		row = pg_read(ctx, subscriber->relay->db, HAS_RETRIES, subscriber->name);
		subscriber->retries = !row || pg_boolean(row, 0, 0);
		return row ? 0 : -1;
	}
	subscriber->retries = subscriber->retries || ret->count > 0;
	return 0;
}

/* What a client may have written into a reason is cut to a length, between characters. */
static const char *shortened(struct context *ctx, const char *reason)
{
	size_t length = strlen(reason);
	if (length <= OUTBOX_REASON_MAX)
		return reason;
	length = OUTBOX_REASON_MAX;
	while (length > 0 && ((unsigned char)reason[length] & 0xC0) == 0x80)
		length--;
	return arena_strndup(&ctx->arena, reason, length);
}

/* How many can be settled: a cursor passes by nothing that was not reached. */
static size_t reached(const struct outbox_batch *batch)
{
	size_t count = 0;
	while (count < batch->count && batch->items[count].fate != OUTBOX_NOT_REACHED)
		count++;
	return count;
}

static void queue_new(struct context *ctx, struct pg_tx *tx, struct outbox_subscriber *subscriber,
		      const struct outbox_item *item)
{
	const char *name = subscriber->name;
	if (item->fate == OUTBOX_TO_SEND)
		return;
	subscriber->retries = true;
	if (item->fate == OUTBOX_REFUSED)
		pg_queue(ctx, tx, REFUSE, name, item->xid, item->seq, shortened(ctx, item->reason));
	else if (item->fate == OUTBOX_POSTPONED)
		pg_queue(ctx, tx, POSTPONE, name, item->xid, item->seq, shortened(ctx, item->reason));
	else
		pg_queue(ctx, tx, HOLD, name, item->xid, item->seq);
}

int outbox_settle_new(struct context *ctx, struct outbox_subscriber *subscriber, const struct outbox_batch *batch)
{
	size_t count = reached(batch);
	const struct outbox_item *last = count > 0 ? &batch->items[count - 1] : NULL;
	if (!last)
		return context_fail_internal(ctx, "%s reached none of the facts", subscriber->name);
	struct pg_tx *tx = pg_begin(ctx, subscriber->relay->db);
	if (!tx)
		return -1;
	for (size_t i = 0; i < count; i++)
		queue_new(ctx, tx, subscriber, &batch->items[i]);
	if (!pg_query_commit(ctx, tx, MOVE, subscriber->name, last->xid, last->seq))
		return -1;
	(void)snprintf(subscriber->xid, sizeof(subscriber->xid), "%s", last->xid);
	subscriber->seq = strtoll(last->seq, NULL, 10);
	return 0;
}

static void queue_again(struct context *ctx, struct pg_tx *tx, const struct outbox_subscriber *subscriber,
			const struct outbox_item *item)
{
	const char *most = arena_printf(&ctx->arena, "%d", subscriber->relay->max_attempts);
	const char *name = subscriber->name, *reason = item->reason ? shortened(ctx, item->reason) : "";
	if (item->fate == OUTBOX_TO_SEND) {
		pg_queue(ctx, tx, RETRY_DONE, name, item->xid, item->seq);
	} else if (item->fate == OUTBOX_POSTPONED) {
		pg_queue(ctx, tx, RETRY_POSTPONE, name, item->xid, item->seq, reason);
	} else if (item->fate == OUTBOX_REFUSED) {
		pg_queue(ctx, tx, RETRY_BURY, name, item->xid, item->seq, reason, most);
		pg_queue(ctx, tx, RETRY_LATER, name, item->xid, item->seq, reason, most);
	}
}

int outbox_settle_retries(struct context *ctx, struct outbox_subscriber *subscriber, const struct outbox_batch *batch)
{
	struct pg_tx *tx = pg_begin(ctx, subscriber->relay->db);
	if (!tx)
		return -1;
	for (size_t i = 0; i < batch->count; i++)
		queue_again(ctx, tx, subscriber, &batch->items[i]);
	return pg_commit(ctx, tx);
}

int outbox_measure(struct context *ctx, struct outbox_relay *relay)
{
	const char *names = outbox_names(ctx, relay);
	struct pg_result *rows = pg_read(ctx, relay->db, MEASURE, names);
	if (!rows)
		return -1;
	for (size_t row = 0; row < pg_count(rows); row++) {
		for (size_t i = 0; i < relay->subscriber_count; i++) {
			struct outbox_subscriber *subscriber = &relay->subscribers[i];
			if (strcmp(subscriber->name, pg_text(rows, row, 0)) != 0)
				continue;
			metric_set(subscriber->put_off, pg_integer(rows, row, 1));
			subscriber->oldest_again = pg_integer(rows, row, 2);
			metric_set(subscriber->dead_letters, pg_integer(rows, row, 3));
		}
	}
	return 0;
}

void outbox_notify(struct context *ctx, struct outbox_relay *relay)
{
	/* Polling finds what this loses. */
	(void)(pg_write(ctx, relay->db, NOTIFY) != NULL);
}

struct pg_result *outbox_dead_letters(struct context *ctx, struct pg *db)
{
	static const char sql[] =
	    "SELECT json_build_object('id', id, 'subscriber', subscriber, 'topic', topic, 'key', key, 'attempts', "
	    "attempts, 'reason', reason, 'occurred_at', api_time(occurred_at), 'died_at', api_time(died_at)) "
	    "FROM outbox_dead_letter ORDER BY died_at, seq LIMIT 1000";
	return pg_read(ctx, db, sql);
}

int64_t outbox_replay(struct context *ctx, struct pg *db, const char *subscriber)
{
	static const char sql[] =
	    "WITH risen AS (DELETE FROM outbox_dead_letter WHERE $1::text IS NULL OR subscriber = $1 RETURNING *) "
	    "INSERT INTO outbox_retry (subscriber, xid, seq, id, topic, key, payload, occurred_at) "
	    "SELECT subscriber, xid, seq, id, topic, key, payload, occurred_at FROM risen ON CONFLICT DO NOTHING";
	struct pg_result *result = pg_write(ctx, db, sql, subscriber);
	return result ? (int64_t)pg_count(result) : -1;
}
