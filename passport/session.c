#include "session.h"

#include "access_token.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/ids.h"
#include "daemon/daemon.h"
#include "passport.h"
#include "revocation.h"
#include "rpc/token.h"
#include "secret_text.h"
#include "sql.h"

#include <string.h>

static const char INSERT_SESSION[] =
    "INSERT INTO session (id, user_id, address, user_agent, idle_expires_at, expires_at) VALUES ($1, $2, $3, left($4, "
    "200), "
    "now() + $5::bigint * interval '1 microsecond', now() + $6::bigint * interval '1 microsecond')";

static const char INSERT_REFRESH[] = "INSERT INTO refresh_token (hash, session_id) VALUES (decode($1, 'hex'), $2)";

/* Both rows are locked, so that of two callers with one token the second sees what the first did. */
static const char LOCK_REFRESH[] =
    "SELECT s.id, t.used_at IS NOT NULL, coalesce(t.used_at > now() - interval '10 seconds', false), "
    "s.ended_at IS NOT NULL, s.idle_expires_at <= now() OR s.expires_at <= now() "
    "FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE t.hash = decode($1, 'hex') FOR UPDATE OF t, s";

static const char USE_REFRESH[] =
    "WITH used AS (UPDATE refresh_token SET used_at = now() WHERE hash = decode($1, 'hex')), "
    "seen AS (UPDATE session SET last_seen_at = now(), idle_expires_at = now() + $4::bigint * interval '1 microsecond' "
    "WHERE id = $3) INSERT INTO refresh_token (hash, session_id) VALUES (decode($2, 'hex'), $3)";

/* $2: why. Row: the session, its user, the fact. */
#define END_SESSIONS(which)                                                                          \
	"UPDATE session SET ended_at = now(), end_reason = $2 WHERE " which " AND ended_at IS NULL " \
	"RETURNING id, user_id, jsonb_build_object('session_id', id, 'user_id', user_id, 'before', " \
	"api_time(now()))::text"

static const char END_SESSION[] = END_SESSIONS("id = $1");
static const char END_ALL[] = END_SESSIONS("user_id = $1 AND ($3::uuid IS NULL OR id <> $3)");
static const char END_BY_ACTOR[] = END_SESSIONS("actor_id = $1");

/* A session's user with everything that an access token says. Rights beyond the token's 32 are left to member.right. */
static const char SELECT_CLAIMS[] =
    "SELECT " USER_JSON "::text, u.id, array_to_json(u.roles)::text, floor(extract(epoch FROM s.auth_time))::bigint, "
    "coalesce((SELECT jsonb_object_agg(m.company_id, m.\"right\")::text FROM (SELECT m.company_id, m.\"right\" "
    "FROM company_member m JOIN company c ON c.id = m.company_id AND c.state = 'active' WHERE m.user_id = u.id "
    "ORDER BY m.created_at, m.company_id LIMIT 32) m), '{}'), "
    "(SELECT count(*) > 32 FROM company_member m WHERE m.user_id = u.id) "
    "FROM session s JOIN user_account u ON u.id = s.user_id WHERE s.id = $1";

static const char *duration(struct rpc_call *call, const char *setting)
{
	return arena_printf(&call->ctx->arena, "%lld", (long long)config_integer(call->worker->config, setting));
}

static const char *refresh_successor(struct rpc_call *call, const char *refresh)
{
	const struct passport *passport = call->app;
	unsigned char bytes[SECRET_BYTES];
	master_key_derive(&passport->master, "refresh_token.successor", refresh, strlen(refresh), bytes);
	return base64url_encode(&call->ctx->arena, bytes, sizeof(bytes));
}

int session_open(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char **ret_session,
		 const char **ret_refresh)
{
	char session[UUID_SIZE], hash[SECRET_HASH_SIZE];
	uuid_make(session);
	const char *refresh = secret_make(call->ctx);
	secret_hash(refresh, hash);
	pg_queue(call->ctx, tx, INSERT_SESSION, session, user_id, call->peer, call->user_agent,
		 duration(call, "session_idle"), duration(call, "session_lifetime"));
	if (!pg_query(call->ctx, tx, INSERT_REFRESH, hash, session))
		return -1;
	*ret_session = arena_strdup(&call->ctx->arena, session);
	*ret_refresh = refresh;
	return 0;
}

struct ended_session {
	const char *user_id, *id;
};

/* The other daemons are told; this one knows at once. */
static void refuse_tokens(struct rpc_call *call, void *argument)
{
	const struct ended_session *ended = argument;
	token_verifier_revoke(call->worker->verifier, ended->user_id, ended->id, clock_wall());
}

/* Voids the access tokens of the sessions that an END_SESSIONS statement has ended. */
static int void_tokens(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *rows)
{
	if (!rows)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++) {
		struct ended_session *ended = arena_alloc(&call->ctx->arena, sizeof(*ended));
		*ended = (struct ended_session){.id = pg_text(rows, i, 0), .user_id = pg_text(rows, i, 1)};
		revocation_add_session(call, tx, ended->id);
		rpc_after_commit(call, refuse_tokens, ended);
		if (rpc_publish(call, tx, "passport.session.ended", ended->id, pg_text(rows, i, 2)))
			return -1;
	}
	return 0;
}

int session_end(struct rpc_call *call, struct pg_tx *tx, const char *session, const char *reason)
{
	return void_tokens(call, tx, pg_query(call->ctx, tx, END_SESSION, session, reason));
}

int session_end_all(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *except_session,
		    const char *reason)
{
	return void_tokens(call, tx, pg_query(call->ctx, tx, END_ALL, user_id, reason, except_session));
}

int session_end_by_actor(struct rpc_call *call, struct pg_tx *tx, const char *actor_id, const char *reason)
{
	return void_tokens(call, tx, pg_query(call->ctx, tx, END_BY_ACTOR, actor_id, reason));
}

/* A used token outside the grace window is a theft or a bug: whoever holds the family loses it. */
static int refuse_reuse(struct rpc_call *call, struct pg_tx *tx, const char *session)
{
	if (session_end(call, tx, session, "refresh_reused") || rpc_commit(call, tx))
		return -1;
	return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "reused", "this refresh token was used before");
}

static int rotate_locked(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *row, const char *hash,
			 const char *successor)
{
	struct context *ctx = call->ctx;
	const char *session = pg_text(row, 0, 0);
	bool used = pg_boolean(row, 0, 1), in_grace = pg_boolean(row, 0, 2);
	if (pg_boolean(row, 0, 3))
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "revoked", "the session has ended");
	if (pg_boolean(row, 0, 4))
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "expired", "the session has expired");
	if (used && !in_grace)
		return refuse_reuse(call, tx, session);
	if (!used) {
		char successor_hash[SECRET_HASH_SIZE];
		secret_hash(successor, successor_hash);
		if (!pg_query(ctx, tx, USE_REFRESH, hash, successor_hash, session, duration(call, "session_idle")))
			return -1;
	}
	return pg_commit(ctx, tx);
}

int session_rotate(struct rpc_call *call, const char *refresh, const char **ret_session, const char **ret_successor)
{
	struct context *ctx = call->ctx;
	char hash[SECRET_HASH_SIZE];
	if (strlen(refresh) != SECRET_LENGTH)
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "malformed", "not a refresh token");
	secret_hash(refresh, hash);
	const char *successor = refresh_successor(call, refresh);
	struct pg_tx *tx = pg_begin(ctx, call->db);
	struct pg_result *row = tx ? pg_query(ctx, tx, LOCK_REFRESH, hash) : NULL;
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "unknown", "not a refresh token");
	if (rotate_locked(call, tx, row, hash, successor))
		return -1;
	*ret_session = pg_text(row, 0, 0);
	*ret_successor = successor;
	return 0;
}

static const char *session_claims(struct rpc_call *call, const char *session, const struct pg_result *row)
{
	return arena_printf(&call->ctx->arena,
			    "\"sub\":\"%s\",\"client_id\":\"eventloop\",\"sid\":\"%s\",\"roles\":%s,\"auth_time\":%s,"
			    "\"companies\":%s,\"companies_partial\":%s",
			    pg_text(row, 0, 1), session, pg_text(row, 0, 2), pg_text(row, 0, 3), pg_text(row, 0, 4),
			    pg_boolean(row, 0, 5) ? "true" : "false");
}

int session_reply(struct rpc_call *call, const char *session, const char *refresh)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_CLAIMS, session);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "session");
	const char *token = access_token_make(call->worker, call->ctx, session_claims(call, session, row));
	if (!token)
		return -1;
	return rpc_reply_printf(call,
				"{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld,"
				"\"refresh_token\":\"%s\",\"session_id\":\"%s\",\"user\":%s}",
				token, (long long)access_token_lifetime(call->worker), refresh, session,
				pg_text(row, 0, 0));
}
