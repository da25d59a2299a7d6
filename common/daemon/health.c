#include "daemon/process.h"

#include "base/buffer.h"
#include "daemon/process_metrics.h"
#include "http/stream.h"
#include "postgres/migrate.h"
#include "telemetry/metrics.h"

#include <string.h>

#define CHECK_AGAIN (5 * CLOCK_SECOND)
#define METRICS_MAX ((size_t)8 * 1024 * 1024)

static void reply_json(struct http_exchange *exchange, int status, const char *text)
{
	http_reply_header(exchange, "Cache-Control", "no-store");
	http_reply(exchange, status, "application/json", text, strlen(text));
}

static void serve_livez(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	reply_json(exchange, 200, "{\"status\":\"alive\"}");
}

int health_check_schema(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_worker *worker = &thread->worker;
	if (!worker->db)
		return 0;
	if (thread->schema_checked != 0 && clock_monotonic() - thread->schema_checked < CHECK_AGAIN)
		return 0;
	if (migrate_check(ctx, worker->db, thread->process->migrations))
		return -1;
	thread->schema_checked = clock_monotonic();
	return 0;
}

static int check_ready(struct daemon_thread *thread, struct context *ctx)
{
	struct daemon_worker *worker = &thread->worker;
	if (atomic_load(&thread->process->stopping))
		return context_fail(ctx, ERROR_UNAVAILABLE, "stopping", "stopping");
	if (atomic_load(&thread->state) != THREAD_SERVING)
		return context_fail(ctx, ERROR_UNAVAILABLE, "starting", "starting; waiting for: %s",
				    thread->waiting_for[0] != '\0' ? thread->waiting_for : "nothing");
	if (worker->db && !pg_ready(worker->db))
		return context_fail(ctx, ERROR_UNAVAILABLE, "database", "the database is not connected");
	if (health_check_schema(thread, ctx))
		return -1;
	return worker->spec->ready ? worker->spec->ready(worker, ctx) : 0;
}

static void serve_readyz(struct http_exchange *exchange, void *argument)
{
	struct context *ctx = exchange->ctx;
	if (check_ready(argument, ctx) == 0) {
		reply_json(exchange, 200, "{\"status\":\"ready\"}");
		return;
	}
	const char *message = ctx->error.message[0] != '\0' ? ctx->error.message : error_word(ctx->error.code);
	struct buffer text;
	buffer_init_arena(&text, &ctx->arena, 2048);
	buffer_append_text(&text, "{\"status\":\"not ready\",\"reason\":");
	buffer_append_json_string(&text, message);
	buffer_append_char(&text, '}');
	reply_json(exchange, 503, buffer_text(&text));
}

static void serve_metrics(struct http_exchange *exchange, void *argument)
{
	process_metrics_sample(argument);
	struct buffer text;
	buffer_init_arena(&text, &exchange->ctx->arena, METRICS_MAX);
	metrics_render(&text);
	http_reply(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", buffer_text(&text), text.length);
}

void health_routes(struct daemon_thread *thread)
{
	struct http_server *http = thread->internal ? thread->internal : thread->worker.http;
	http_server_route_early(http, "GET", "/livez", 0, 0, serve_livez, thread);
	http_server_route_early(http, "GET", "/readyz", 0, 0, serve_readyz, thread);
	http_server_route_early(http, "GET", "/metrics", 0, 0, serve_metrics, thread);
}
