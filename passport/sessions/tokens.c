/* What the access token of a session says, and the answer that carries it. */
#include "sessions/session.h"

#include "keys/access_token.h"
#include "sql.h"

/* One statement, so one snapshot: rights that were read before a change come with the epoch from before it, and the
 * token made of them is void. Rights beyond the token's 32 are left to member.right. Nobody may act as a member of the
 * staff: when the user becomes one, such a session ends. $2: seconds that a token lives; not beyond its session, which
 * may have ended while the transaction waited for a lock: so its now() is not the time. */
static const char SELECT_CLAIMS[] =
    "SELECT " USER_JSON "::text, u.id, array_to_json(u.roles)::text, floor(extract(epoch FROM s.auth_time))::bigint, "
    "coalesce((SELECT jsonb_object_agg(m.company_id, m.\"right\")::text FROM (SELECT m.company_id, m.\"right\" "
    "FROM company_member m JOIN company c ON c.id = m.company_id AND c.state = 'active' WHERE m.user_id = u.id "
    "ORDER BY m.created_at, m.company_id LIMIT 32) m), '{}'), "
    "(SELECT count(*) > 32 FROM company_member m JOIN company c ON c.id = m.company_id AND c.state = 'active' "
    "WHERE m.user_id = u.id), "
    "u.token_epoch, array_to_json(s.methods)::text, "
    "CASE WHEN a.id IS NOT NULL THEN ',\"act\":' || jsonb_build_object('sub', a.id)::text END, "
    "greatest(1, least($2::bigint, floor(extract(epoch FROM s.expires_at - statement_timestamp()))::bigint)) "
    "FROM session s JOIN user_account u ON u.id = s.user_id AND u.state = 'active' "
    "LEFT JOIN user_account a ON a.id = s.actor_id AND a.state = 'active' AND 'admin' = ANY (a.roles) "
    "WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > statement_timestamp() "
    "AND s.idle_expires_at > statement_timestamp() "
    "AND (s.actor_id IS NULL) = (a.id IS NULL) "
    "AND (s.actor_id IS NULL OR NOT u.roles && '{moderator,admin}')";

/* `,"act":{"sub":...}` when an administrator acts as the user, else nothing. */
static const char *act(const struct pg_result *row)
{
	const char *member = pg_text(row, 0, 8);
	return member ? member : "";
}

static const char *claims(struct rpc_call *call, const char *session, const struct pg_result *row)
{
	return arena_printf(&call->ctx->arena,
			    "\"sub\":\"%s\",\"client_id\":\"eventloop\",\"sid\":\"%s\",\"roles\":%s,\"auth_time\":%s,"
			    "\"companies\":%s,\"companies_partial\":%s,\"epoch\":%s,\"amr\":%s%s",
			    pg_text(row, 0, 1), session, pg_text(row, 0, 2), pg_text(row, 0, 3), pg_text(row, 0, 4),
			    pg_boolean(row, 0, 5) ? "true" : "false", pg_text(row, 0, 6), pg_text(row, 0, 7), act(row));
}

int session_commit(struct rpc_call *call, struct pg_tx *tx, const struct session_keys *keys)
{
	struct arena *arena = &call->ctx->arena;
	const char *most = arena_printf(arena, "%lld", (long long)access_token_lifetime(call->worker));
	struct pg_result *row = rpc_commit_query(call, tx, SELECT_CLAIMS, keys->session, most);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "revoked", "the session has ended");
	int64_t seconds = pg_integer(row, 0, 9);
	const char *token = access_token_make_for(call->worker, call->ctx, claims(call, keys->session, row), seconds);
	if (!token)
		return -1;
	return rpc_reply_printf(call,
				"{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld,%s\"session_"
				"id\":\"%s\",\"user\":%s%s}",
				token, (long long)seconds,
				keys->refresh ? arena_printf(arena, "\"refresh_token\":\"%s\",", keys->refresh) : "",
				keys->session, pg_text(row, 0, 0), act(row));
}
