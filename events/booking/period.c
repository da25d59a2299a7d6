#include "booking/period.h"

#include "base/clock.h"

#define DAY (86400 * CLOCK_SECOND)
#define SLACK (60 * CLOCK_SECOND) /* a caller's clock may be behind */

struct span {
	int64_t from, to; /* wall microseconds */
};

static int read_span(struct rpc_call *call, struct span *ret)
{
	if (!clock_parse(rpc_param(call, "period.from"), &ret->from))
		return rpc_invalid(call, "/params/period/from", "format", "\"date-time\"");
	if (!clock_parse(rpc_param(call, "period.to"), &ret->to))
		return rpc_invalid(call, "/params/period/to", "format", "\"date-time\"");
	if (ret->to <= ret->from)
		return rpc_invalid(call, "/params/period/to", "after", "\"/params/period/from\"");
	return 0;
}

static const char *range_text(struct rpc_call *call, const struct span *span)
{
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	clock_format(span->from, from);
	clock_format(span->to, to);
	return arena_printf(&call->ctx->arena, "[%s,%s)", from, to);
}

int period_read_time(struct rpc_call *call, const char *name, const char **ret_time)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t wall = 0;
	const char *given = rpc_param(call, name);
	if (given && !clock_parse(given, &wall))
		return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/%s", name), "format",
				   "\"date-time\"");
	clock_format(wall, text);
	*ret_time = given ? arena_strdup(&call->ctx->arena, text) : NULL;
	return 0;
}

int period_read_any(struct rpc_call *call, const char **ret_range)
{
	struct span span;
	if (read_span(call, &span))
		return -1;
	*ret_range = range_text(call, &span);
	return 0;
}

int period_too_long(struct rpc_call *call)
{
	return rpc_precondition(call, "max_duration", "\"maximum_days\":366", "longer than 366 days");
}

int period_read(struct rpc_call *call, const char **ret_range)
{
	struct span span;
	int64_t now = clock_wall();
	if (read_span(call, &span))
		return -1;
	if (span.from < now - SLACK)
		return rpc_precondition(call, "in_past", NULL, "the period begins in the past");
	if (span.to - span.from > (PERIOD_MAX_DAYS + 1) * DAY)
		return period_too_long(call);
	if (span.to > now + PERIOD_HORIZON_DAYS * DAY)
		return rpc_precondition(call, "horizon", "\"maximum_days\":500", "ends more than 500 days ahead");
	*ret_range = range_text(call, &span);
	return 0;
}
