/* Housekeeping of the tables that every daemon has, in batches small enough to disturb nobody. */
#include "base/buffer.h"
#include "outbox/internal.h"

#define BATCH 1000
#define BATCH_TEXT "1000"
#define ROUNDS 20 /* a run; the rest waits for the next */
#define NAMES_SIZE 4096

/* The oldest rows, when every subscriber has them and a week has passed. */
#define FACTS                                                                                                     \
	"DELETE FROM outbox o USING (SELECT xid, seq FROM outbox ORDER BY xid, seq LIMIT " BATCH_TEXT ") oldest " \
	"WHERE o.xid = oldest.xid AND o.seq = oldest.seq AND o.occurred_at < now() - interval '7 days' "          \
	"AND NOT EXISTS (SELECT FROM outbox_cursor c WHERE c.subscriber = ANY ($1::text[]) "                      \
	"AND (c.xid, c.seq) < (o.xid, o.seq))"
#define CONSUMED                                                               \
	"DELETE FROM consumed_fact WHERE id IN (SELECT id FROM consumed_fact " \
	"WHERE consumed_at < now() - interval '14 days' ORDER BY consumed_at LIMIT " BATCH_TEXT ")"
#define KEYS                                                                                           \
	"DELETE FROM idempotency_key WHERE (caller, key) IN (SELECT caller, key FROM idempotency_key " \
	"WHERE created_at < now() - interval '48 hours' ORDER BY created_at LIMIT " BATCH_TEXT ")"

static int delete_old(struct context *ctx, struct outbox_relay *relay, const char *sql, size_t count,
		      const char *const *values)
{
	for (int round = 0; round < ROUNDS && !relay->stopping; round++) {
		struct pg_result *result = pg_write_values(ctx, relay->db, sql, count, values);
		if (!result)
			return -1;
		if (pg_count(result) < BATCH)
			return 0;
	}
	return 0;
}

const char *outbox_names(struct context *ctx, const struct outbox_relay *relay)
{
	const char **list = arena_alloc(&ctx->arena, relay->subscriber_count * sizeof(*list));
	for (size_t i = 0; i < relay->subscriber_count; i++)
		list[i] = relay->subscribers[i].name;
	struct buffer text;
	buffer_init_arena(&text, &ctx->arena, NAMES_SIZE);
	pg_array_text(&text, list, relay->subscriber_count);
	return buffer_text(&text);
}

int outbox_housekeeping(struct context *ctx, struct outbox_relay *relay)
{
	const char *subscribers = outbox_names(ctx, relay);
	if (delete_old(ctx, relay, FACTS, 1, &subscribers) != 0 || delete_old(ctx, relay, CONSUMED, 0, NULL) != 0)
		return -1;
	return delete_old(ctx, relay, KEYS, 0, NULL);
}
