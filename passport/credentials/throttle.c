#include "credentials/throttle.h"

#include "base/clock.h"
#include "base/ip_address.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "secret_text.h"

#include <string.h>

static const char COUNT_TRY[] =
    "INSERT INTO throttle AS t (name, key, tries, ends_at) "
    "VALUES ($1, decode($2, 'hex'), 1, now() + $4::bigint * interval '1 microsecond') "
    "ON CONFLICT (name, key) DO UPDATE SET "
    "tries = CASE WHEN t.ends_at <= now() THEN 1 ELSE least(t.tries + 1, 1000000) END, "
    "ends_at = CASE WHEN t.ends_at <= now() THEN now() + $4::bigint * interval '1 microsecond' "
    "WHEN t.tries = $3::integer THEN greatest(t.ends_at, now() + $5::bigint * interval '1 microsecond') "
    "ELSE t.ends_at END "
    "RETURNING CASE WHEN tries > $3::integer THEN ceil(extract(epoch FROM ends_at - now()) * 1000000)::bigint ELSE 0 "
    "END";

static const char TAKE_BACK[] = "UPDATE throttle SET tries = tries - 1 WHERE name = $1 AND key = decode($2, 'hex') AND "
				"tries BETWEEN 1 AND $3::integer";

static const char FORGET[] = "DELETE FROM throttle WHERE name = $1 AND key = decode($2, 'hex')";

int throttle_count(struct rpc_call *call, const struct throttle_rule *rule, const char *key, int64_t *ret_wait)
{
	struct arena *arena = &call->ctx->arena;
	long long limit = (long long)config_integer(call->worker->config, rule->limit_setting);
	*ret_wait = 0;
	if (limit == 0)
		return 0;
	char hash[SECRET_HASH_SIZE];
	secret_hash(key, hash);
	struct pg_result *row = pg_write(
	    call->ctx, call->db, COUNT_TRY, rule->name, hash, arena_printf(arena, "%lld", limit),
	    arena_printf(arena, "%lld", (long long)rule->window), arena_printf(arena, "%lld", (long long)rule->lock));
	if (!row)
		return -1;
	*ret_wait = pg_integer(row, 0, 0);
	return 0;
}

int throttle_enforce(struct rpc_call *call, const struct throttle_rule *rule, const char *key)
{
	int64_t wait = 0;
	if (throttle_count(call, rule, key, &wait))
		return -1;
	if (wait == 0)
		return 0;
	(void)context_fail(call->ctx, ERROR_RATE_LIMITED, rule->name, "too many tries; come back later");
	call->ctx->error.retry_after_ms = (int)(wait / CLOCK_MILLISECOND) + 1;
	return -1;
}

int throttle_take_back(struct rpc_call *call, const struct throttle_rule *rule, const char *key)
{
	long long limit = (long long)config_integer(call->worker->config, rule->limit_setting);
	char hash[SECRET_HASH_SIZE];
	secret_hash(key, hash);
	return pg_write(call->ctx, call->db, TAKE_BACK, rule->name, hash,
			arena_printf(&call->ctx->arena, "%lld", limit))
		   ? 0
		   : -1;
}

int throttle_forget(struct rpc_call *call, const struct throttle_rule *rule, const char *key)
{
	char hash[SECRET_HASH_SIZE];
	secret_hash(key, hash);
	return pg_write(call->ctx, call->db, FORGET, rule->name, hash) ? 0 : -1;
}

void throttle_forget_in(struct rpc_call *call, struct pg_tx *tx, const struct throttle_rule *rule, const char *key)
{
	char hash[SECRET_HASH_SIZE];
	secret_hash(key, hash);
	pg_queue(call->ctx, tx, FORGET, rule->name, hash);
}

const char *throttle_network(const struct rpc_call *call)
{
	return ip_address_network_text(&call->ctx->arena, call->peer);
}
