#include "companies/membership.h"

#include "audit/audit.h"
#include "sessions/revocation.h"

#include <string.h>

/* Rows that refer to the company may be written meanwhile: only those who change memberships wait for each other. */
static const char LOCK_COMPANY[] = "SELECT 1 FROM company WHERE id = $1 FOR NO KEY UPDATE";

/* Run separately after the lock: the locking statement took its snapshot before it waited and would show old rows. */
static const char SELECT_STANDING[] =
    "SELECT c.name, c.state <> 'active', "
    "(SELECT m.\"right\" FROM company_member m JOIN user_account u ON u.id = m.user_id AND u.state = 'active' "
    "WHERE m.company_id = c.id AND m.user_id = $2), "
    "(SELECT m.\"right\" FROM company_member m WHERE m.company_id = c.id AND m.user_id = $3), "
    "EXISTS (SELECT 1 FROM company_member m JOIN user_account u ON u.id = m.user_id AND u.state = 'active' "
    "WHERE m.company_id = c.id AND m.\"right\" = 'owner' AND m.user_id IS DISTINCT FROM $3::uuid) "
    "FROM company c WHERE c.id = $1";

/* One row, of NULL for who is no member. */
static const char SELECT_RIGHT[] =
    "SELECT (SELECT m.\"right\" FROM company_member m JOIN company c ON c.id = m.company_id AND c.state = 'active' "
    "JOIN user_account u ON u.id = m.user_id AND u.state = 'active' WHERE m.user_id = $1 AND m.company_id = $2)";

static const char WITHDRAW[] =
    "UPDATE invitation SET state = 'revoked', answered_at = now() WHERE company_id = $1 AND invited_by = $2 "
    "AND state = 'pending' AND NOT (coalesce($3::text, '') = 'owner' OR (coalesce($3::text, '') = 'manager' AND "
    "\"right\" = 'staff')) RETURNING jsonb_build_object('invitation_id', id, 'right', \"right\")::text";

static enum company_right right_of(const char *name)
{
	return name ? company_right_from(name) : RIGHT_NONE;
}

int membership_lock(struct rpc_call *call, struct pg_tx *tx, const char *company_id, const char *user_id,
		    struct membership *ret)
{
	const char *caller = rpc_caller_id(call);
	pg_queue(call->ctx, tx, LOCK_COMPANY, company_id);
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_STANDING, company_id, caller, user_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "company");
	*ret = (struct membership){
	    .company_id = company_id,
	    .company_name = pg_text(row, 0, 0),
	    .suspended = pg_boolean(row, 0, 1),
	    .caller = caller ? right_of(pg_text(row, 0, 2)) : identity_right(call->caller, company_id),
	    .subject = right_of(pg_text(row, 0, 3)),
	    .other_owner = pg_boolean(row, 0, 4),
	};
	return 0;
}

int membership_demand_active(struct rpc_call *call, const struct membership *membership)
{
	if (!membership->suspended)
		return 0;
	return rpc_precondition(call, "company_state", "\"state\":\"suspended\"", "the company is suspended");
}

int membership_demand(struct rpc_call *call, const struct membership *membership, enum company_right right)
{
	if (membership->caller < right)
		return context_fail(call->ctx, ERROR_FORBIDDEN, "company_right", "needs the right %s in the company",
				    company_right_name(right));
	return membership_demand_active(call, membership);
}

int membership_withdraw(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership,
			const char *user_id, const char *right)
{
	struct pg_result *withdrawn = pg_query(call->ctx, tx, WITHDRAW, membership->company_id, user_id, right);
	if (!withdrawn)
		return -1;
	for (size_t i = 0; i < pg_count(withdrawn); i++)
		audit_record(call, tx,
			     &(struct audit_event){.action = "invitation.revoked",
						   .company_id = membership->company_id,
						   .details = pg_text(withdrawn, i, 0)});
	return 0;
}

int membership_changed(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership,
		       const char *user_id, const char *right)
{
	const char *quote = right ? "\"" : "";
	revocation_add_user(call, tx, user_id);
	return rpc_publish(call, tx, "passport.member.changed", membership->company_id,
			   arena_printf(&call->ctx->arena,
					"{\"company_id\":\"%s\",\"user_id\":\"%s\",\"right\":%s%s%s}",
					membership->company_id, user_id, quote, right ? right : "null", quote));
}

int membership_find_right(struct rpc_call *call, const char *company_id, enum company_right *ret_right)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_RIGHT, rpc_caller_id(call), company_id);
	if (!row)
		return -1;
	*ret_right = right_of(pg_text(row, 0, 0));
	return 0;
}
