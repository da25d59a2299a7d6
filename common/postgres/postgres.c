#include "co/loop.h"
#include "co/offload.h"
#include "postgres/internal.h"
#include "telemetry/metrics.h"

#include <event2/event.h>
#include <stdlib.h>

#define DEFAULT_READ_CONNECTIONS 1
#define DEFAULT_LEASE_CONNECTIONS 6
#define DEFAULT_QUEUE_LIMIT 1024

void pg_hold(struct pg *pg)
{
	pg->users++;
}

void pg_drop(struct pg *pg)
{
	if (--pg->users > 0)
		return;
	for (size_t i = 0; i < pg->count; i++)
		pg_connection_free(&pg->connections[i]);
	offload_pool_free(pg->pool);
	pg_target_done(&pg->target);
	free(pg->connections);
	free(pg->lane);
	free(pg);
}

int64_t pg_timeout(const struct context *ctx, const struct pg *pg)
{
	int64_t since = pg->down_since ? pg->down_since : clock_monotonic();
	return deadline_earlier(ctx->deadline, since + PG_TIMEOUT);
}

static void metrics_make(struct pg *pg)
{
	struct metric_family *statements =
	    metric_register(METRIC_COUNTER, "eventloop_pg_statements_total", "Statements sent.", "kind");
	pg->reads_total = metric_series(statements, (const char *const[]){"read"});
	pg->writes_total = metric_series(statements, (const char *const[]){pg->lane ? pg->lane->name : "write"});
	pg->wait_seconds = pg->lane ? pg->lane->wait_seconds
				    : metric_single(METRIC_HISTOGRAM, "eventloop_pg_wait_seconds",
						    "Time callers waited for a leased connection.");
	pg->leases_in_use =
	    pg->lane ? pg->lane->running
		     : metric_single(METRIC_GAUGE, "eventloop_pg_leases_in_use", "Leased connections in use.");
	pg->reconnects =
	    metric_single(METRIC_COUNTER, "eventloop_pg_reconnects_total", "Connections made anew after a loss.");
}

static size_t or_default(size_t value, size_t fallback)
{
	return value > 0 ? value : fallback;
}

struct pg *pg_new(const struct pg_options *options)
{
	struct pg *pg = calloc(1, sizeof(*pg));
	if (!pg || pg_target_init(&pg->target, options->url) != 0) {
		free(pg);
		return NULL;
	}
	pg->lane = options->lane ? pg_lane_new(options) : NULL;
	pg->shared_count = pg->lane ? 0 : or_default(options->read_connections, DEFAULT_READ_CONNECTIONS);
	pg->count = pg->shared_count + or_default(options->lease_connections, DEFAULT_LEASE_CONNECTIONS);
	pg->queue_limit = or_default(options->queue_limit, DEFAULT_QUEUE_LIMIT);
	pg->users = 1;
	pg->down_since = clock_monotonic();
	pg->connections = calloc(pg->count, sizeof(*pg->connections));
	pg->flush = loop_at_pass_end(loop_current(), pg_reads_flush, pg);
	pg->watch = evtimer_new(loop_base(loop_current()), pg_watch_tick, pg);
	if (!pg->connections || !pg->watch)
		abort();
	metrics_make(pg);
	for (size_t i = 0; i < pg->count; i++)
		pg_connection_init(&pg->connections[i], pg, i < pg->shared_count);
	/* The other leases once somebody has to wait for one. */
	for (size_t i = 0; i <= pg->shared_count; i++)
		pg_connection_open(&pg->connections[i]);
	return pg;
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	pg->closing = true;
	loop_hook_free(pg->flush);
	for (size_t i = 0; i < pg->count; i++)
		pg_connection_close(&pg->connections[i]);
	event_free(pg->watch);
	pg_reads_close(pg);
	pg_leases_close(pg);
	pg_drop(pg);
}

bool pg_ready(const struct pg *pg)
{
	return pg_reads_up(pg) && pg_leases_up(pg);
}
