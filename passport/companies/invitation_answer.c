#include "companies/invitation_answer.h"

#include "audit/audit.h"
#include "companies/invitation.h"
#include "companies/membership.h"

#include <string.h>

/* The invitation to the caller's address. */
#define OWN                                                                                                     \
	"FROM invitation i JOIN user_account u ON u.email_folded = i.email_folded AND u.id = $2 AND u.state = " \
	"'active' WHERE i.id = $1"

static const char SELECT_COMPANY[] = "SELECT i.company_id " OWN;

/* Before the invitation, as an erasure does, which then finds the membership or leaves nobody to accept. */
static const char LOCK_USER[] = "SELECT FROM user_account WHERE id = $1 FOR NO KEY UPDATE";

/* The address may have been changed, and the account suspended, since the company was found. */
static const char LOCK_INVITATION[] = "SELECT " INVITATION_STATE ", i.\"right\" " OWN " FOR UPDATE OF i";

static const char ANSWER[] =
    "WITH i AS (UPDATE invitation SET state = $2, user_id = $3, answered_at = now() WHERE id = $1 RETURNING *) "
    "SELECT " INVITATION_JSON "::text FROM i JOIN company c ON c.id = i.company_id "
    "LEFT JOIN user_account b ON b.id = i.invited_by";

static const char DECIDED_BY[] = "SELECT coalesce(verified_by = $2, false) FROM company WHERE id = $1";

static const char ADD_MEMBER[] = "INSERT INTO company_member (company_id, user_id, \"right\") VALUES ($1, $2, $3)";

/* Locks company and invitation: 0 with the company and the right offered, when the caller may answer. */
static int lock_open(struct rpc_call *call, struct pg_tx *tx, struct membership *ret, const char **ret_right)
{
	const char *id = rpc_param(call, "id"), *caller = rpc_caller_id(call);
	struct pg_result *company = pg_query(call->ctx, tx, SELECT_COMPANY, id, caller);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_not_found(call, "invitation");
	if (membership_lock(call, tx, pg_text(company, 0, 0), caller, ret))
		return -1;
	pg_queue(call->ctx, tx, LOCK_USER, caller);
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_INVITATION, id, caller);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "invitation");
	const char *state = pg_text(row, 0, 0);
	*ret_right = pg_text(row, 0, 1);
	if (strcmp(state, "pending") == 0)
		return 0;
	return rpc_precondition(call, "state", arena_printf(&call->ctx->arena, "\"state\":\"%s\"", state),
				"the invitation is %s", state);
}

/* Writes the answer down. */
static int answer(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership, const char *state,
		  const char *right)
{
	const char *id = rpc_param(call, "id"), *caller = rpc_caller_id(call);
	struct arena *arena = &call->ctx->arena;
	audit_record(call, tx,
		     &(struct audit_event){
			 .action = arena_printf(arena, "invitation.%s", state),
			 .user_id = caller,
			 .company_id = membership->company_id,
			 .details = arena_printf(arena, "{\"invitation_id\":\"%s\",\"right\":\"%s\"}", id, right)});
	return rpc_commit_row(call, tx, pg_query(call->ctx, tx, ANSWER, id, state, caller), "invitation");
}

/* Otherwise a moderator could verify a company of their own, by leaving it before or joining it afterwards. */
static int refuse_who_decided(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership)
{
	struct pg_result *company = pg_query(call->ctx, tx, DECIDED_BY, membership->company_id, rpc_caller_id(call));
	if (!company)
		return -1;
	if (!pg_boolean(company, 0, 0) || rpc_caller_has_role(call, ROLE_ADMIN))
		return 0;
	return rpc_precondition(call, "own_decision", NULL,
				"the company was verified or rejected by you: another moderator has to decide first");
}

int invitation_accept(struct rpc_call *call)
{
	const char *caller = rpc_caller_id(call), *right = NULL;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (lock_open(call, tx, &membership, &right) || membership_demand_active(call, &membership) ||
	    refuse_who_decided(call, tx, &membership))
		return -1;
	if (membership.subject != RIGHT_NONE)
		return rpc_conflict(call, "already_member", "you are a member of the company already");
	pg_queue(call->ctx, tx, ADD_MEMBER, membership.company_id, caller, right);
	if (membership_changed(call, tx, &membership, caller, right))
		return -1;
	return answer(call, tx, &membership, "accepted", right);
}

int invitation_decline(struct rpc_call *call)
{
	const char *right = NULL;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (lock_open(call, tx, &membership, &right))
		return -1;
	return answer(call, tx, &membership, "declined", right);
}
