#include "companies/company.h"

#include "audit/audit.h"
#include "base/ids.h"
#include "companies/membership.h"
#include "sql.h"

#define MAX_OWN_COMPANIES "100"

static const char INSERT_COMPANY[] =
    "WITH c AS (INSERT INTO company (id, name, country) VALUES ($1, $2, $3) RETURNING *), "
    "m AS (INSERT INTO company_member (company_id, user_id, \"right\") SELECT id, $4, 'owner' FROM c) "
    "SELECT " COMPANY_JSON "::text FROM c";

/* Of two companies made at once the second is counted with the first; and who is just being erased makes none. */
static const char LOCK_USER[] = "SELECT FROM user_account WHERE id = $1 AND state = 'active' FOR NO KEY UPDATE";

static const char COUNT_OWNED[] = "SELECT count(*) >= " MAX_OWN_COMPANIES
				  " FROM (SELECT 1 FROM company_member WHERE user_id = $1 AND \"right\" = 'owner' "
				  "LIMIT " MAX_OWN_COMPANIES ") owned";

/* The details are for moderators ($3) and members, who see why their company was suspended though they have no right in
 * it then. */
static const char SELECT_COMPANY[] =
    "SELECT CASE WHEN $3::boolean OR EXISTS (SELECT 1 FROM company_member m WHERE m.company_id = c.id AND m.user_id = "
    "$2) THEN " COMPANY_DETAILS_JSON " ELSE " COMPANY_JSON " END::text FROM company c WHERE c.id = $1";

static const char UPDATE_COMPANY[] =
    "WITH wanted AS (SELECT old.id, coalesce(p.name, old.name) AS name, "
    "CASE WHEN $1::jsonb ? 'country' THEN p.country ELSE old.country END AS country "
    "FROM company old JOIN jsonb_to_record($1::jsonb) AS p(id uuid, version integer, name text, country text) "
    "ON old.id = p.id AND old.version = p.version), "
    "c AS (UPDATE company c SET name = w.name, country = w.country, verification = CASE WHEN c.verification = "
    "'verified' AND (w.name, w.country) IS DISTINCT FROM (c.name, c.country) THEN 'unverified' ELSE c.verification "
    "END, version = c.version + 1, updated_at = now() FROM wanted w WHERE c.id = w.id RETURNING c.*) "
    "SELECT " COMPANY_DETAILS_JSON "::text, " COMPANY_JSON "::text FROM c";

/* Locks the user, who is to own one more company. */
static int check_owner(struct rpc_call *call, struct pg_tx *tx, const char *user)
{
	struct pg_result *locked = pg_query(call->ctx, tx, LOCK_USER, user);
	if (!locked)
		return -1;
	if (pg_count(locked) == 0)
		return rpc_forbidden(call, "the account is not active");
	struct pg_result *limit = pg_query(call->ctx, tx, COUNT_OWNED, user);
	if (!limit)
		return -1;
	if (!pg_boolean(limit, 0, 0))
		return 0;
	return rpc_precondition(call, "max_companies", "\"maximum\":" MAX_OWN_COMPANIES,
				"a user may own at most " MAX_OWN_COMPANIES " companies");
}

int company_create(struct rpc_call *call)
{
	const char *user = rpc_caller_id(call);
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (check_owner(call, tx, user))
		return -1;
	struct pg_result *company =
	    pg_query(call->ctx, tx, INSERT_COMPANY, id, rpc_param(call, "name"), rpc_param(call, "country"), user);
	if (!company || rpc_publish(call, tx, "passport.company.created", id, pg_text(company, 0, 0)))
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = "company.created", .user_id = user, .company_id = id});
	return rpc_commit_row(call, tx, company, "company");
}

int company_get(struct rpc_call *call)
{
	bool privileged = rpc_caller_has_role(call, ROLE_MODERATOR) || call->caller->kind == IDENTITY_SERVICE;
	struct pg_result *company = pg_read(call->ctx, call->db, SELECT_COMPANY, rpc_param(call, "id"),
					    rpc_caller_id(call), privileged ? "true" : "false");
	return company ? rpc_reply_row(call, company, "company") : -1;
}

int company_update(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct membership membership;
	if (membership_lock(call, tx, id, NULL, &membership) || membership_demand(call, &membership, RIGHT_MANAGER))
		return -1;
	struct pg_result *company = pg_query(call->ctx, tx, UPDATE_COMPANY, rpc_params_text(call));
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_stale(call, "company");
	if (rpc_publish(call, tx, "passport.company.updated", id, pg_text(company, 0, 1)))
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = "company.updated", .company_id = id});
	return rpc_commit_row(call, tx, company, "company");
}
