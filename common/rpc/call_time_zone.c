#include "rpc/call.h"

static const char KNOWS_ZONE[] = "SELECT time_zone_known($1)";

int rpc_check_time_zone(struct rpc_call *call)
{
	const char *zone = rpc_param(call, "time_zone");
	if (!zone)
		return 0;
	struct pg_result *known = pg_read(call->ctx, call->db, KNOWS_ZONE, zone);
	if (!known)
		return -1;
	return pg_boolean(known, 0, 0) ? 0 : rpc_invalid(call, "/params/time_zone", "format", "\"time-zone\"");
}
