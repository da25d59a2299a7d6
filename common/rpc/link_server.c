#include "rpc/link.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "rpc/dispatch_internal.h"
#include "rpc/link_meta.h"
#include "rpc/link_stream.h"
#include "rpc/render.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONNECTIONS 256
#define DEFAULT_IN_FLIGHT 4096
#define DEFAULT_DEADLINE (10 * CLOCK_SECOND)
#define POOLED_JOBS 256
#define BACKLOG 512
#define ACCEPT_PAUSE ((struct timeval){0, 100000})

static const char drain_line[] = "{\"jsonrpc\":\"2.0\",\"method\":\"link.drain\"}";

/* A client's connection. Freed when it is closed and its last job is done. */
struct link_connection {
	struct link_server *server;
	struct link_stream stream;
	struct link_connection *older, *newer;
	size_t jobs;
	bool closed;
	char peer[INET6_ADDRSTRLEN];
};

/* A request being handled. Pooled with its context, whose arena keeps its first block. */
struct link_job {
	struct link_connection *connection;
	struct link_job *older, *newer; /* in flight; or older alone, in the pool */
	struct co *co;
	struct context ctx;
	const char *line;
	size_t length;
};

struct link_server {
	struct link_server_options options;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *accept_again;
	struct link_outbox outbox;
	struct link_connection *connections;
	struct link_job *in_flight, *pool;
	size_t connection_count, job_count, pooled;
	bool draining;
};

/* --- connections --- */

static void unlink_connection(struct link_connection *connection)
{
	struct link_server *server = connection->server;
	if (connection->newer != NULL)
		connection->newer->older = connection->older;
	else
		server->connections = connection->older;
	if (connection->older != NULL)
		connection->older->newer = connection->newer;
	server->connection_count--;
}

static void on_close(void *argument, const char *why)
{
	struct link_connection *connection = argument;
	(void)why;
	unlink_connection(connection);
	connection->closed = true;
	if (connection->jobs == 0)
		free(connection);
}

/* Sends a whole line; one that does not fit is the end of the connection, for its caller would wait in vain. */
static void send_line(struct link_connection *connection, const char *text, size_t length)
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
	if (job == NULL) {
		job = must_malloc(sizeof(*job));
		context_init(&job->ctx, deadline);
	} else {
		server->pool = job->older;
		server->pooled--;
		context_restart(&job->ctx, deadline);
	}
	job->newer = NULL;
	job->older = server->in_flight;
	if (job->older != NULL)
		job->older->newer = job;
	server->in_flight = job;
	server->job_count++;
	return job;
}

static void unlink_job(struct link_server *server, struct link_job *job)
{
	if (job->newer != NULL)
		job->newer->older = job->older;
	else
		server->in_flight = job->older;
	if (job->older != NULL)
		job->older->newer = job->newer;
	server->job_count--;
}

static void give_job_back(struct link_server *server, struct link_job *job)
{
	struct link_connection *connection = job->connection;
	/* Clean-ups run while the job still counts. */
	context_restart(&job->ctx, DEADLINE_NEVER);
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

static const struct json_span *meta_of(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->count; i++) {
		if (envelope->calls[i].meta.data != NULL)
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
	struct envelope_limits limits = dispatch_limits(dispatcher);
	struct envelope envelope;
	size_t length = 0;
	co_set_context(&job->ctx);
	limits.max_depth++; /* meta */
	(void)envelope_scan(job->line, job->length, &limits, &job->ctx.arena, &envelope);
	const struct json_span *text = envelope.status == ENVELOPE_OK ? meta_of(&envelope) : NULL;
	if (text != NULL)
		link_meta_read(&job->ctx, *text, &meta);
	const char *answer = dispatch_envelope(&job->ctx, dispatcher, &meta, &envelope, &length);
	if (answer != NULL)
		send_line(job->connection, answer, length);
	give_job_back(server, job);
}

/* Answers a request that cannot be handled now. */
static void refuse(struct link_connection *connection, const char *line, size_t length)
{
	struct context ctx;
	struct envelope envelope;
	size_t answer_length;
	context_init(&ctx, DEADLINE_NEVER);
	if (envelope_scan(line, length, &ENVELOPE_LIMITS_DEFAULT, &ctx.arena, &envelope) == ENVELOPE_OK) {
		(void)context_fail(&ctx, ERROR_OVERLOADED, "in_flight", NULL);
		ctx.error.retry_after_ms = 100;
		const char *answer = render_error(&ctx, envelope.calls[0].id, &answer_length);
		if (!envelope.calls[0].notification)
			send_line(connection, answer, answer_length);
	}
	context_done(&ctx);
}

static void on_line(void *argument, const char *line, size_t length)
{
	struct link_connection *connection = argument;
	struct link_server *server = connection->server;
	if (length == 0)
		return;
	if (server->job_count >= server->options.max_in_flight) {
		refuse(connection, line, length);
		return;
	}
	struct link_job *job = take_job(server);
	job->connection = connection;
	job->line = arena_strndup(&job->ctx.arena, line, length);
	job->length = length;
	connection->jobs++;
	job->co = co_spawn("link request", run_job, job);
	if (job->co == NULL) {
		refuse(connection, line, length);
		give_job_back(server, job);
	}
}

/* --- listening --- */

static void write_peer(struct link_connection *connection, const struct sockaddr *address)
{
	const void *ip = address->sa_family == AF_INET6
			     ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
			     : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
	if (inet_ntop(address->sa_family, ip, connection->peer, sizeof(connection->peer)) == NULL)
		connection->peer[0] = '\0';
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length,
		      void *argument)
{
	struct link_server *server = argument;
	(void)listener;
	(void)length;
	if (server->connection_count >= server->options.max_connections) {
		(void)close(fd);
		return;
	}
	struct link_connection *connection = must_calloc(1, sizeof(*connection));
	connection->server = server;
	connection->stream.max_line = server->options.max_line;
	connection->stream.on_line = on_line;
	connection->stream.on_close = on_close;
	connection->stream.argument = connection;
	write_peer(connection, address);
	connection->older = server->connections;
	if (connection->older != NULL)
		connection->older->newer = connection;
	server->connections = connection;
	server->connection_count++;
	link_stream_start(&connection->stream, server->base, &server->outbox, fd);
}

/* No descriptors left, most likely: accepting again at once would spin. */
static void on_accept_error(struct evconnlistener *listener, void *argument)
{
	struct link_server *server = argument;
	(void)evconnlistener_disable(listener);
	(void)event_add(server->accept_again, &ACCEPT_PAUSE);
}

static void accept_again(evutil_socket_t fd, short what, void *argument)
{
	struct link_server *server = argument;
	(void)fd;
	(void)what;
	if (server->listener != NULL)
		(void)evconnlistener_enable(server->listener);
}

static bool listen_on(struct link_server *server, char *error, size_t error_size)
{
	struct sockaddr_storage address = {0};
	int length = sizeof(address);
	char text[INET6_ADDRSTRLEN + 16];
	const char *host = server->options.address;
	host = host != NULL && host[0] != '\0' ? host : "0.0.0.0";
	(void)snprintf(text, sizeof(text), strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, server->options.port);
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &length)) {
		(void)snprintf(error, error_size, "%s is no address to listen on", text);
		return false;
	}
	unsigned flags = LEV_OPT_REUSEABLE | LEV_OPT_REUSEABLE_PORT | LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
	server->listener = evconnlistener_new_bind(server->base, on_accept, server, flags, BACKLOG,
						   (struct sockaddr *)&address, length);
	if (server->listener == NULL) {
		(void)snprintf(error, error_size, "cannot listen on %s: %s", text, strerrordesc_np(errno));
		return false;
	}
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return true;
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
	server->accept_again = evtimer_new(server->base, accept_again, server);
	if (server->accept_again == NULL)
		fatal("no memory for a listener");
	link_outbox_init(&server->outbox, loop_current());
	if (listen_on(server, error, error_size))
		return server;
	link_server_free(server);
	return NULL;
}

uint16_t link_server_port(const struct link_server *server)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);
	if (server->listener == NULL ||
	    getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &length))
		return 0;
	/* The port stands at the same place for both families. */
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

void link_server_drain(struct link_server *server)
{
	if (server->draining)
		return;
	server->draining = true;
	evconnlistener_free(server->listener);
	server->listener = NULL;
	for (struct link_connection *connection = server->connections; connection != NULL;
	     connection = connection->older)
		send_line(connection, drain_line, sizeof(drain_line) - 1);
}

size_t link_server_in_flight(const struct link_server *server)
{
	return server->job_count;
}

size_t link_server_connections(const struct link_server *server)
{
	return server->connection_count;
}

void link_server_cancel(struct link_server *server)
{
	for (struct link_job *job = server->in_flight; job != NULL; job = job->older)
		co_cancel(job->co);
}

void link_server_free(struct link_server *server)
{
	if (server == NULL)
		return;
	if (server->job_count > 0)
		fatal("a link server is freed with %zu requests in flight", server->job_count);
	while (server->connections != NULL) {
		struct link_connection *connection = server->connections;
		unlink_connection(connection);
		link_stream_done(&connection->stream);
		free(connection);
	}
	while (server->pool != NULL) {
		struct link_job *job = server->pool;
		server->pool = job->older;
		context_done(&job->ctx);
		free(job);
	}
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	event_free(server->accept_again);
	link_outbox_done(&server->outbox);
	free(server);
}
