#include "time_param.h"

#include "base/clock.h"

int time_param(struct rpc_call *call, const char *name, const char **ret_time, int64_t *ret_wall)
{
	int64_t wall = 0;
	const char *given = rpc_param(call, name);
	*ret_time = NULL;
	if (!given)
		return 0;
	if (!clock_parse(given, &wall))
		return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/%s", name), "format",
				   "\"date-time\"");
	char text[CLOCK_TEXT_SIZE];
	clock_format(wall, text);
	*ret_time = arena_strdup(&call->ctx->arena, text);
	if (ret_wall)
		*ret_wall = wall;
	return 0;
}
