#include "companies/company_state.h"

#include "audit/audit.h"
#include "base/buffer.h"
#include "letters/mail.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "sessions/revocation.h"
#include "sql.h"
#include "time_param.h"

#include <string.h>

#define MAX_DETAILS 4096

/* $1 text, $2 state, $3 verification, $4 country, $5 and $6 the time of creation, $7 and $8 the place to go on. */
static const char SEARCH_COMPANIES[] =
    "SELECT " COMPANY_DETAILS_JSON "::text, c.created_at::text, c.id FROM company c "
    "WHERE ($1::text IS NULL OR c.id::text = lower($1::text) "
    "OR strpos(lower(c.name" SQL_UNICODE "), lower($1::text" SQL_UNICODE ")) > 0) "
    "AND ($2::text IS NULL OR c.state = $2) AND ($3::text IS NULL OR c.verification = $3) "
    "AND ($4::text IS NULL OR c.country = $4) AND ($5::timestamptz IS NULL OR c.created_at >= $5::timestamptz) "
    "AND ($6::timestamptz IS NULL OR c.created_at < $6::timestamptz) "
    "AND ($7::timestamptz IS NULL OR (c.created_at, c.id) < ($7::timestamptz, $8::uuid)) "
    "ORDER BY c.created_at DESC, c.id DESC " PAGE_LIMIT("$9");

/* A user who left the company but made a valid API key still acts for it. */
static const char LOCK_COMPANY[] =
    "SELECT " COMPANY_DETAILS_JSON "::text, EXISTS (SELECT FROM company_member m WHERE m.company_id = c.id "
    "AND m.user_id = $2) OR " API_KEY_MADE_BY("c.id", "$2") " FROM company c WHERE c.id = $1 FOR NO KEY UPDATE";

static const char SET_VERIFICATION[] =
    "UPDATE company c SET verification = $2, verification_reason = $3, verified_by = $4, verified_at = now(), "
    "version = version + 1, updated_at = now() WHERE c.id = $1 AND (c.verification, c.verification_reason) IS "
    "DISTINCT FROM ($2, $3) RETURNING " COMPANY_DETAILS_JSON "::text, " COMPANY_JSON "::text, c.name";

static const char SET_STATE[] =
    "UPDATE company c SET state = $2, state_reason = $3, version = version + 1, updated_at = now() "
    "WHERE c.id = $1 AND c.state <> $2 RETURNING " COMPANY_DETAILS_JSON "::text, " COMPANY_JSON "::text";

static const char SELECT_OWNERS[] =
    "SELECT u.email, u.locale FROM company_member m JOIN user_account u ON u.id = m.user_id AND u.state = 'active' "
    "WHERE m.company_id = $1 AND m.\"right\" = 'owner' ORDER BY m.created_at, m.user_id LIMIT 20";

int company_search(struct rpc_call *call)
{
	static const char *const names[] = {"text", "state", "verification", "country"};
	const char *values[9] = {NULL};
	if (time_param(call, "created_from", &values[4], NULL) || time_param(call, "created_to", &values[5], NULL))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		values[i] = rpc_param(call, names[i]);
	struct buffer scope;
	buffer_init_arena(&scope, &call->ctx->arena, MAX_DETAILS);
	for (size_t i = 0; i < 6; i++)
		buffer_printf(&scope, "%s\n", values[i] ? values[i] : "");
	if (cursor_read(call, buffer_text(&scope), 2, values + 6))
		return -1;
	values[8] = rpc_param(call, "limit");
	struct pg_result *rows = pg_read_values(call->ctx, call->db, SEARCH_COMPANIES, 9, values);
	return rows ? rpc_reply_page(call, rows, buffer_text(&scope), 2, NULL) : -1;
}

static const char *reason_json(struct rpc_call *call)
{
	struct buffer details;
	buffer_init_arena(&details, &call->ctx->arena, MAX_DETAILS);
	buffer_append_text(&details, "{\"reason\":");
	buffer_append_json_string(&details, rpc_param(call, "reason"));
	buffer_append_char(&details, '}');
	return buffer_text(&details);
}

/* A change of a company and what is told of it. */
struct change {
	const char *sql;   /* $1 company, $2 new value, $3 reason, $4 caller; no row when nothing changes */
	size_t parameters; /* how many of them it has */
	const char *value;
	const char *topic;
	const char *action;
};

/* A moderator cannot decide about a company of their own, or one for which they made an API key. Administrators may:
 * there might be no other. */
static int may_decide(struct rpc_call *call, const struct pg_result *company)
{
	if (pg_count(company) == 0)
		return rpc_not_found(call, "company");
	if (pg_boolean(company, 0, 1) && !rpc_caller_has_role(call, ROLE_ADMIN))
		return context_fail(call->ctx, ERROR_FORBIDDEN, "own_company",
				    "moderators do not decide about companies that they are members of or made an "
				    "API key of");
	return 0;
}

/* Runs the change; *ret_changed false and the company as it was when there is nothing to change. NULL with an error. */
static struct pg_result *make_change(struct rpc_call *call, struct pg_tx *tx, const struct change *change,
				     bool *ret_changed)
{
	const char *id = rpc_param(call, "id");
	const char *values[] = {id, change->value, rpc_param(call, "reason"), rpc_caller_id(call)};
	struct pg_result *before = pg_query(call->ctx, tx, LOCK_COMPANY, id, rpc_caller_id(call));
	if (!before || may_decide(call, before))
		return NULL;
	struct pg_result *after = pg_query_values(call->ctx, tx, change->sql, change->parameters, values);
	if (!after)
		return NULL;
	*ret_changed = pg_count(after) > 0;
	if (!*ret_changed)
		return before;
	audit_record(call, tx,
		     &(struct audit_event){.action = change->action, .company_id = id, .details = reason_json(call)});
	return rpc_publish(call, tx, change->topic, id, pg_text(after, 0, 1)) ? NULL : after;
}

/* The decision, by letter to the owners. company: with its name in the third column. */
static int tell_owners(struct rpc_call *call, struct pg_tx *tx, const char *template_name,
		       const struct pg_result *company)
{
	struct pg_result *owners = pg_query(call->ctx, tx, SELECT_OWNERS, rpc_param(call, "id"));
	if (!owners)
		return -1;
	struct buffer data;
	buffer_init_arena(&data, &call->ctx->arena, 2 * MAX_DETAILS);
	buffer_append_text(&data, "{\"company\":");
	buffer_append_json_string(&data, pg_text(company, 0, 2));
	buffer_append_text(&data, ",\"reason\":");
	buffer_append_json_string(&data, rpc_param(call, "reason"));
	buffer_append_char(&data, '}');
	for (size_t i = 0; i < pg_count(owners); i++)
		mail_queue(call, tx,
			   &(struct mail){.template_name = template_name,
					  .recipient = pg_text(owners, i, 0),
					  .locale = pg_text(owners, i, 1),
					  .data = buffer_text(&data)});
	return 0;
}

int company_verify(struct rpc_call *call)
{
	const char *decision = rpc_param(call, "decision");
	bool verified = strcmp(decision, "verified") == 0, changed = false;
	const struct change change = {.sql = SET_VERIFICATION,
				      .parameters = 4,
				      .value = decision,
				      .topic = "passport.company.verified",
				      .action = verified ? "company.verified" : "company.rejected"};
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *company = make_change(call, tx, &change, &changed);
	if (!company || (changed && tell_owners(call, tx, verified ? "company_verified" : "company_rejected", company)))
		return -1;
	return rpc_commit_row(call, tx, company, "company");
}

/* Suspends or restores. */
static int set_state(struct rpc_call *call, const struct change *change)
{
	bool changed = false;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *company = make_change(call, tx, change, &changed);
	if (!company)
		return -1;
	/* Restored rights come with the next tokens: tokens issued before lack them, so daemons ask passport. */
	if (changed && strcmp(change->value, "suspended") == 0)
		revocation_add_company(call, tx, rpc_param(call, "id"));
	return rpc_commit_row(call, tx, company, "company");
}

int company_suspend(struct rpc_call *call)
{
	return set_state(call, &(struct change){.sql = SET_STATE,
						.parameters = 3,
						.value = "suspended",
						.topic = "passport.company.suspended",
						.action = "company.suspended"});
}

int company_restore(struct rpc_call *call)
{
	return set_state(call, &(struct change){.sql = SET_STATE,
						.parameters = 3,
						.value = "active",
						.topic = "passport.company.restored",
						.action = "company.restored"});
}
