#include "companies/member.h"

#include "audit/audit.h"
#include "base/text.h"
#include "companies/membership.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "sql.h"

#include <string.h>

/* Of a company_member m and their user_account u. */
#define MEMBER_JSON                                                                               \
	"jsonb_build_object('user_id', u.id, 'name', u.name, 'right', m.\"right\", 'joined_at', " \
	"api_time(m.created_at))"

/* $2: whether the caller sees addresses; only then are they searched. */
static const char SELECT_MEMBERS[] =
    "SELECT (" MEMBER_JSON " || CASE WHEN $2::boolean THEN jsonb_build_object('email', u.email) ELSE '{}' END)::text, "
    "m.created_at::text, m.user_id FROM company_member m JOIN user_account u ON u.id = m.user_id "
    "WHERE m.company_id = $1 AND ($3::text IS NULL OR m.\"right\" = $3) "
    "AND ($4::text IS NULL OR strpos(lower(u.name" SQL_UNICODE "), lower($4::text" SQL_UNICODE ")) > 0 "
    "OR ($2::boolean AND strpos(u.email_folded, $5::text) > 0)) "
    "AND ($6::timestamptz IS NULL OR (m.created_at, m.user_id) > ($6::timestamptz, $7::uuid)) "
    "ORDER BY m.created_at, m.user_id " PAGE_LIMIT("$8");

static const char COMPANY_EXISTS[] = "SELECT 1 FROM company WHERE id = $1";

static const char SET_RIGHT[] =
    "WITH m AS (UPDATE company_member SET \"right\" = $3 WHERE company_id = $1 AND user_id = $2 RETURNING *) "
    "SELECT (" MEMBER_JSON " || jsonb_build_object('email', u.email))::text FROM m JOIN user_account u "
    "ON u.id = m.user_id";

static const char REMOVE_MEMBER[] = "DELETE FROM company_member WHERE company_id = $1 AND user_id = $2";

static const char SELECT_RIGHT[] =
    "SELECT jsonb_build_object('right', (SELECT m.\"right\" FROM company_member m "
    "JOIN company c ON c.id = m.company_id AND c.state = 'active' JOIN user_account u "
    "ON u.id = m.user_id AND u.state = 'active' WHERE m.user_id = $1 AND m.company_id = $2), "
    "'member', EXISTS (SELECT FROM company_member m WHERE m.user_id = $1 AND m.company_id = $2))::text";

/* Whether the caller sees addresses: 1 or 0; -1 with an error. */
static int sees_addresses(struct rpc_call *call, const char *company_id)
{
	return rpc_caller_has_role(call, ROLE_MODERATOR) ? 1 : rpc_has_right(call, company_id, RIGHT_MANAGER);
}

/* An empty list may be that of no company at all: only moderators get so far. */
static int check_exists(struct rpc_call *call, const char *company_id)
{
	struct pg_result *company = pg_read(call->ctx, call->db, COMPANY_EXISTS, company_id);
	if (!company)
		return -1;
	return pg_count(company) > 0 ? 0 : rpc_not_found(call, "company");
}

int member_list(struct rpc_call *call)
{
	struct arena *arena = &call->ctx->arena;
	const char *company = rpc_param(call, "company_id"), *right = rpc_param(call, "right");
	const char *text = rpc_param(call, "text"), *after[2];
	int addresses = sees_addresses(call, company);
	const char *scope = arena_printf(arena, "%s %s %s", company, right ? right : "", text ? text : "");
	if (addresses < 0 || cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, SELECT_MEMBERS, company, addresses ? "true" : "false", right, text,
		    text ? text_fold(arena, text) : NULL, after[0], after[1], rpc_param(call, "limit"));
	if (!rows || (pg_count(rows) == 0 && check_exists(call, company)))
		return -1;
	return rpc_reply_page(call, rows, scope, 2, NULL);
}

/* Refuses what would leave the company without an owner who can act. right: what the member is to have. */
static int keep_an_owner(struct rpc_call *call, const struct membership *membership, enum company_right right)
{
	if (membership->subject != RIGHT_OWNER || right == RIGHT_OWNER || membership->other_owner)
		return 0;
	return rpc_precondition(call, "last_owner", NULL, "the company needs an owner: make somebody else one first");
}

static void record(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership, const char *action,
		   const char *user_id, const char *right)
{
	const char *details =
	    arena_printf(&call->ctx->arena, "{\"before\":\"%s\"%s%s%s}", company_right_name(membership->subject),
			 right ? ",\"right\":\"" : "", right ? right : "", right ? "\"" : "");
	audit_record(
	    call, tx,
	    &(struct audit_event){
		.action = action, .user_id = user_id, .company_id = membership->company_id, .details = details});
}

int member_set_right(struct rpc_call *call)
{
	const char *company = rpc_param(call, "company_id"), *user = rpc_param(call, "user_id");
	const char *right = rpc_param(call, "right");
	enum company_right wanted = company_right_from(right);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (membership_lock(call, tx, company, user, &membership) || membership_demand(call, &membership, RIGHT_OWNER))
		return -1;
	if (membership.subject == RIGHT_NONE)
		return rpc_not_found(call, "member");
	if (keep_an_owner(call, &membership, wanted))
		return -1;
	struct pg_result *member = pg_query(call->ctx, tx, SET_RIGHT, company, user, right);
	if (!member)
		return -1;
	if (membership.subject != wanted) {
		record(call, tx, &membership, "member.right_changed", user, right);
		if (membership_withdraw(call, tx, &membership, user, right) ||
		    membership_changed(call, tx, &membership, user, right))
			return -1;
	}
	return rpc_commit_row(call, tx, member, "member");
}

int member_remove(struct rpc_call *call)
{
	const char *company = rpc_param(call, "company_id"), *user = rpc_param(call, "user_id");
	const char *caller = rpc_caller_id(call);
	bool leaving = caller && strcmp(caller, user) == 0;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (membership_lock(call, tx, company, user, &membership))
		return -1;
	/* Everybody may leave, a suspended company too. */
	if (!leaving && membership_demand(call, &membership, RIGHT_OWNER))
		return -1;
	if (membership.subject == RIGHT_NONE)
		return rpc_not_found(call, "member");
	if (keep_an_owner(call, &membership, RIGHT_NONE))
		return -1;
	pg_queue(call->ctx, tx, REMOVE_MEMBER, company, user);
	record(call, tx, &membership, leaving ? "member.left" : "member.removed", user, NULL);
	if (membership_withdraw(call, tx, &membership, user, NULL) ||
	    membership_changed(call, tx, &membership, user, NULL))
		return -1;
	return rpc_commit_text(call, tx, "{\"removed\":true}");
}

int member_right(struct rpc_call *call)
{
	struct pg_result *right =
	    pg_read(call->ctx, call->db, SELECT_RIGHT, rpc_param(call, "user_id"), rpc_param(call, "company_id"));
	return right ? rpc_reply_row(call, right, "right") : -1;
}
