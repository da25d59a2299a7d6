#include "companies/invitation.h"

#include "audit/audit.h"
#include "base/buffer.h"
#include "base/ids.h"
#include "base/text.h"
#include "companies/membership.h"
#include "config/config.h"
#include "credentials/account_guard.h"
#include "credentials/throttle.h"
#include "daemon/daemon.h"
#include "letters/mail.h"

#include <string.h>

#define MAX_OPEN "100"
#define MAX_LETTER 4096
#define HOUR (3600 * CLOCK_SECOND)
#define DAY (24 * HOUR)

static const struct throttle_rule company_rule = {"invitation.company", "invitation_limit", HOUR, 0};
static const struct throttle_rule account_rule = {"invitation.account", "invitation_account_limit", HOUR, 0};
static const struct throttle_rule address_rule = {"invitation.address", "invitation_address_limit", DAY, 0};

/* What is past its time makes room for a new one. */
static const char EXPIRE[] = "UPDATE invitation SET state = 'expired' WHERE company_id = $1 AND email_folded = $2 "
			     "AND state = 'pending' AND expires_at <= now()";

/* Whether the address is a member's; the right of its open invitation; whether there are as many others as allowed; in
 * which language to write to it: the invited account's, else the inviter's. */
static const char SELECT_STANDING[] =
    "SELECT EXISTS (SELECT 1 FROM company_member m JOIN user_account u ON u.id = m.user_id "
    "WHERE m.company_id = $1 AND u.email_folded = $2), "
    "(SELECT i.\"right\" FROM invitation i WHERE i.company_id = $1 AND i.email_folded = $2 AND i.state = 'pending'), "
    "(SELECT count(*) >= " MAX_OPEN " FROM (SELECT 1 FROM invitation i WHERE i.company_id = $1 AND i.state = 'pending' "
    "AND i.expires_at > now() AND i.email_folded <> $2 LIMIT " MAX_OPEN ") others), "
    "coalesce((SELECT locale FROM user_account WHERE email_folded = $2), "
    "(SELECT locale FROM user_account WHERE id = $3)), (SELECT name FROM user_account WHERE id = $3)";

static const char PUT_INVITATION[] =
    "WITH i AS (INSERT INTO invitation AS old (id, company_id, email, email_folded, \"right\", invited_by, expires_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, now() + $7::bigint * interval '1 microsecond') "
    "ON CONFLICT (company_id, email_folded) WHERE state = 'pending' DO UPDATE SET email = excluded.email, "
    "\"right\" = excluded.\"right\", invited_by = excluded.invited_by, expires_at = excluded.expires_at RETURNING *) "
    "SELECT " INVITATION_JSON "::text, i.id, api_time(i.expires_at) FROM i JOIN company c ON c.id = i.company_id "
    "LEFT JOIN user_account b ON b.id = i.invited_by";

static const char SELECT_COMPANY[] = "SELECT company_id FROM invitation WHERE id = $1";

static const char LOCK_INVITATION[] =
    "SELECT " INVITATION_STATE ", i.\"right\" FROM invitation i WHERE i.id = $1 FOR UPDATE";

static const char REVOKE[] =
    "WITH i AS (UPDATE invitation SET state = 'revoked', answered_at = now() WHERE id = $1 RETURNING *) "
    "SELECT " INVITATION_JSON "::text FROM i JOIN company c ON c.id = i.company_id "
    "LEFT JOIN user_account b ON b.id = i.invited_by";

/* Managers deal with invitations of staff, owners with all. */
static enum company_right needed_for(const char *right)
{
	return strcmp(right, "staff") == 0 ? RIGHT_MANAGER : RIGHT_OWNER;
}

/* What forbids the invitation: the address is a member's, there are too many, or a manager would replace what an owner
 * wrote. */
static int check_standing(struct rpc_call *call, const struct membership *membership, const struct pg_result *standing)
{
	const char *open_right = pg_text(standing, 0, 1);
	if (pg_boolean(standing, 0, 0))
		return rpc_conflict(call, "already_member", "this address belongs to a member of the company");
	if (pg_boolean(standing, 0, 2))
		return rpc_precondition(call, "max_invitations", "\"maximum\":" MAX_OPEN,
					"a company may have at most " MAX_OPEN " open invitations");
	return open_right ? membership_demand(call, membership, needed_for(open_right)) : 0;
}

/* Who is shown as inviting: the user, or the company when one of its API keys does. */
static void send_letter(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership,
			const struct pg_result *standing, const struct pg_result *invitation)
{
	const char *inviter = pg_text(standing, 0, 4), *right = rpc_param(call, "right");
	struct buffer data;
	buffer_init_arena(&data, &call->ctx->arena, MAX_LETTER);
	buffer_append_text(&data, "{\"company\":");
	buffer_append_json_string(&data, membership->company_name);
	buffer_append_text(&data, ",\"inviter\":");
	buffer_append_json_string(&data, inviter ? inviter : membership->company_name);
	buffer_printf(&data, ",\"right\":\"%s\",\"expires_at\":\"%s\",\"invitation_id\":\"%s\"}", right,
		      pg_text(invitation, 0, 2), pg_text(invitation, 0, 1));
	mail_queue(call, tx,
		   &(struct mail){.template_name = "invitation",
				  .recipient = rpc_param(call, "email"),
				  .locale = pg_text(standing, 0, 3),
				  .data = buffer_text(&data)});
}

/* Counted before the address is looked up, so the answer tells nothing about it. More companies or API keys do not
 * raise the limit; a user with many accounts who writes to one address is stopped silently: *ret_send. */
static int throttle(struct rpc_call *call, const char *company, const char *folded, bool *ret_send)
{
	if (throttle_enforce(call, &company_rule, company) ||
	    throttle_enforce(call, &account_rule, identity_account(call->caller)))
		return -1;
	if (throttle_enforce(call, &address_rule, arena_printf(&call->ctx->arena, "%s %s", company, folded)))
		return -1;
	return account_guard_letter(call, LETTER_INVITATION, folded, ret_send);
}

static void record(struct rpc_call *call, struct pg_tx *tx, const char *action, const char *company,
		   const char *invitation, const char *right)
{
	audit_record(call, tx,
		     &(struct audit_event){.action = action,
					   .company_id = company,
					   .details = arena_printf(&call->ctx->arena,
								   "{\"invitation_id\":\"%s\",\"right\":\"%s\"}",
								   invitation, right)});
}

int invitation_create(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	const char *company = rpc_param(call, "company_id"), *email = rpc_param(call, "email");
	const char *right = rpc_param(call, "right"), *folded = text_fold(&ctx->arena, email);
	const char *lifetime =
	    arena_printf(&ctx->arena, "%lld", (long long)config_integer(call->worker->config, "invitation_lifetime"));
	bool send = false;
	char id[UUID_SIZE];
	uuid_make(id);
	if (throttle(call, company, folded, &send))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (membership_lock(call, tx, company, NULL, &membership) ||
	    membership_demand(call, &membership, needed_for(right)))
		return -1;
	pg_queue(ctx, tx, EXPIRE, company, folded);
	struct pg_result *standing = pg_query(ctx, tx, SELECT_STANDING, company, folded, rpc_caller_id(call));
	if (!standing || check_standing(call, &membership, standing))
		return -1;
	struct pg_result *invitation =
	    pg_query(ctx, tx, PUT_INVITATION, id, company, email, folded, right, rpc_caller_id(call), lifetime);
	if (!invitation)
		return -1;
	if (send)
		send_letter(call, tx, &membership, standing, invitation);
	record(call, tx, "invitation.created", company, pg_text(invitation, 0, 1), right);
	return rpc_commit_row(call, tx, invitation, "invitation");
}

/* The company that invites, its row locked, when the caller may take the invitation back: to others there is none. */
static int lock_own(struct rpc_call *call, struct pg_tx *tx, const char *id, struct membership *ret)
{
	struct pg_result *company = pg_query(call->ctx, tx, SELECT_COMPANY, id);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_not_found(call, "invitation");
	if (membership_lock(call, tx, pg_text(company, 0, 0), NULL, ret))
		return -1;
	return ret->caller >= RIGHT_STAFF ? 0 : rpc_not_found(call, "invitation");
}

int invitation_revoke(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (lock_own(call, tx, id, &membership))
		return -1;
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_INVITATION, id);
	if (!row || membership_demand(call, &membership, needed_for(pg_text(row, 0, 1))))
		return -1;
	const char *state = pg_text(row, 0, 0);
	if (strcmp(state, "pending") != 0)
		return rpc_precondition(call, "state", arena_printf(&call->ctx->arena, "\"state\":\"%s\"", state),
					"the invitation is %s", state);
	record(call, tx, "invitation.revoked", membership.company_id, id, pg_text(row, 0, 1));
	return rpc_commit_row(call, tx, pg_query(call->ctx, tx, REVOKE, id), "invitation");
}
