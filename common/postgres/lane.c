/* A lane: statements that run alone, under a time limit of PostgreSQL's own, and take turns by client. */
#include "base/fatal.h"
#include "base/hash.h"
#include "postgres/internal.h"
#include "telemetry/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_MS 1000 /* a full queue takes about so long to move on */

/* Ends with the transaction, an implicit one too, so that a pooler may give the next one to somebody else. */
static const char LIMIT_TIME[] = "SELECT set_config('statement_timeout', $1, true)";

struct pg_lane *pg_lane_new(const struct pg_options *options)
{
	struct pg_lane *lane = must_calloc(1, sizeof(*lane));
	const char *const name[] = {options->lane};
	lane->name = options->lane;
	(void)snprintf(lane->limit, sizeof(lane->limit), "%lld",
		       (long long)(options->statement_timeout / CLOCK_MILLISECOND));
	lane->wait_seconds = metric_series(metric_register(METRIC_HISTOGRAM, "eventloop_lane_wait_seconds",
							   "Time statements of a lane waited for their turn.", "lane"),
					   name);
	lane->running = metric_series(
	    metric_register(METRIC_GAUGE, "eventloop_lane_running", "Connections of a lane in use.", "lane"), name);
	lane->refused = metric_series(metric_register(METRIC_COUNTER, "eventloop_lane_refused_total",
						      "Statements refused because the lane's queue was full.", "lane"),
				      name);
	lane->timeouts = metric_series(metric_register(METRIC_COUNTER, "eventloop_lane_timeouts_total",
						       "Statements of a lane ended by its time limit.", "lane"),
				       name);
	return lane;
}

uint64_t pg_lane_share(const struct context *ctx)
{
	return ctx->share ? hash_bytes(ctx->share, strlen(ctx->share)) : 0;
}

/* The latest turn that the share waits for or has. */
static uint64_t last_turn(const struct pg *pg, uint64_t share)
{
	uint64_t last = pg->lane->turn;
	for (size_t i = 0; i < pg->count; i++) {
		const struct pg_connection *connection = &pg->connections[i];
		if (connection->use == PG_USE_LEASED && connection->share == share && connection->turn > last)
			last = connection->turn;
	}
	for (const struct pg_waiter *waiter = pg->first_waiter; waiter; waiter = waiter->next) {
		if (waiter->share == share && waiter->turn > last)
			last = waiter->turn;
	}
	return last;
}

uint64_t pg_lane_turn(const struct pg *pg, uint64_t share)
{
	return last_turn(pg, share) + 1;
}

struct pg_waiter *pg_lane_next(struct pg *pg)
{
	struct pg_waiter *best = pg->first_waiter;
	for (struct pg_waiter *waiter = best; waiter; waiter = waiter->next) {
		if (waiter->turn < best->turn)
			best = waiter;
	}
	if (best)
		pg->lane->turn = best->turn;
	return best;
}

static size_t waiting(const struct pg *pg, uint64_t share)
{
	size_t count = 0;
	for (const struct pg_waiter *waiter = pg->first_waiter; waiter; waiter = waiter->next)
		count += waiter->share == share;
	return count;
}

struct pg_waiter *pg_lane_greediest(const struct pg *pg, uint64_t share)
{
	struct pg_waiter *found = NULL;
	size_t most = waiting(pg, share) + 1;
	for (struct pg_waiter *waiter = pg->last_waiter; waiter; waiter = waiter->previous) {
		size_t count = waiting(pg, waiter->share);
		if (count > most) {
			found = waiter;
			most = count;
		}
	}
	return found;
}

void pg_lane_limit(struct pg_connection *connection)
{
	const struct pg_lane *lane = connection->pg->lane;
	if (lane)
		pg_connection_send(connection, NULL, LIMIT_TIME, 1, (const char *const[]){lane->limit});
}

int pg_lane_refuse(struct context *ctx, const struct pg *pg)
{
	(void)context_fail(ctx, ERROR_OVERLOADED, "lane", "too many wait for a %s already", pg->lane->name);
	ctx->error.retry_after_ms = RETRY_AFTER_MS;
	metric_add(pg->lane->refused, 1);
	return -1;
}

/* The server cancels a statement of a lane at the limit and for no other reason: cancels of ours are absorbed before.
 */
void pg_lane_explain(struct context *ctx, const struct pg *pg)
{
	if (!pg->lane || strcmp(ctx->error.sqlstate, "57014") != 0)
		return;
	error_clear(&ctx->error);
	(void)context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL,
			   "a statement of a %s may take %s ms at most: ask for less", pg->lane->name, pg->lane->limit);
	metric_add(pg->lane->timeouts, 1);
}

static bool lost(const struct context *ctx)
{
	return ctx->error.code == ERROR_UNAVAILABLE && strcmp(ctx->error.reason, "connection_lost") == 0;
}

struct pg_result *pg_lane_read(struct context *ctx, struct pg *pg, const char *sql, size_t count,
			       const char *const *values)
{
	struct pg_result *result = pg_write_values(ctx, pg, sql, count, values);
	/* It changes nothing, so it may be asked once more. */
	if (!result && lost(ctx)) {
		error_clear(&ctx->error);
		result = pg_write_values(ctx, pg, sql, count, values);
	}
	return result;
}
