#include "link/server_internal.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "link/meta.h"
#include "rpc/dispatch.h"
#include "rpc/render.h"

#include <event2/event.h>
#include <stdlib.h>

#define DEFAULT_CONNECTIONS 256
#define DEFAULT_IN_FLIGHT 4096
#define DEFAULT_DEADLINE (10 * CLOCK_SECOND)
#define POOLED_JOBS 256
#define ACCEPTS_A_PASS 64

static const char drain_line[] = "{\"jsonrpc\":\"2.0\",\"method\":\"link.drain\"}";

/* A request being handled. Pooled with its context, whose arena keeps its first block. */
struct link_job {
	struct link_connection *connection;
	struct link_job *older, *newer; /* in flight; or older alone, in the pool */
	struct co *co;
	struct context ctx;
	const char *line;
	size_t length;
	struct link_call call; /* so that its caller can end it */
};

void link_server_send(struct link_connection *connection, const char *text, size_t length)
{
	if (connection->closed)
		return;
	struct buffer *out = link_stream_begin(&connection->stream);
	size_t start = out->length;
	buffer_append(out, text, length);
	if (!link_stream_commit(&connection->stream, start))
		link_stream_fail(&connection->stream, "answers not taken");
}

/* --- requests --- */

static struct link_job *take_job(struct link_server *server)
{
	int64_t deadline = deadline_after(server->options.request_deadline);
	struct link_job *job = server->pool;
	if (!job) {
		job = must_malloc(sizeof(*job));
		context_init(&job->ctx, deadline);
	} else {
		server->pool = job->older;
		server->pooled--;
		job->ctx.deadline = deadline; /* it was restarted when it was given back */
	}
	job->newer = NULL;
	job->older = server->in_flight;
	if (job->older)
		job->older->newer = job;
	server->in_flight = job;
	server->job_count++;
	return job;
}

static void unlink_job(struct link_server *server, struct link_job *job)
{
	if (job->newer)
		job->newer->older = job->older;
	else
		server->in_flight = job->older;
	if (job->older)
		job->older->newer = job->newer;
	server->job_count--;
}

static void give_job_back(struct link_server *server, struct link_job *job)
{
	struct link_connection *connection = job->connection;
	/* Clean-ups run while the job still counts. */
	context_restart(&job->ctx, DEADLINE_NEVER);
	link_calls_remove(&job->call);
	unlink_job(server, job);
	if (server->pooled < POOLED_JOBS) {
		job->older = server->pool;
		server->pool = job;
		server->pooled++;
	} else {
		context_done(&job->ctx);
		free(job);
	}
	if (--connection->jobs == 0 && connection->closed)
		free(connection);
}

void link_server_hung_up(struct link_connection *connection)
{
	if (connection->jobs == 0)
		return;
	for (struct link_job *job = connection->server->in_flight; job; job = job->older)
		if (job->connection == connection)
			rpc_hangup_tell(&job->call.hangup);
}

static const struct json_span *meta_of(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->count; i++) {
		if (envelope->calls[i].meta.data)
			return &envelope->calls[i].meta;
	}
	return NULL;
}

static void run_job(void *argument)
{
	struct link_job *job = argument;
	struct link_server *server = job->connection->server;
	struct rpc_dispatcher *dispatcher = server->options.dispatcher;
	struct rpc_meta meta = {.peer = job->connection->peer, .user_agent = ""};
	struct envelope_limits limits = rpc_dispatch_limits(dispatcher);
	size_t length = 0;
	co_set_context(&job->ctx);
	limits.max_depth++; /* meta */
	struct envelope envelope;
	(void)envelope_scan(job->line, job->length, &limits, &job->ctx.arena, &envelope);
	const struct json_span *text = envelope.status == ENVELOPE_OK ? meta_of(&envelope) : NULL;
	if (text)
		link_meta_read(&job->ctx, *text, job->connection->speaks_for_clients, &meta);
	meta.hangup = &job->call.hangup;
	const char *answer = rpc_dispatch_envelope(&job->ctx, dispatcher, &meta, &envelope, &length);
	if (answer)
		link_server_send(job->connection, answer, length);
	give_job_back(server, job);
}

/* Answers a request that cannot be handled now. */
static void refuse(struct link_connection *connection, const char *line, size_t length)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	size_t answer_length;
	struct envelope envelope;
	if (envelope_scan(line, length, &ENVELOPE_LIMITS_DEFAULT, &ctx.arena, &envelope) == ENVELOPE_OK) {
		(void)context_fail(&ctx, ERROR_OVERLOADED, "in_flight", NULL);
		ctx.error.retry_after_ms = 100;
		const char *answer = render_error(&ctx, envelope.calls[0].id, &answer_length);
		if (!envelope.calls[0].notification)
			link_server_send(connection, answer, answer_length);
	}
	context_done(&ctx);
}

void link_server_line(struct link_connection *connection, const char *line, size_t length)
{
	struct link_server *server = connection->server;
	if (length == 0)
		return;
	uint64_t id;
	if (link_cancel_read(line, length, &id)) {
		link_calls_cancel(&server->calls, connection, id);
		return;
	}
	if (server->job_count >= server->options.max_in_flight) {
		refuse(connection, line, length);
		return;
	}
	struct link_job *job = take_job(server);
	job->connection = connection;
	job->line = arena_strndup(&job->ctx.arena, line, length);
	job->length = length;
	link_calls_add(&server->calls, &job->call, connection, line, length);
	connection->jobs++;
	job->co = co_spawn("link request", run_job, job);
	if (!job->co) {
		refuse(connection, line, length);
		give_job_back(server, job);
	}
}

/* --- listening --- */

static void on_acceptable(evutil_socket_t listener, short what, void *argument)
{
	struct link_server *server = argument;
	(void)listener;
	(void)what;
	int fd;
	char peer[LISTENER_PEER_SIZE];
	for (int i = 0; i < ACCEPTS_A_PASS && (fd = listener_accept(&server->listener, peer)) >= 0; i++)
		link_admit(server, fd, peer);
}

static bool listen_on(struct link_server *server, char *error, size_t error_size)
{
	const struct link_server_options *options = &server->options;
	if (listener_open(&server->listener, options->address, options->port, error, error_size))
		return false;
	server->acceptable = event_new(server->base, server->listener.fd, EV_READ | EV_PERSIST, on_acceptable, server);
	if (!server->acceptable || event_add(server->acceptable, NULL))
		fatal("no memory for a listener");
	return true;
}

static void stop_listening(struct link_server *server)
{
	if (server->acceptable)
		event_free(server->acceptable);
	server->acceptable = NULL;
	listener_close(&server->listener);
}

struct link_server *link_server_new(const struct link_server_options *options, char *error, size_t error_size)
{
	struct link_server *server = must_calloc(1, sizeof(*server));
	server->options = *options;
	if (server->options.max_line == 0)
		server->options.max_line = LINK_DEFAULT_MAX_LINE;
	if (server->options.max_connections == 0)
		server->options.max_connections = DEFAULT_CONNECTIONS;
	if (server->options.max_in_flight == 0)
		server->options.max_in_flight = DEFAULT_IN_FLIGHT;
	if (server->options.request_deadline == 0)
		server->options.request_deadline = DEFAULT_DEADLINE;
	server->base = loop_base(loop_current());
	server->listener = (struct http_listener){.fd = -1, .spare = -1};
	link_outbox_init(&server->outbox, loop_current());
	if (listen_on(server, error, error_size))
		return server;
	link_server_free(server);
	return NULL;
}

uint16_t link_server_port(const struct link_server *server)
{
	return listener_port(&server->listener);
}

void link_server_drain(struct link_server *server)
{
	if (server->draining)
		return;
	server->draining = true;
	stop_listening(server);
	link_dismiss_strangers(server);
	for (struct link_connection *connection = server->proved.newest; connection; connection = connection->older)
		link_server_send(connection, drain_line, sizeof(drain_line) - 1);
}

size_t link_server_in_flight(const struct link_server *server)
{
	return server->job_count;
}

size_t link_server_connections(const struct link_server *server)
{
	return server->proved.count;
}

void link_server_cancel(struct link_server *server)
{
	for (struct link_job *job = server->in_flight; job; job = job->older)
		co_cancel(job->co);
}

void link_server_free(struct link_server *server)
{
	if (!server)
		return;
	if (server->job_count > 0)
		fatal("a link server is freed with %zu requests in flight", server->job_count);
	link_dismiss_all(server);
	while (server->pool) {
		struct link_job *job = server->pool;
		server->pool = job->older;
		context_done(&job->ctx);
		free(job);
	}
	stop_listening(server);
	link_outbox_done(&server->outbox);
	free(server);
}
