#include "booking/by_company.h"

static const char SELECT_COMPANY[] = "SELECT company_id FROM listing WHERE id = $1";

int by_company_require(struct rpc_call *call, const char *listing_id, enum company_right right)
{
	struct pg_result *company = pg_read(call->ctx, call->db, SELECT_COMPANY, listing_id);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_not_found(call, "listing");
	return rpc_require_right(call, pg_text(company, 0, 0), right);
}
