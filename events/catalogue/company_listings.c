#include "catalogue/company_listings.h"

static const char SELECT_COMPANIES[] =
    "SELECT jsonb_build_object('company_ids', coalesce(jsonb_agg(asked.id), '[]'))::text "
    "FROM jsonb_array_elements_text($1::jsonb) asked(id) WHERE EXISTS (SELECT FROM listing l "
    "WHERE l.company_id = asked.id::uuid AND l.state <> 'archived')";

int company_listings(struct rpc_call *call)
{
	struct pg_result *found = pg_read(call->ctx, call->db, SELECT_COMPANIES, rpc_param(call, "company_ids"));
	return found ? rpc_reply_row(call, found, "company") : -1;
}
