#include "keys/issuer.h"

#include "config/config.h"
#include "keys/stage.h"
#include "postgres/postgres.h"

/* $1: the wanted one, $2: microseconds that it is known before it is used. Meanwhile the one used last goes on. Rows
 * are written in one order, so that replicas do not lock each other out. */
static const char ANNOUNCE[] =
    "WITH chosen AS (SELECT coalesce("
    "(SELECT issuer FROM token_issuer WHERE issuer = $1 AND published_at <= now() - $2::bigint * interval '1 us'), "
    "(SELECT issuer FROM token_issuer WHERE issuer <> $1 ORDER BY used_at DESC, issuer LIMIT 1), $1) AS issuer), "
    "named AS (INSERT INTO token_issuer AS t (issuer) SELECT i FROM (SELECT $1 UNION SELECT issuer "
    "FROM chosen) AS n (i) "
    "ORDER BY i ON CONFLICT (issuer) DO UPDATE SET used_at = now()) "
    "SELECT issuer FROM chosen";

static const char FORGET[] = "DELETE FROM token_issuer WHERE used_at < now() - $1::bigint * interval '1 us'";

static const char SELECT_ISSUERS[] = "SELECT issuer FROM token_issuer ORDER BY issuer <> $1, used_at DESC, issuer";

void issuer_policy_read(const struct config *config, struct issuer_policy *ret)
{
	struct key_policy keys;
	key_policy_read(config, &keys);
	const char *set = config_text(config, "token_issuer");
	*ret = (struct issuer_policy){
	    .wanted = set[0] ? set : config_text(config, "public_url"),
	    .publish_delay = keys.publish_delay,
	    .retention = keys.retention,
	};
}

static const char *number(struct context *ctx, int64_t value)
{
	return arena_printf(&ctx->arena, "%lld", (long long)value);
}

static const char *quoted(struct context *ctx, const char *text)
{
	struct buffer json;
	buffer_init_arena(&json, &ctx->arena, 4096);
	buffer_append_json_string(&json, text);
	return buffer_text(&json);
}

const char *issuer_load(struct context *ctx, struct pg *db, const struct issuer_policy *policy, struct buffer *list)
{
	struct pg_result *chosen = pg_write(ctx, db, ANNOUNCE, policy->wanted, number(ctx, policy->publish_delay));
	if (!chosen || !pg_write(ctx, db, FORGET, number(ctx, policy->retention)))
		return NULL;
	struct pg_result *all = pg_read(ctx, db, SELECT_ISSUERS, pg_text(chosen, 0, 0));
	if (!all)
		return NULL;
	for (size_t row = 0; row < pg_count(all); row++) {
		buffer_append_char(list, row > 0 ? ',' : '[');
		buffer_append_json_string(list, pg_text(all, row, 0));
	}
	buffer_append_char(list, ']');
	return quoted(ctx, pg_text(chosen, 0, 0));
}
