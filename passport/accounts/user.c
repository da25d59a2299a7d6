#include "accounts/user.h"

#include "sql.h"

static const char SELECT_ME[] =
    "SELECT (" USER_JSON " || jsonb_build_object('companies', coalesce((SELECT jsonb_agg(jsonb_build_object("
    "'id', c.id, 'name', c.name, 'right', m.\"right\", 'state', c.state) ORDER BY m.created_at, c.id) "
    "FROM company_member m JOIN company c ON c.id = m.company_id WHERE m.user_id = u.id), '[]'), "
    "'attributes', u.attributes, 'second_factor', EXISTS (SELECT FROM totp t "
    "WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL)) "
    "|| CASE WHEN $2 = '' THEN '{}' ELSE jsonb_build_object('act', jsonb_build_object('sub', $2::text)) END)::text "
    "FROM user_account u WHERE u.id = $1";

static const char SELECT_PROFILES[] =
    "SELECT jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name)), '[]'))::text "
    "FROM user_account WHERE id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::uuid))";

static const char SELECT_CONTACTS[] =
    "SELECT jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'email', email)), "
    "'[]'))::text FROM user_account WHERE state <> 'erased' "
    "AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::uuid))";

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

int user_contacts(struct rpc_call *call)
{
	struct pg_result *contacts = pg_read(call->ctx, call->db, SELECT_CONTACTS, rpc_param(call, "ids"));
	return contacts ? rpc_reply_row(call, contacts, "user") : -1;
}
