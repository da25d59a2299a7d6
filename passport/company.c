#include "company.h"

#include "base/ids.h"
#include "sql.h"

#define MAX_OWN_COMPANIES "100"

static const char INSERT_COMPANY[] =
    "WITH c AS (INSERT INTO company (id, name, country) VALUES ($1, $2, $3) RETURNING *), "
    "m AS (INSERT INTO company_member (company_id, user_id, \"right\") SELECT id, $4, 'owner' FROM c) "
    "SELECT " COMPANY_JSON "::text FROM c";

static const char COUNT_OWNED[] = "SELECT count(*) >= " MAX_OWN_COMPANIES
				  " FROM (SELECT 1 FROM company_member WHERE user_id = $1 AND \"right\" = 'owner' "
				  "LIMIT " MAX_OWN_COMPANIES ") owned";

static const char SELECT_COMPANY[] = "SELECT " COMPANY_JSON "::text FROM company c WHERE c.id = $1";

static const char SELECT_RIGHT[] = "SELECT jsonb_build_object('right', (SELECT m.\"right\" FROM company_member m JOIN "
				   "company c ON c.id = m.company_id "
				   "WHERE m.user_id = $1 AND m.company_id = $2 AND c.state = 'active'))::text";

int company_create(struct rpc_call *call)
{
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *limit = pg_query(call->ctx, tx, COUNT_OWNED, rpc_caller_id(call));
	if (!limit)
		return -1;
	if (pg_boolean(limit, 0, 0))
		return rpc_precondition(call, "max_companies", "\"maximum\":" MAX_OWN_COMPANIES,
					"a user may own at most " MAX_OWN_COMPANIES " companies");
	struct pg_result *company = pg_query(call->ctx, tx, INSERT_COMPANY, id, rpc_param(call, "name"),
					     rpc_param(call, "country"), rpc_caller_id(call));
	if (!company || rpc_publish(call, tx, "passport.company.created", id, pg_text(company, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, company, "company");
}

int company_get(struct rpc_call *call)
{
	struct pg_result *company = pg_read(call->ctx, call->db, SELECT_COMPANY, rpc_param(call, "id"));
	if (!company)
		return -1;
	return rpc_reply_row(call, company, "company");
}

int member_right(struct rpc_call *call)
{
	struct pg_result *right =
	    pg_read(call->ctx, call->db, SELECT_RIGHT, rpc_param(call, "user_id"), rpc_param(call, "company_id"));
	if (!right)
		return -1;
	return rpc_reply_row(call, right, "member");
}
