/* Lists of invitations: a company's, and those to the caller's address. */
#include "companies/invitation.h"
#include "rpc/cursor.h"
#include "rpc/page.h"

/* One statement for each way in, so that each is planned on its own index. $1: whose. */
#define SELECT_INVITATIONS(whose)                                                                \
	"SELECT " INVITATION_JSON "::text, i.created_at::text, i.id FROM invitation i "          \
	"JOIN company c ON c.id = i.company_id LEFT JOIN user_account b ON b.id = i.invited_by " \
	"WHERE " whose " AND ($2::text IS NULL OR " INVITATION_STATE " = $2) "                   \
	"AND ($3::timestamptz IS NULL OR (i.created_at, i.id) < ($3::timestamptz, $4::uuid)) "   \
	"ORDER BY i.created_at DESC, i.id DESC " PAGE_LIMIT("$5")

static const char BY_COMPANY[] = SELECT_INVITATIONS("i.company_id = $1");
static const char BY_ADDRESS[] = SELECT_INVITATIONS(
    "i.email_folded = (SELECT u.email_folded FROM user_account u WHERE u.id = $1 AND u.state = 'active')");

int invitation_list(struct rpc_call *call)
{
	const char *company = rpc_param(call, "company_id"), *state = rpc_param(call, "state"), *after[2];
	const char *whose = company ? company : rpc_caller_id(call);
	if (!whose)
		return rpc_forbidden(call, "an API key has no address: name a company");
	const char *scope = arena_printf(&call->ctx->arena, "%s %s", whose, state ? state : "");
	if ((company && rpc_require_right(call, company, RIGHT_MANAGER)) || cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows = pg_read(call->ctx, call->db, company ? BY_COMPANY : BY_ADDRESS, whose, state, after[0],
					 after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}
