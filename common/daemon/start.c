#include "daemon/process.h"

#include "api/api.h"
#include "base/version.h"
#include "co/co.h"
#include "co/loop.h"
#include "daemon/revocation_watch.h"
#include "daemon/settings.h"
#include "http/stream.h"
#include "link/link.h"
#include "rpc/dispatch.h"
#include "rpc/http_endpoint.h"
#include "telemetry/log.h"

#include <stdio.h>
#include <string.h>

#define CHECK_DEADLINE (5 * CLOCK_SECOND)
#define CHECK_PAUSE_FIRST (5 * CLOCK_MILLISECOND)
#define CHECK_PAUSE_LAST (500 * CLOCK_MILLISECOND)
#define START_DEADLINE (30 * CLOCK_SECOND)
#define BUDGET_ANSWERS 3	/* of max_answer, for which each thread has room at least */
#define INTERNAL_CONNECTIONS 64 /* a thread */
/* Calls from outside come through the gateway alone: the others call for themselves. */
#define SPEAKER "gateway"

/* Fails when a thread's share has no room for a few answers, since it would close well-behaved connections. *ret:
 * bytes. */
static int share_of_budget(const struct daemon_thread *thread, struct context *ctx, size_t *ret)
{
	const struct config *config = thread->process->config;
	int64_t budget = config_integer(config, "buffer_budget"), count = (int64_t)thread->process->count;
	int64_t least = BUDGET_ANSWERS * config_integer(config, "max_answer");
	*ret = (size_t)(budget / count);
	if (budget == 0 || budget / count >= least)
		return 0;
	return context_fail_internal(ctx, "buffer_budget is too small: %lld workers with max_answer need %lld bytes",
				     (long long)count, (long long)(least * count));
}

static int listen_http(struct daemon_thread *thread, struct context *ctx)
{
	const struct config *config = thread->process->config;
	size_t budget;
	if (share_of_budget(thread, ctx, &budget))
		return -1;
	bool direct = strcmp(config_text(config, "http_engine"), "direct") == 0;
	struct http_server_options options = {
	    .engine = direct ? HTTP_ENGINE_DIRECT : HTTP_ENGINE_EVHTTP,
	    .address = config_text(config, "listen_address"),
	    .port = thread->process->port,
	    .max_body = (size_t)config_integer(config, "max_body"),
	    .max_headers = (size_t)config_integer(config, "max_headers"),
	    .max_connections = (size_t)config_integer(config, "max_connections"),
	    .max_connections_per_address = (size_t)config_integer(config, "connections_per_address"),
	    .max_in_flight = (size_t)config_integer(config, "max_in_flight"),
	    .budget = budget,
	    .read_timeout = config_integer(config, "read_timeout"),
	    .idle_timeout = config_integer(config, "idle_timeout"),
	    .request_deadline = config_integer(config, "request_deadline"),
	    .on_fault = rpc_http_fault,
	};
	char error[DAEMON_TEXT_SIZE];
	thread->worker.http = http_server_new(&options, error, sizeof(error));
	if (!thread->worker.http)
		return context_fail_internal(ctx, "%s", error);
	/* The others come later and listen on the same ports. */
	if (thread->worker.index == 0)
		thread->process->port = http_server_port(thread->worker.http);
	return 0;
}

/* Opens the separate listener for probes and scrapes, when internal_listen is set. */
static int listen_internal(struct daemon_thread *thread, struct context *ctx)
{
	struct daemon_process *process = thread->process;
	struct http_server_options options = {
	    .address = process->internal.host,
	    .port = process->internal.port,
	    .max_connections = INTERNAL_CONNECTIONS,
	    .on_fault = rpc_http_fault,
	};
	if (!process->has_internal)
		return 0;
	char error[DAEMON_TEXT_SIZE];
	thread->internal = http_server_new(&options, error, sizeof(error));
	if (!thread->internal)
		return context_fail_internal(ctx, "internal_listen: %s", error);
	if (thread->worker.index == 0)
		process->internal.port = http_server_port(thread->internal);
	return 0;
}

static int listen_link(struct daemon_thread *thread, struct context *ctx)
{
	const struct config *config = thread->process->config;
	if (thread->worker.spec->uncalled)
		return 0;
	size_t largest = (size_t)config_integer(config, "max_answer");
	if ((size_t)config_integer(config, "max_body") > largest)
		largest = (size_t)config_integer(config, "max_body");
	struct link_server_options options = {
	    .address = config_text(config, "link_address"),
	    .port = thread->process->link_port,
	    .name = thread->worker.spec->name,
	    .secrets = settings_link_secrets(config),
	    .speaker = SPEAKER,
	    .dispatcher = thread->worker.dispatcher,
	    .max_line = largest + (size_t)64 * 1024,
	    .max_in_flight = (size_t)config_integer(config, "max_in_flight"),
	    .request_deadline = config_integer(config, "request_deadline"),
	};
	char error[DAEMON_TEXT_SIZE];
	thread->link = link_server_new(&options, error, sizeof(error));
	if (!thread->link)
		return context_fail_internal(ctx, "%s", error);
	if (thread->worker.index == 0)
		thread->process->link_port = link_server_port(thread->link);
	return 0;
}

static void serve_document(struct http_exchange *exchange, void *argument)
{
	struct daemon_thread *thread = argument;
	const char *document = api_document_at(thread->worker.api, clock_wall(), &exchange->ctx->arena);
	http_representation_reply(&thread->document, exchange, "application/json", "no-cache", document,
				  strlen(document));
}

/* Calls that come before the daemon can serve are told so. */
static void serve_rpc(struct http_exchange *exchange, void *argument)
{
	struct daemon_thread *thread = argument;
	if (atomic_load(&thread->state) == THREAD_STARTING) {
		(void)context_fail(exchange->ctx, ERROR_UNAVAILABLE, "starting", "the daemon is starting");
		exchange->ctx->error.retry_after_ms = 500;
		rpc_http_fail(exchange, 503);
		return;
	}
	if (thread->worker.spec->rpc_endpoint)
		thread->worker.spec->rpc_endpoint(exchange, &thread->worker);
	else
		rpc_http_endpoint(exchange, thread->worker.dispatcher);
}

static void note_waiting(struct daemon_thread *thread, const struct context *ctx)
{
	const struct error *error = &ctx->error;
	const char *message = error->message[0] != '\0' ? error->message : error_word(error->code);
	char text[DAEMON_TEXT_SIZE];
	(void)snprintf(text, sizeof(text), "%s", message);
	if (strcmp(text, thread->waiting_for) == 0)
		return;
	memcpy(thread->waiting_for, text, sizeof(text));
	if (thread->worker.index == 0)
		log_event(LOG_WARNING, NULL, "the start waits", LOG_STRING("for", text),
			  LOG_STRING("cause", error->cause));
}

/* Waits until the database answers and has the schema this program knows. -1 when told to stop meanwhile. */
static int await_schema(struct daemon_thread *thread)
{
	int64_t pause = CHECK_PAUSE_FIRST;
	if (thread->worker.db)
		(void)snprintf(thread->waiting_for, sizeof(thread->waiting_for), "the database");
	while (!co_cancelled()) {
		struct context ctx;
		context_init(&ctx, deadline_after(CHECK_DEADLINE));
		int status = health_check_schema(thread, &ctx);
		if (status != 0 && !co_cancelled())
			note_waiting(thread, &ctx);
		context_done(&ctx);
		if (status == 0)
			return 0;
		(void)co_sleep_until(deadline_after(pause));
		pause = pause * 2 < CHECK_PAUSE_LAST ? pause * 2 : CHECK_PAUSE_LAST;
	}
	return -1;
}

static int start_app(struct daemon_thread *thread, struct context *ctx)
{
	struct daemon_worker *worker = &thread->worker;
	thread->app_started = true;
	ctx->deadline = deadline_after(START_DEADLINE);
	if (worker->spec->start && worker->spec->start(worker, ctx))
		return -1;
	rpc_dispatcher_set_app(worker->dispatcher, worker->app);
	return 0;
}

static int start_relay(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_worker *worker = &thread->worker;
	if (worker->index != 0 || !worker->db)
		return 0;
	struct outbox_relay_options options = {
	    .daemon = worker->spec->name,
	    .db = worker->db,
	    .client = worker->client,
	    .subscribers = worker->spec->fact_subscribers,
	    .own = worker->spec->own_facts,
	    .prototype = {.worker = &thread->worker, .db = worker->db, .client = worker->client, .app = worker->app},
	};
	thread->relay = outbox_relay_new(&options);
	return thread->relay ? 0 : context_fail_internal(ctx, "no coroutine is left for the relay");
}

static int start_jobs(struct daemon_thread *thread, struct context *ctx)
{
	struct daemon_worker *worker = &thread->worker;
	if (worker->index != 0 || !worker->spec->background_jobs)
		return 0;
	const struct rpc_call prototype = {
	    .worker = worker, .db = worker->db, .client = worker->client, .app = worker->app};
	thread->jobs = background_worker_new(&prototype);
	return thread->jobs ? 0 : context_fail_internal(ctx, "no coroutine is left for the background jobs");
}

/* Every process but passport, which reads its own table. */
static int start_revocations(struct daemon_thread *thread, struct context *ctx)
{
	const struct daemon_worker *worker = &thread->worker;
	if (worker->index != 0 || worker->spec->issues_tokens)
		return 0;
	thread->revocations = revocation_watch_new(worker->client);
	return thread->revocations ? 0 : context_fail_internal(ctx, "no coroutine is left for the revocations");
}

/* The gateway's endpoint runs before a long body is read. */
static void route_rpc(struct daemon_thread *thread)
{
	const struct daemon_worker *worker = &thread->worker;
	size_t anonymous = (size_t)config_integer(worker->config, "max_body_anonymous");
	size_t above = worker->spec->rpc_endpoint ? anonymous : SIZE_MAX;
	http_server_route_early(worker->http, "POST", "/rpc", 0, above, serve_rpc, thread);
}

static int start(struct daemon_thread *thread, struct context *ctx)
{
	if (parts_make(thread, ctx) || listen_internal(thread, ctx) || listen_http(thread, ctx))
		return -1;
	health_routes(thread);
	route_rpc(thread);
	if (!thread->worker.spec->rpc_endpoint)
		http_server_route(thread->worker.http, "GET", "/openrpc.json", 0, serve_document, thread);
	if (await_schema(thread))
		return context_fail(ctx, ERROR_UNAVAILABLE, "cancelled", "stopped while starting");
	if (start_revocations(thread, ctx) || start_app(thread, ctx))
		return -1;
	return listen_link(thread, ctx) || start_relay(thread, ctx) || start_jobs(thread, ctx) ? -1 : 0;
}

static void tell_serving(const struct daemon_thread *thread)
{
	const struct daemon_process *process = thread->process;
	log_event(LOG_INFO, NULL, "serving", LOG_NUMBER("port", process->port),
		  LOG_NUMBER("link_port", process->link_port), LOG_NUMBER("internal_port", process->internal.port),
		  LOG_NUMBER("worker", thread->worker.index), LOG_STRING("version", version_number),
		  LOG_STRING("commit", version_commit));
}

static void run_start(void *argument)
{
	struct daemon_thread *thread = argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	co_set_context(&ctx);
	int status = start(thread, &ctx);
	if (status == 0 && !thread->stop_asked) {
		atomic_store(&thread->state, THREAD_SERVING);
		tell_serving(thread);
	} else if (status != 0 && !thread->stop_asked) {
		log_error_of(LOG_ERROR, &ctx, "the daemon cannot start");
		process_stop(thread->process, 1);
	}
	context_done(&ctx);
	thread->starter = NULL;
	thread->on_started(thread);
}

void thread_start(struct daemon_thread *thread, void (*on_started)(struct daemon_thread *thread))
{
	thread->on_started = on_started;
	thread->starter = co_spawn("start", run_start, thread);
	if (!thread->starter)
		process_stop(thread->process, 1);
}
