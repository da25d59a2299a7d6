#include "accounts/profile.h"

#include "accounts/attribute_schema.h"
#include "accounts/email_change.h"
#include "audit/audit.h"
#include "credentials/account_guard.h"
#include "credentials/credentials.h"
#include "sql.h"

static const char UPDATE_USER[] = "UPDATE user_account u SET name = coalesce($3, name), locale = coalesce($4, locale), "
				  "time_zone = coalesce($5, time_zone), attributes = coalesce($6::jsonb, attributes), "
				  "version = version + 1, updated_at = now() "
				  "WHERE id = $1 AND version = $2::integer AND state <> 'erased' RETURNING (" USER_JSON
				  " || jsonb_build_object('attributes', u.attributes))::text";

/* Who controls the address can reset the password, so a change of address needs the current password. */
static int prove_for_email(struct rpc_call *call, const char *email, struct credentials *ret, bool *ret_send)
{
	const char *password = rpc_param(call, "current_password");
	if (!password)
		return rpc_invalid(call, "/params/current_password", "required", NULL);
	if (credentials_of_caller(call, password, ret) || account_guard_email_change(call))
		return -1;
	return account_guard_letter(call, LETTER_EMAIL_CHANGE, email, ret_send);
}

/* Which fields the caller gave, without what stands in them: for the audit trail. */
static const char *given_fields(struct rpc_call *call)
{
	static const char *const fields[] = {"name", "locale", "time_zone", "attributes"};
	const char *list = "";
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (rpc_param_json(call, fields[i]))
			list = arena_printf(&call->ctx->arena, "%s%s\"%s\"", list, list[0] ? "," : "", fields[i]);
	return arena_printf(&call->ctx->arena, "{\"fields\":[%s]}", list);
}

int user_update(struct rpc_call *call)
{
	const char *email = rpc_param(call, "email"), *id = rpc_caller_id(call);
	struct credentials user = {0};
	bool send = false;
	if (rpc_check_time_zone(call) || (email && prove_for_email(call, email, &user, &send)))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx || attributes_check(call, tx))
		return -1;
	struct pg_result *changed =
	    pg_query(call->ctx, tx, UPDATE_USER, id, rpc_param(call, "version"), rpc_param(call, "name"),
		     rpc_param(call, "locale"), rpc_param(call, "time_zone"), rpc_param(call, "attributes"));
	if (!changed)
		return -1;
	if (pg_count(changed) == 0)
		return rpc_stale(call, "account");
	if (send)
		email_change_request(call, tx, email, user.password_changed_at);
	audit_record(call, tx,
		     &(struct audit_event){.action = "user.updated", .user_id = id, .details = given_fields(call)});
	return rpc_commit_row(call, tx, changed, "user");
}
