#include "catalogue/draft_limit.h"

#include "daemon/daemon.h"

#define SETTING "drafts_per_company"

static const char LOCK_COMPANY[] = "SELECT pg_advisory_xact_lock(hashtextextended('events.drafts ' || $1, 0))";

/* The limit inside keeps a company that has far more from being counted. */
static const char COUNT_DRAFTS[] =
    "SELECT count(*) FROM (SELECT FROM listing WHERE company_id = $1 AND state IN ('draft', 'submitted', 'rejected') "
    "LIMIT $2::bigint) drafts";

const struct data_check draft_limit_data = {
    .name = "too_many_drafts",
    .help = "companies with more unpublished listings than drafts_per_company",
    .setting = SETTING,
    .sql = "SELECT company_id, count(*) AS drafts FROM listing WHERE state IN ('draft', 'submitted', 'rejected') "
	   "GROUP BY company_id HAVING count(*) > $1::bigint ORDER BY 2 DESC",
};

int draft_limit_check(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	struct arena *arena = &call->ctx->arena;
	long long maximum = config_integer(call->worker->config, SETTING);
	pg_queue(call->ctx, tx, LOCK_COMPANY, company_id);
	struct pg_result *drafts =
	    pg_query(call->ctx, tx, COUNT_DRAFTS, company_id, arena_printf(arena, "%lld", maximum));
	if (!drafts)
		return -1;
	if (pg_integer(drafts, 0, 0) < maximum)
		return 0;
	return rpc_precondition(call, "too_many_drafts", arena_printf(arena, "\"maximum\":%lld", maximum),
				"the company has %lld listings that are not published", maximum);
}
