#include "programs/service_token.h"

#include "base/clock.h"
#include "credentials/throttle.h"
#include "keys/access_token.h"
#include "programs/service_account.h"
#include "secret_text.h"

#define MINUTE (INT64_C(60) * CLOCK_SECOND)

static const struct throttle_rule service_rule = {"service_token", "service_token_limit", MINUTE, MINUTE};
static const struct throttle_rule client_rule = {"client_token", "client_token_limit", MINUTE, MINUTE};

/* The statement also notes the use. The epoch is read with what the token says: a token made of an old reading is void.
 * Seconds: what is left of secret and account, NULL for ever. */
#define USE_SECRET(conditions)                                                                               \
	"UPDATE service_secret s SET last_used_at = now() FROM service_account a LEFT JOIN company c "       \
	"ON c.id = a.company_id WHERE s.hash = decode($1, 'hex') AND a.id = s.account_id "                   \
	"AND a.state = 'active' AND (least(a.expires_at, s.expires_at) IS NULL "                             \
	"OR least(a.expires_at, s.expires_at) > now() + interval '1 second') AND " conditions " "            \
	"RETURNING a.token_epoch, a.scope, "                                                                 \
	"floor(extract(epoch FROM least(a.expires_at, s.expires_at) - now()))::bigint, a.id, a.company_id, " \
	"a.\"right\", coalesce(s.created_by, a.created_by)"

static const char USE_SERVICE_SECRET[] = USE_SECRET("a.company_id IS NULL AND a.name = $2");

static const char USE_API_KEY[] = USE_SECRET("c.state = 'active'");

/* A token that ends with the secret it was asked with, if that comes first. */
static int reply_token(struct rpc_call *call, const struct pg_result *row, const char *claims)
{
	int64_t seconds = access_token_lifetime(call->worker);
	if (pg_text(row, 0, 2) && pg_integer(row, 0, 2) < seconds)
		seconds = pg_integer(row, 0, 2);
	const char *token = access_token_make_for(call->worker, call->ctx, claims, seconds);
	if (!token)
		return -1;
	return rpc_reply_printf(call, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld}", token,
				(long long)seconds);
}

/* A right secret of the setting is answered without the database: daemons go on talking to each other when it is away.
 */
static int reply_from_setting(struct rpc_call *call, const char *service)
{
	const char *token = access_token_make_service(call->worker, call->ctx, service);
	if (!token)
		return -1;
	return rpc_reply_printf(call, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld}", token,
				(long long)access_token_lifetime(call->worker));
}

/* The account of the table; a scope that is empty limits nothing. */
static int reply_from_table(struct rpc_call *call, const struct pg_result *row, const char *service)
{
	struct arena *arena = &call->ctx->arena;
	const char *scope = pg_text(row, 0, 1);
	const char *member = *scope ? arena_printf(arena, ",\"scope\":\"%s\"", scope) : "";
	return reply_token(call, row,
			   arena_printf(arena,
					"\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[\"service\"],\"epoch\":%s%s",
					service, service, pg_text(row, 0, 0), member));
}

int auth_service_token(struct rpc_call *call)
{
	const char *service = rpc_param(call, "service"), *secret = rpc_param(call, "secret");
	bool is_set = service_account_is_set(call, service);
	if (service_account_accepts(call, service, secret))
		return reply_from_setting(call, service);
	const char *key = arena_printf(&call->ctx->arena, "%s\n%s", throttle_network(call), service);
	if (throttle_enforce(call, &service_rule, key))
		return -1;
	char hash[SECRET_HASH_SIZE];
	secret_hash(secret, hash);
	struct pg_result *row = pg_write(call->ctx, call->db, USE_SERVICE_SECRET, hash, service);
	if (!row)
		return -1;
	/* A name in the setting is never looked up in the table. */
	if (pg_count(row) == 0 || is_set)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "credentials", "wrong service or secret");
	return reply_from_table(call, row, service);
}

/* created_by is for limits and audits; that user may have left the company or been erased. */
static int reply_client(struct rpc_call *call, const struct pg_result *row)
{
	struct arena *arena = &call->ctx->arena;
	const char *id = pg_text(row, 0, 3), *creator = pg_text(row, 0, 6);
	const char *member = creator ? arena_printf(arena, ",\"created_by\":\"%s\"", creator) : "";
	return reply_token(call, row,
			   arena_printf(arena,
					"\"sub\":\"%s\",\"client_id\":\"%s\",\"roles\":[\"client\"],\"companies\":{"
					"\"%s\":\"%s\"},\"scope\":\"%s\",\"epoch\":%s%s",
					id, id, pg_text(row, 0, 4), pg_text(row, 0, 5), pg_text(row, 0, 1),
					pg_text(row, 0, 0), member));
}

int auth_client_token(struct rpc_call *call)
{
	if (throttle_enforce(call, &client_rule, throttle_network(call)))
		return -1;
	char hash[SECRET_HASH_SIZE];
	secret_hash(rpc_param(call, "key"), hash);
	struct pg_result *row = pg_write(call->ctx, call->db, USE_API_KEY, hash);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "credentials",
				    "not an API key that is valid now");
	return reply_client(call, row);
}
