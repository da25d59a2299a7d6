#include "accounts/user_state.h"

#include "accounts/user_record.h"
#include "audit/audit.h"
#include "base/buffer.h"
#include "sessions/revocation.h"
#include "sessions/session.h"

#include <string.h>

#define MAX_DETAILS 4096

static const char LOCK_USER[] =
    "SELECT state, 'admin' = ANY (roles), coalesce($2 = ANY (roles), false), roles && '{moderator,admin}' "
    "FROM user_account WHERE id = $1 FOR UPDATE";

static const char SET_STATE[] =
    "UPDATE user_account AS u SET state = $2, state_reason = coalesce($3, ''), "
    "version = version + 1, updated_at = now() WHERE id = $1 RETURNING " USER_RECORD "::text";

/* Roles stay in the order in which they grow. */
#define SET_ROLES(wanted)                                                                                    \
	"UPDATE user_account AS u SET version = version + 1, updated_at = now(), roles = ARRAY(SELECT role " \
	"FROM unnest('{user,moderator,admin}'::text[]) WITH ORDINALITY AS known(role, place) WHERE " wanted  \
	" ORDER BY place) WHERE id = $1 RETURNING " USER_RECORD "::text"

static const char GRANT_ROLE[] = SET_ROLES("role = $2 OR role = ANY (u.roles)");
static const char REVOKE_ROLE[] = SET_ROLES("role <> $2 AND role = ANY (u.roles)");
static const char SELECT_RECORD[] = "SELECT " USER_RECORD "::text FROM user_account u WHERE u.id = $1";

static const char LOCK_ADMINISTRATORS[] = "SELECT pg_advisory_xact_lock(hashtext('passport.administrators'))";
static const char ANOTHER_ADMINISTRATOR[] = "SELECT EXISTS (SELECT FROM user_account WHERE roles <> '{user}' AND "
					    "roles @> '{admin}' AND state = 'active' AND id <> $1)";

/* Who is to be changed, locked. */
struct target {
	const char *id, *state;
	bool is_admin, has_role, is_staff;
};

static int lock_target(struct rpc_call *call, struct pg_tx *tx, const char *role, struct target *ret)
{
	const char *id = rpc_param(call, "id");
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_USER, id, role);
	*ret = (struct target){.id = id, .state = ""};
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "user");
	*ret = (struct target){.id = id,
			       .state = pg_text(row, 0, 0),
			       .is_admin = pg_boolean(row, 0, 1),
			       .has_role = pg_boolean(row, 0, 2),
			       .is_staff = pg_boolean(row, 0, 3)};
	return 0;
}

/* Moderators do not suspend each other or administrators: one stolen account must not lock out the rest. */
static int spare_staff(struct rpc_call *call, const struct target *target)
{
	if (!target->is_staff || rpc_caller_has_role(call, ROLE_ADMIN))
		return 0;
	return rpc_forbidden(call, "only administrators suspend and restore moderators and administrators");
}

static int require_state(struct rpc_call *call, const struct target *target, const char *state)
{
	if (strcmp(target->state, state) == 0)
		return 0;
	return rpc_precondition(
	    call, "state", arena_printf(&call->ctx->arena, "\"state\":\"%s\",\"needed\":\"%s\"", target->state, state),
	    "the account is %s, not %s", target->state, state);
}

int user_keep_administrator(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	if (!pg_query(call->ctx, tx, LOCK_ADMINISTRATORS))
		return -1;
	struct pg_result *row = pg_query(call->ctx, tx, ANOTHER_ADMINISTRATOR, user_id);
	if (!row)
		return -1;
	if (pg_boolean(row, 0, 0))
		return 0;
	return rpc_precondition(call, "last_admin", NULL, "the last active administrator stays one");
}

static void record(struct rpc_call *call, struct pg_tx *tx, const char *action, const char *user_id, const char *member)
{
	struct buffer details;
	buffer_init_arena(&details, &call->ctx->arena, MAX_DETAILS);
	buffer_append_text(&details, arena_printf(&call->ctx->arena, "{\"%s\":", member));
	buffer_append_json_string(&details, rpc_param(call, member) ? rpc_param(call, member) : "");
	buffer_append_char(&details, '}');
	const struct audit_event event = {.action = action, .user_id = user_id, .details = buffer_text(&details)};
	audit_record(call, tx, &event);
}

/* Writes the state, the fact and the event. The user's record, NULL with an error. */
static struct pg_result *change_state(struct rpc_call *call, struct pg_tx *tx, const struct target *target,
				      const char *state, const char *topic)
{
	const char *reason = strcmp(state, "suspended") == 0 ? rpc_param(call, "reason") : NULL;
	struct pg_result *user = pg_query(call->ctx, tx, SET_STATE, target->id, state, reason);
	const char *payload = arena_printf(&call->ctx->arena, "{\"id\":\"%s\"}", target->id);
	if (!user || rpc_publish(call, tx, topic, target->id, payload))
		return NULL;
	record(call, tx, topic + strlen("passport."), target->id, "reason");
	return user;
}

static int may_suspend(struct rpc_call *call, struct pg_tx *tx, const struct target *target)
{
	if (strcmp(target->id, rpc_caller_id(call)) == 0)
		return rpc_precondition(call, "oneself", NULL, "nobody suspends himself");
	if (spare_staff(call, target) || require_state(call, target, "active"))
		return -1;
	return target->is_admin ? user_keep_administrator(call, tx, target->id) : 0;
}

int user_suspend(struct rpc_call *call)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct target target;
	if (lock_target(call, tx, NULL, &target) || may_suspend(call, tx, &target))
		return -1;
	struct pg_result *user = change_state(call, tx, &target, "suspended", "passport.user.suspended");
	if (!user || session_end_all(call, tx, target.id, NULL, "suspended"))
		return -1;
	revocation_add_user(call, tx, target.id);
	return rpc_commit_row(call, tx, user, "user");
}

int user_restore(struct rpc_call *call)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct target target;
	if (lock_target(call, tx, NULL, &target) || spare_staff(call, &target) ||
	    require_state(call, &target, "suspended"))
		return -1;
	struct pg_result *user = change_state(call, tx, &target, "active", "passport.user.restored");
	return user ? rpc_commit_row(call, tx, user, "user") : -1;
}

static int commit_unchanged(struct rpc_call *call, struct pg_tx *tx, const struct target *target)
{
	struct pg_result *user = pg_query(call->ctx, tx, SELECT_RECORD, target->id);
	return user ? rpc_commit_row(call, tx, user, "user") : -1;
}

int user_grant_role(struct rpc_call *call)
{
	const char *role = rpc_param(call, "role");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct target target;
	if (lock_target(call, tx, role, &target) || require_state(call, &target, "active"))
		return -1;
	if (target.has_role)
		return commit_unchanged(call, tx, &target);
	struct pg_result *user = pg_query(call->ctx, tx, GRANT_ROLE, target.id, role);
	if (!user)
		return -1;
	record(call, tx, "user.role_granted", target.id, "role");
	revocation_add_user(call, tx, target.id);
	return rpc_commit_row(call, tx, user, "user");
}

/* An administrator's sessions as somebody else end with the role. */
static int end_impersonations(struct rpc_call *call, struct pg_tx *tx, const struct target *target, const char *role)
{
	return strcmp(role, "admin") == 0 ? session_end_by_actor(call, tx, target->id, "role_revoked") : 0;
}

int user_revoke_role(struct rpc_call *call)
{
	const char *role = rpc_param(call, "role");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct target target;
	if (lock_target(call, tx, role, &target))
		return -1;
	if (!target.has_role)
		return commit_unchanged(call, tx, &target);
	if (strcmp(role, "admin") == 0 && user_keep_administrator(call, tx, target.id))
		return -1;
	struct pg_result *user = pg_query(call->ctx, tx, REVOKE_ROLE, target.id, role);
	if (!user)
		return -1;
	record(call, tx, "user.role_revoked", target.id, "role");
	if (end_impersonations(call, tx, &target, role))
		return -1;
	revocation_add_user(call, tx, target.id);
	return rpc_commit_row(call, tx, user, "user");
}
