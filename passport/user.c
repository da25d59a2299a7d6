#include "user.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "base/text.h"
#include "password.h"
#include "password_rules.h"
#include "sql.h"

static const char INSERT_USER[] =
    "WITH u AS (INSERT INTO user_account (id, email, email_folded, password_hash, name, locale) "
    "VALUES ($1, $2, $3, $4, $5, coalesce($6, 'en')) RETURNING *) SELECT " USER_JSON "::text FROM u";

static const char SELECT_ME[] =
    "SELECT (" USER_JSON " || jsonb_build_object('companies', coalesce((SELECT jsonb_agg(jsonb_build_object("
    "'id', c.id, 'name', c.name, 'right', m.\"right\", 'state', c.state) ORDER BY m.created_at, c.id) "
    "FROM company_member m JOIN company c ON c.id = m.company_id WHERE m.user_id = u.id), '[]')) "
    "|| CASE WHEN $2 = '' THEN '{}' ELSE jsonb_build_object('act', jsonb_build_object('sub', $2::text)) END)::text "
    "FROM user_account u WHERE u.id = $1";

static const char SELECT_PROFILES[] =
    "SELECT jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name)), '[]'))::text "
    "FROM user_account WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::uuid))";

int user_register(struct rpc_call *call)
{
	const char *email = rpc_param(call, "email");
	const char *folded = text_fold(&call->ctx->arena, email);
	if (password_check(call, "password", email, rpc_param(call, "name")))
		return -1;
	const char *phc = password_hash(call->ctx, rpc_param(call, "password"));
	if (!phc)
		return -1;
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *user = pg_query(call->ctx, tx, INSERT_USER, id, email, folded, phc, rpc_param(call, "name"),
					  rpc_param(call, "locale"));
	if (!user && pg_violated(call->ctx, "user_account_email_folded_key")) {
		error_clear(&call->ctx->error);
		return rpc_conflict(call, "email_taken", "an account with this address exists");
	}
	if (!user || rpc_publish(call, tx, "passport.user.registered", id,
				 arena_printf(&call->ctx->arena, "{\"id\":\"%s\"}", id)))
		return -1;
	return rpc_commit_row(call, tx, user, "user");
}

int user_me(struct rpc_call *call)
{
	struct pg_result *user = pg_read(call->ctx, call->db, SELECT_ME, rpc_caller_id(call), call->caller->actor);
	if (!user)
		return -1;
	return rpc_reply_row(call, user, "user");
}

int user_profiles(struct rpc_call *call)
{
	struct pg_result *profiles = pg_read(call->ctx, call->db, SELECT_PROFILES, rpc_param(call, "ids"));
	if (!profiles)
		return -1;
	return rpc_reply_row(call, profiles, "profile");
}
