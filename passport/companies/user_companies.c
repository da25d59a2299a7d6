#include "companies/user_companies.h"

#include "audit/audit.h"
#include "base/buffer.h"
#include "client/client.h"
#include "sessions/revocation.h"
#include "sql.h"

#include <string.h>

#define MAX_LIST ((size_t)256 * 1024)

/* Companies of which the user is the only active owner, and whether others belong to them. */
static const char SELECT_OWNED[] =
    "SELECT c.id, jsonb_build_object('id', c.id, 'name', c.name)::text, "
    "EXISTS (SELECT FROM company_member o WHERE o.company_id = c.id AND o.user_id <> $1) "
    "FROM company_member m JOIN company c ON c.id = m.company_id "
    "WHERE m.user_id = $1 AND m.\"right\" = 'owner' AND NOT EXISTS (SELECT FROM company_member o "
    "JOIN user_account a ON a.id = o.user_id AND a.state = 'active' WHERE o.company_id = c.id AND o.user_id <> $1 "
    "AND o.\"right\" = 'owner') ORDER BY c.id LIMIT 1000";

static const char SELECT_MEMBERSHIPS[] = "SELECT company_id FROM company_member WHERE user_id = $1 ORDER BY company_id";

static const char HAS_OTHERS[] = "SELECT EXISTS (SELECT FROM company_member WHERE company_id = $1 AND user_id <> $2)";

static const char END_MEMBERSHIP[] = "DELETE FROM company_member WHERE company_id = $1 AND user_id = $2";

static const char SUSPEND_COMPANY[] =
    "UPDATE company c SET state = 'suspended', state_reason = 'nobody belongs to it any more', version = version + 1, "
    "updated_at = now() WHERE c.id = $1 AND c.state <> 'suspended' RETURNING " COMPANY_JSON "::text";

static int last_owner(struct rpc_call *call, const char *companies)
{
	return rpc_precondition(call, "last_owner", arena_printf(&call->ctx->arena, "\"companies\":[%s]", companies),
				"companies with other members or listings need another owner first");
}

/* Ids of the companies nobody else belongs to, as a JSON array's inside. */
static const char *ids_of_lonely(struct rpc_call *call, const struct pg_result *owned)
{
	struct buffer ids;
	buffer_init_arena(&ids, &call->ctx->arena, MAX_LIST);
	for (size_t i = 0; i < pg_count(owned); i++)
		if (!pg_boolean(owned, i, 2))
			buffer_printf(&ids, "%s\"%s\"", ids.length > 0 ? "," : "", pg_text(owned, i, 0));
	return buffer_text(&ids);
}

/* Which of the companies have listings: events' answer, an array of ids. NULL with an error. */
static struct json_object *ask_events(struct rpc_call *call, const char *ids)
{
	struct json_object *found = NULL;
	struct rpc_request request = {
	    .method = "events.listing.companies",
	    .params = arena_printf(&call->ctx->arena, "{\"company_ids\":[%s]}", ids),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	struct json_object *answer = rpc_invoke(call->ctx, call->client, &request);
	if (!answer)
		return NULL;
	if (!json_object_object_get_ex(answer, "company_ids", &found))
		(void)context_fail_internal(call->ctx, "events has not said which companies have listings");
	return found;
}

static bool contains(struct json_object *ids, const char *id)
{
	for (size_t i = 0; ids && i < json_object_array_length(ids); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(ids, i)), id) == 0)
			return true;
	return false;
}

int user_companies_check(struct rpc_call *call)
{
	struct json_object *listed = NULL;
	struct pg_result *owned = pg_read(call->ctx, call->db, SELECT_OWNED, rpc_caller_id(call));
	if (!owned)
		return -1;
	const char *lonely = ids_of_lonely(call, owned);
	if (*lonely && !(listed = ask_events(call, lonely)))
		return -1;
	struct buffer blocked;
	buffer_init_arena(&blocked, &call->ctx->arena, MAX_LIST);
	for (size_t i = 0; i < pg_count(owned); i++)
		if (pg_boolean(owned, i, 2) || contains(listed, pg_text(owned, i, 0)))
			buffer_printf(&blocked, "%s%s", blocked.length > 0 ? "," : "", pg_text(owned, i, 1));
	return blocked.length > 0 ? last_owner(call, buffer_text(&blocked)) : 0;
}

static const char COUNT_MEMBERSHIPS[] = "SELECT count(*) FROM company_member WHERE user_id = $1";

/* Its API keys, locked before, are void with it. */
static int suspend_company(struct rpc_call *call, struct pg_tx *tx, const char *id)
{
	struct pg_result *company = pg_query(call->ctx, tx, SUSPEND_COMPANY, id);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return 0;
	audit_record(call, tx, &(struct audit_event){.action = "company.suspended", .company_id = id});
	revocation_add_keys(call, tx, id);
	return rpc_publish(call, tx, "passport.company.suspended", id, pg_text(company, 0, 0));
}

/* Whether nobody is left in the company once the caller has gone. -1 when it would be left without an owner. */
static int find_lonely(struct rpc_call *call, struct pg_tx *tx, const struct membership *membership, bool *ret_lonely)
{
	if (membership->subject != RIGHT_OWNER || membership->other_owner)
		return 0;
	struct pg_result *others = pg_query(call->ctx, tx, HAS_OTHERS, membership->company_id, rpc_caller_id(call));
	if (!others)
		return -1;
	*ret_lonely = !pg_boolean(others, 0, 0);
	if (*ret_lonely) {
		revocation_lock_keys(call, tx, membership->company_id);
		return 0;
	}
	struct buffer company;
	buffer_init_arena(&company, &call->ctx->arena, MAX_LIST);
	buffer_printf(&company, "{\"id\":\"%s\",\"name\":", membership->company_id);
	buffer_append_json_string(&company, membership->company_name);
	buffer_append_char(&company, '}');
	return last_owner(call, buffer_text(&company));
}

int user_companies_lock(struct rpc_call *call, struct pg_tx *tx, struct user_companies *ret)
{
	const char *user_id = rpc_caller_id(call);
	struct pg_result *ids = pg_query(call->ctx, tx, SELECT_MEMBERSHIPS, user_id);
	*ret = (struct user_companies){0};
	if (!ids)
		return -1;
	ret->memberships = arena_zalloc(&call->ctx->arena, (pg_count(ids) + 1) * sizeof(*ret->memberships));
	ret->is_lonely = arena_zalloc(&call->ctx->arena, (pg_count(ids) + 1) * sizeof(*ret->is_lonely));
	for (; ret->count < pg_count(ids); ret->count++) {
		struct membership *membership = &ret->memberships[ret->count];
		if (membership_lock(call, tx, pg_text(ids, ret->count, 0), user_id, membership) ||
		    find_lonely(call, tx, membership, &ret->is_lonely[ret->count]))
			return -1;
	}
	return 0;
}

int user_companies_unchanged(struct rpc_call *call, struct pg_tx *tx, const struct user_companies *companies)
{
	struct pg_result *row = pg_query(call->ctx, tx, COUNT_MEMBERSHIPS, rpc_caller_id(call));
	if (!row)
		return -1;
	if ((size_t)pg_integer(row, 0, 0) == companies->count)
		return 0;
	return rpc_conflict(call, "memberships", "your companies are just changing: try again");
}

int user_companies_leave(struct rpc_call *call, struct pg_tx *tx, const struct user_companies *companies)
{
	const char *user_id = rpc_caller_id(call);
	for (size_t i = 0; i < companies->count; i++) {
		const struct membership *membership = &companies->memberships[i];
		const char *id = membership->company_id;
		pg_queue(call->ctx, tx, END_MEMBERSHIP, id, user_id);
		audit_record(call, tx,
			     &(struct audit_event){.action = "member.left", .user_id = user_id, .company_id = id});
		if ((companies->is_lonely[i] && suspend_company(call, tx, id)) ||
		    membership_changed(call, tx, membership, user_id, NULL))
			return -1;
	}
	return 0;
}
