#include "sessions/list.h"

#include "audit/audit.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "sessions/session.h"

#include <string.h>

#define LIVE "s.ended_at IS NULL AND s.idle_expires_at > now() AND s.expires_at > now()"

/* From where somebody of the staff acts is not the user's to know. $5: an administrator asks. */
#define ORIGIN(column) "CASE WHEN s.actor_id IS NULL OR $5::boolean THEN " column " ELSE '' END"
#define DEVICE "coalesce(nullif(" ORIGIN("s.device") ", ''), 'Unknown device')"
#define USER_AGENT ORIGIN("s.user_agent")
#define ADDRESS ORIGIN("s.address")

/* Ids are made in the order of time. $2: the session that asks. */
static const char SELECT_SESSIONS[] =
    "SELECT (jsonb_build_object('id', s.id, 'device', " DEVICE ", 'user_agent', " USER_AGENT ", "
    "'address', " ADDRESS ", 'started_at', api_time(s.started_at), 'last_seen_at', api_time(s.last_seen_at), "
    "'expires_at', api_time(least(s.idle_expires_at, s.expires_at)), "
    "'methods', s.methods, 'current', s.id::text = $2) "
    "|| CASE WHEN s.actor_id IS NULL THEN '{}' "
    "ELSE jsonb_build_object('act', jsonb_build_object('sub', s.actor_id)) END)::text, s.id "
    "FROM session s WHERE s.user_id = $1 AND " LIVE " AND ($3::uuid IS NULL OR s.id < $3) "
    "ORDER BY s.id DESC " PAGE_LIMIT("$4");

static const char SELECT_OWN[] = "SELECT FROM session s WHERE s.id = $1 AND s.user_id = $2 AND " LIVE;

static const char COUNT_LIVE[] =
    "SELECT jsonb_build_object('ended', count(*))::text FROM session s WHERE s.user_id = $1 "
    "AND ($2::uuid IS NULL OR s.id <> $2) AND " LIVE;

static const char LOCK_USER[] = "SELECT FROM user_account WHERE id = $1 FOR NO KEY UPDATE";

int session_list(struct rpc_call *call)
{
	const char *user_id = rpc_param(call, "user_id"), *after = NULL;
	if (!user_id)
		user_id = rpc_caller_id(call);
	if (strcmp(user_id, rpc_caller_id(call)) != 0 && !rpc_caller_has_role(call, ROLE_ADMIN))
		return rpc_forbidden(call, "only an administrator may see the sessions of somebody else");
	if (cursor_read(call, user_id, 1, &after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, SELECT_SESSIONS, user_id, call->caller->session, after,
		    rpc_param(call, "limit"), rpc_caller_has_role(call, ROLE_ADMIN) ? "true" : "false");
	return rows ? rpc_reply_page(call, rows, user_id, 1, NULL) : -1;
}

int session_revoke(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *own = pg_query(call->ctx, tx, SELECT_OWN, id, rpc_caller_id(call));
	if (!own)
		return -1;
	if (pg_count(own) == 0)
		return rpc_not_found(call, "session");
	audit_record(call, tx,
		     &(struct audit_event){.action = "session.ended",
					   .user_id = rpc_caller_id(call),
					   .details = arena_printf(&call->ctx->arena, "{\"session_id\":\"%s\"}", id)});
	if (session_end(call, tx, id, "revoked"))
		return -1;
	return rpc_commit_text(call, tx, "{\"ended\":1}");
}

/* Ends the sessions of a user but for one. A login that is under way at this moment waits, or has its session ended. */
static int end_sessions(struct rpc_call *call, const char *user_id, const char *except, const char *reason)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *user = pg_query(call->ctx, tx, LOCK_USER, user_id);
	struct pg_result *count = user ? pg_query(call->ctx, tx, COUNT_LIVE, user_id, except) : NULL;
	if (!count)
		return -1;
	if (pg_count(user) == 0)
		return rpc_not_found(call, "user");
	audit_record(
	    call, tx,
	    &(struct audit_event){.action = "session.all_ended", .user_id = user_id, .details = pg_text(count, 0, 0)});
	if (session_end_all(call, tx, user_id, except, reason))
		return -1;
	return rpc_commit_row(call, tx, count, "user");
}

int session_revoke_others(struct rpc_call *call)
{
	return end_sessions(call, rpc_caller_id(call), call->caller->session, "revoked");
}

int session_revoke_all(struct rpc_call *call)
{
	return end_sessions(call, rpc_param(call, "user_id"), NULL, "revoked_by_administrator");
}
