#include "version.h"

int version_check(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *updated, const char *exists_sql,
		  const char *id, const char *noun)
{
	if (!updated)
		return -1;
	if (pg_count(updated) > 0)
		return 0;
	struct pg_result *exists = pg_query_values(call->ctx, tx, exists_sql, 1, &id);
	if (!exists)
		return -1;
	if (pg_count(exists) == 0)
		return rpc_not_found(call, noun);
	return rpc_stale(call, noun);
}
