#include "sessions/impersonation.h"

#include "audit/audit.h"
#include "sessions/session.h"

#include <string.h>

/* The administrator's row too, against being suspended at this moment. In the order of ids, so that two who act as each
 * other do not wait for each other. */
static const char LOCK_USERS[] = "SELECT FROM user_account WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE";

static const char SELECT_USER[] =
    "SELECT u.state, u.roles && '{moderator,admin}', a.state = 'active' AND 'admin' = ANY (a.roles), "
    "jsonb_build_object('reason', $3::text)::text FROM user_account u, user_account a WHERE u.id = $1 AND a.id = $2";

/* The user may be acted as, by this administrator. */
static int check(struct rpc_call *call, const struct pg_result *user)
{
	if (pg_count(user) == 0)
		return rpc_not_found(call, "user");
	if (!pg_boolean(user, 0, 2))
		return rpc_forbidden(call, "only for administrators");
	if (pg_boolean(user, 0, 1))
		return context_fail(call->ctx, ERROR_FORBIDDEN, "role", "nobody acts as a moderator or administrator");
	if (strcmp(pg_text(user, 0, 0), "active") != 0)
		return rpc_precondition(call, "active", NULL, "the user is not active");
	return 0;
}

int auth_impersonate(struct rpc_call *call)
{
	const char *user_id = rpc_param(call, "user_id"), *admin = rpc_caller_id(call);
	const struct session_start start = {.user_id = user_id, .methods = "{}", .actor_id = admin};
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	pg_queue(call->ctx, tx, LOCK_USERS, user_id, admin);
	struct pg_result *user = pg_query(call->ctx, tx, SELECT_USER, user_id, admin, rpc_param(call, "reason"));
	if (!user || check(call, user))
		return -1;
	audit_record(
	    call, tx,
	    &(struct audit_event){.action = "user.impersonated", .user_id = user_id, .details = pg_text(user, 0, 3)});
	const struct session_keys keys = session_open(call, tx, &start);
	return session_commit(call, tx, &keys);
}
