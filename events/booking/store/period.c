#include "booking/store/period.h"

#include "availability/asked.h"
#include "base/clock.h"
#include "daemon/daemon.h"

#define DAY (86400 * CLOCK_SECOND)
#define SLACK (60 * CLOCK_SECOND) /* a caller's clock may be behind */

const struct data_check period_shortest_check = {
    .name = "booking_shortest",
    .help = "bookings shorter than booking_shortest: they stand, and cannot be reviewed",
    .setting = "booking_shortest",
    .sql = "SELECT b.id, b.listing_id, b.user_id, api_period(b.period) AS period FROM booking b "
	   "WHERE b.state IN ('confirmed', 'completed') AND " PERIOD_SHORTER("b.period", "$1"),
};

int64_t period_shortest(const struct daemon_worker *worker)
{
	return config_integer(worker->config, "booking_shortest");
}

int period_read_time(struct rpc_call *call, const char *name, const char **ret_time)
{
	int64_t wall = 0;
	const char *given = rpc_param(call, name);
	if (given && !clock_parse(given, &wall))
		return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/%s", name), "format",
				   "\"date-time\"");
	char text[CLOCK_TEXT_SIZE];
	clock_format(wall, text);
	*ret_time = given ? arena_strdup(&call->ctx->arena, text) : NULL;
	return 0;
}

int period_read_any(struct rpc_call *call, const char **ret_range)
{
	struct span period;
	if (asked_period(call, &period))
		return -1;
	*ret_range = pg_range_text(&call->ctx->arena, period.from, period.to);
	return 0;
}

static int too_long(struct rpc_call *call)
{
	return rpc_precondition(call, "max_duration", "\"maximum_days\":366", "longer than 366 days");
}

static int too_short(struct rpc_call *call, int64_t shortest)
{
	long long seconds = shortest / CLOCK_SECOND;
	return rpc_precondition(call, "min_duration",
				arena_printf(&call->ctx->arena, "\"minimum_seconds\":%lld", seconds),
				"shorter than %lld seconds", seconds);
}

int period_check_longest(struct rpc_call *call, const struct span *period)
{
	return period->to - period->from > (PERIOD_MAX_DAYS + 1) * DAY ? too_long(call) : 0;
}

int period_check_shortest(struct rpc_call *call, const struct span *period)
{
	int64_t shortest = period_shortest(call->worker);
	return period->to - period->from < shortest ? too_short(call, shortest) : 0;
}

int period_read_span(struct rpc_call *call, struct span *ret)
{
	return asked_period(call, ret) ? -1 : period_check_longest(call, ret);
}

int period_check_clock(struct rpc_call *call, const struct span *period, int64_t now)
{
	if (period->to <= now)
		return rpc_precondition(call, "in_past", NULL, "the period has ended");
	if (period->from < now - SLACK)
		return rpc_precondition(call, "in_past", NULL, "the period begins in the past");
	if (period->to > now + PERIOD_HORIZON_DAYS * DAY)
		return rpc_precondition(call, "horizon", "\"maximum_days\":" PERIOD_HORIZON_TEXT,
					"ends more than " PERIOD_HORIZON_TEXT " days ahead");
	return 0;
}
