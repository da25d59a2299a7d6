#include "time_zone.h"

static const char KNOWS_ZONE[] = "SELECT FROM time_zone WHERE name = $1";

int time_zone_check(struct rpc_call *call)
{
	const char *zone = rpc_param(call, "time_zone");
	if (!zone)
		return 0;
	struct pg_result *known = pg_read(call->ctx, call->db, KNOWS_ZONE, zone);
	if (!known)
		return -1;
	return pg_count(known) > 0 ? 0 : rpc_invalid(call, "/params/time_zone", "time_zone", "\"an IANA time zone\"");
}
