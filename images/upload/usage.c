#include "upload/usage.h"

#include "config/config.h"
#include "daemon/daemon.h"

#define TODAY "(now() AT TIME ZONE 'UTC')::date"
#define LEFT_OF_TODAY "ceil(extract(epoch FROM " TODAY " + 1 - now() AT TIME ZONE 'UTC') * 1000)::bigint"

/* What the owner would have with one more of $2 bytes: kept images and bytes, those of today, and how many milliseconds
 * are left of it. */
static const char WOULD_HAVE[] = "SELECT coalesce(o.images, 0) + 1, coalesce(o.bytes, 0) + $2::bigint, "
				 "CASE WHEN o.day = " TODAY " THEN o.day_images ELSE 0 END + 1, "
				 "CASE WHEN o.day = " TODAY " THEN o.day_bytes ELSE 0 END + $2::bigint, " LEFT_OF_TODAY
				 " FROM (SELECT $1::uuid AS id) asked LEFT JOIN image_usage o ON o.owner_id = asked.id";

static const char ADD[] = "INSERT INTO image_usage AS o (owner_id, images, bytes, day, day_images, day_bytes) "
			  "VALUES ($1, 1, $2::bigint, " TODAY ", 1, $2::bigint) ON CONFLICT (owner_id) DO UPDATE SET "
			  "images = o.images + 1, bytes = o.bytes + excluded.bytes, day = excluded.day, "
			  "day_images = CASE WHEN o.day = excluded.day THEN o.day_images ELSE 0 END + 1, "
			  "day_bytes = CASE WHEN o.day = excluded.day THEN o.day_bytes ELSE 0 END + excluded.day_bytes "
			  "RETURNING images, bytes, day_images, day_bytes, " LEFT_OF_TODAY;

enum { COLUMN_LEFT_OF_TODAY = 4 };

/* In the order of the columns. */
static const struct rule {
	const char *name; /* of the setting, and in the error */
	bool of_today;
	const char *sentence;
} rules[] = {
    {"max_user_images", false, "you keep as many images as a user may"},
    {"max_user_bytes", false, "your images take as many bytes as those of a user may"},
    {"max_day_images", true, "you have uploaded as many images as a user may in a day"},
    {"max_day_bytes", true, "you have uploaded as many bytes as a user may in a day"},
};

const struct data_check usage_images_check = {
    .name = "max_user_images",
    .help = "owners of more images than max_user_images",
    .setting = "max_user_images",
    .sql = "SELECT owner_id, images FROM image_usage WHERE $1::bigint > 0 AND images > $1::bigint ORDER BY owner_id",
};

const struct data_check usage_bytes_check = {
    .name = "max_user_bytes",
    .help = "owners whose images take more bytes than max_user_bytes",
    .setting = "max_user_bytes",
    .sql = "SELECT owner_id, bytes FROM image_usage WHERE $1::bigint > 0 AND bytes > $1::bigint ORDER BY owner_id",
};

static int refuse(struct context *ctx, const struct rule *rule, int64_t maximum, int64_t left_ms)
{
	struct arena *arena = &ctx->arena;
	if (rule->of_today) {
		(void)context_fail(ctx, ERROR_RATE_LIMITED, rule->name, "%s (%s)", rule->sentence, rule->name);
		ctx->error.retry_after_ms = (int)left_ms + 1;
		ctx->error.details = arena_printf(arena, "{\"maximum\":%lld}", (long long)maximum);
	} else {
		(void)context_fail(ctx, ERROR_PRECONDITION_FAILED, NULL, "%s (%s)", rule->sentence, rule->name);
		ctx->error.details =
		    arena_printf(arena, "{\"rule\":\"%s\",\"maximum\":%lld}", rule->name, (long long)maximum);
	}
	return -1;
}

static int judge(struct context *ctx, const struct daemon_worker *worker, const struct pg_result *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		int64_t maximum = config_integer(worker->config, rules[i].name);
		if (maximum > 0 && pg_integer(row, 0, i) > maximum)
			return refuse(ctx, &rules[i], maximum, pg_integer(row, 0, COLUMN_LEFT_OF_TODAY));
	}
	return 0;
}

int usage_check(struct context *ctx, struct daemon_worker *worker, const char *owner, size_t length)
{
	struct pg_result *row = pg_read(ctx, worker->db, WOULD_HAVE, owner, arena_printf(&ctx->arena, "%zu", length));
	return row ? judge(ctx, worker, row) : -1;
}

int usage_add(struct context *ctx, struct daemon_worker *worker, struct pg_tx *tx, const char *owner, size_t length)
{
	struct pg_result *row = pg_query(ctx, tx, ADD, owner, arena_printf(&ctx->arena, "%zu", length));
	return row ? judge(ctx, worker, row) : -1;
}
