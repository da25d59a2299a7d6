#include "letters/mail_store.h"

#include "postgres/postgres.h"

static const char CLAIM[] =
    "WITH due AS (SELECT id FROM mail WHERE failed_at IS NULL AND next_attempt_at <= now() "
    "ORDER BY next_attempt_at LIMIT $1::bigint FOR UPDATE SKIP LOCKED) "
    "UPDATE mail m SET attempts = m.attempts + 1, next_attempt_at = now() + $2::bigint * interval '1 microsecond' "
    "FROM due WHERE m.id = due.id RETURNING m.id, m.template, m.recipient, m.locale, m.data::text, "
    "to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), m.attempts, "
    "(extract(epoch FROM now() - m.created_at) * 1000000)::bigint";

/* Only the attempt that holds the lease. */
#define HELD " WHERE id = $1 AND attempts = $2::integer AND failed_at IS NULL"

static const char DONE[] = "DELETE FROM mail" HELD;
static const char LATER[] =
    "UPDATE mail SET next_attempt_at = now() + $3::bigint * interval '1 microsecond', reason = $4" HELD;
static const char FAILED[] = "UPDATE mail SET failed_at = now(), reason = $3" HELD;

static const char TIDY[] = "WITH old AS (DELETE FROM mail WHERE failed_at < now() - interval '30 days' RETURNING 1) "
			   "SELECT (SELECT count(*) FROM mail WHERE failed_at IS NULL), "
			   "(SELECT count(*) FROM mail WHERE failed_at IS NOT NULL) - (SELECT count(*) FROM old)";

static const char LIST[] =
    "SELECT jsonb_build_object('id', id, 'template', template, 'recipient', recipient, 'state', "
    "CASE WHEN failed_at IS NULL THEN 'waiting' ELSE 'failed' END, 'attempts', attempts, 'created_at', created_at, "
    "'next_attempt_at', CASE WHEN failed_at IS NULL THEN next_attempt_at END, 'failed_at', failed_at, "
    "'reason', reason)::text FROM mail ORDER BY id";

static const char RETRY[] =
    "UPDATE mail SET failed_at = NULL, attempts = 0, created_at = now(), next_attempt_at = now(), reason = '' "
    "WHERE failed_at IS NOT NULL AND ($1::uuid IS NULL OR id = $1::uuid)";

static const char *number(struct context *ctx, int64_t value)
{
	return arena_printf(&ctx->arena, "%lld", (long long)value);
}

struct pg_result *mail_store_claim(struct context *ctx, struct pg *db, size_t most, int64_t lease)
{
	return pg_write(ctx, db, CLAIM, number(ctx, (int64_t)most), number(ctx, lease));
}

void mail_store_row(const struct pg_result *claimed, size_t row, struct arena *arena, struct mail_row *ret)
{
	*ret = (struct mail_row){
	    .id = arena_strdup(arena, pg_text(claimed, row, 0)),
	    .template_name = arena_strdup(arena, pg_text(claimed, row, 1)),
	    .recipient = arena_strdup(arena, pg_text(claimed, row, 2)),
	    .locale = arena_strdup(arena, pg_text(claimed, row, 3)),
	    .data = arena_strdup(arena, pg_text(claimed, row, 4)),
	    .queued_at = arena_strdup(arena, pg_text(claimed, row, 5)),
	    .attempts = pg_integer(claimed, row, 6),
	    .age = pg_integer(claimed, row, 7),
	};
}

int mail_store_done(struct context *ctx, struct pg *db, const struct mail_row *row)
{
	return pg_write(ctx, db, DONE, row->id, number(ctx, row->attempts)) ? 0 : -1;
}

int mail_store_later(struct context *ctx, struct pg *db, const struct mail_row *row, int64_t pause, const char *reason)
{
	return pg_write(ctx, db, LATER, row->id, number(ctx, row->attempts), number(ctx, pause), reason) ? 0 : -1;
}

int mail_store_failed(struct context *ctx, struct pg *db, const struct mail_row *row, const char *reason)
{
	return pg_write(ctx, db, FAILED, row->id, number(ctx, row->attempts), reason) ? 0 : -1;
}

int mail_store_tidy(struct context *ctx, struct pg *db, int64_t *ret_waiting, int64_t *ret_failed)
{
	struct pg_result *counts = pg_write(ctx, db, TIDY);
	if (!counts)
		return -1;
	*ret_waiting = pg_integer(counts, 0, 0);
	*ret_failed = pg_integer(counts, 0, 1);
	return 0;
}

struct pg_result *mail_store_list(struct context *ctx, struct pg *db)
{
	return pg_read(ctx, db, LIST);
}

int64_t mail_store_retry(struct context *ctx, struct pg *db, const char *id)
{
	struct pg_result *changed = pg_write(ctx, db, RETRY, id);
	return changed ? (int64_t)pg_count(changed) : -1;
}
