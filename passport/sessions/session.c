#include "sessions/session.h"

#include "base/clock.h"
#include "base/ids.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "device.h"
#include "secret_text.h"
#include "sessions/revocation.h"

/* For as long as a piece of support may take: an administrator who acts as somebody else. */
#define ACTOR_LIFETIME (INT64_C(3600) * CLOCK_SECOND)

static const char INSERT_SESSION[] =
    "INSERT INTO session (id, user_id, methods, actor_id, address, user_agent, device, idle_expires_at, expires_at) "
    "VALUES ($1, $2, $3, $4, $5, left($6, 200), $7, now() + $8::bigint * interval '1 microsecond', "
    "now() + $9::bigint * interval '1 microsecond')";

static const char INSERT_REFRESH[] = "INSERT INTO refresh_token (hash, session_id) VALUES (decode($1, 'hex'), $2)";

/* $2: why. Row: the session. */
#define END_SESSIONS(which)                                                                          \
	"UPDATE session SET ended_at = now(), end_reason = $2 WHERE " which " AND ended_at IS NULL " \
	"RETURNING id"

static const char END_SESSION[] = END_SESSIONS("id = $1");
static const char END_ALL[] = END_SESSIONS("((user_id = $1 AND ($3::uuid IS NULL OR id <> $3)) OR actor_id = $1)");
static const char END_BY_ACTOR[] = END_SESSIONS("actor_id = $1");

/* In one order: the user and whoever acts as them may both be ending theirs. */
static const char LOCK_ALL[] =
    "SELECT FROM session WHERE (user_id = $1 OR actor_id = $1) AND ended_at IS NULL ORDER BY id FOR NO KEY UPDATE";

static const char *lifetime(struct rpc_call *call, const struct session_start *start, const char *setting)
{
	int64_t microseconds = config_integer(call->worker->config, setting);
	if (start->actor_id && microseconds > ACTOR_LIFETIME)
		microseconds = ACTOR_LIFETIME;
	return arena_printf(&call->ctx->arena, "%lld", (long long)microseconds);
}

struct session_keys session_open(struct rpc_call *call, struct pg_tx *tx, const struct session_start *start)
{
	char session[UUID_SIZE], hash[SECRET_HASH_SIZE];
	uuid_make(session);
	const char *refresh = secret_make(call->ctx);
	secret_hash(refresh, hash);
	pg_queue(call->ctx, tx, INSERT_SESSION, session, start->user_id, start->methods, start->actor_id, call->peer,
		 call->user_agent, device_name(&call->ctx->arena, call->user_agent),
		 lifetime(call, start, "session_idle"), lifetime(call, start, "session_lifetime"));
	pg_queue(call->ctx, tx, INSERT_REFRESH, hash, session);
	return (struct session_keys){.session = arena_strdup(&call->ctx->arena, session), .refresh = refresh};
}

/* Voids the access tokens of the sessions that an END_SESSIONS statement has ended. */
static int void_tokens(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *rows)
{
	if (!rows)
		return -1;
	for (size_t i = 0; i < pg_count(rows); i++)
		revocation_add_session(call, tx, pg_text(rows, i, 0));
	return 0;
}

int session_end(struct rpc_call *call, struct pg_tx *tx, const char *session, const char *reason)
{
	return void_tokens(call, tx, pg_query(call->ctx, tx, END_SESSION, session, reason));
}

void session_lock_all(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	pg_queue(call->ctx, tx, LOCK_ALL, user_id);
}

int session_end_all(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *except_session,
		    const char *reason)
{
	session_lock_all(call, tx, user_id);
	return void_tokens(call, tx, pg_query(call->ctx, tx, END_ALL, user_id, reason, except_session));
}

int session_end_by_actor(struct rpc_call *call, struct pg_tx *tx, const char *actor_id, const char *reason)
{
	return void_tokens(call, tx, pg_query(call->ctx, tx, END_BY_ACTOR, actor_id, reason));
}
