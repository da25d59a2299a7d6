/* The direct engine: accepting, time limits, draining, and what the server asks of it. */
#include "http/engine.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "http/direct/answer.h"
#include "http/direct/body.h"
#include "http/direct/connection.h"
#include "http/direct/input.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STATUS_UNAVAILABLE = 503,
	ACCEPTS_A_PASS = 64,
};

/* A body that keeps coming at a fair pace is waited for. */
static int64_t deadline_of(const struct direct_connection *connection)
{
	if (connection->state != DIRECT_READING && connection->state != DIRECT_STREAMING)
		return connection->deadline;
	/* A body that we do not read is not late. */
	if (connection->paused != 0)
		return DEADLINE_NEVER;
	size_t body = connection->call->parser.body_received;
	return connection->deadline + (int64_t)body * CLOCK_SECOND / HTTP_BYTES_A_SECOND;
}

static void close_overdue(struct direct_list *list, int64_t now)
{
	struct direct_connection *connection;
	while ((connection = TAILQ_FIRST(list)) && connection->deadline <= now)
		direct_connection_close(connection);
}

static void on_tick(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct direct *direct = argument;
	int64_t now = clock_monotonic();
	close_overdue(&direct->idle, now);
	close_overdue(&direct->lingering, now);
	struct direct_connection *connection;
	for (connection = TAILQ_FIRST(&direct->others); connection;) {
		struct direct_connection *next = TAILQ_NEXT(connection, link);
		if (deadline_of(connection) <= now)
			direct_time_out(connection);
		connection = next;
	}
	if (direct->server->connections == 0) {
		(void)event_del(direct->ticking);
		direct->ticking_on = false;
	}
}

static void refuse(struct direct *direct, int fd, const char *peer)
{
	struct http_call *call = http_call_begin(direct->server, peer);
	size_t length;
	const char *text = http_render_refusal(call, STATUS_UNAVAILABLE, &length);
	ssize_t sent = send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	http_call_end(call);
	if (sent < 0) {
		(void)close(fd);
		return;
	}
	direct_linger(direct_connection_new(direct, fd, peer, direct_on_readable, direct_on_writable));
}

static void take_in(struct direct *direct, int fd, const char *peer)
{
	struct direct_connection *connection =
	    direct_connection_new(direct, fd, peer, direct_on_readable, direct_on_writable);
	http_peers_seat(direct->server, &connection->seat, connection, connection->peer);
	direct_read_on(connection);
}

static void accept_some(struct direct *direct, int most)
{
	struct http_server *server = direct->server;
	char peer[LISTENER_PEER_SIZE];
	for (int i = 0; i < most; i++) {
		int fd = listener_accept(direct->listener, peer);
		if (fd < 0)
			break;
		if (http_peers_make_room(server, peer, server->connections - direct->lingerers))
			take_in(direct, fd, peer);
		else
			refuse(direct, fd, peer);
	}
	if (!direct->ticking_on && server->connections > 0) {
		struct timeval interval = {.tv_usec = http_server_tick(server)};
		(void)event_add(direct->ticking, &interval);
		direct->ticking_on = true;
	}
}

static void on_acceptable(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	accept_some(argument, ACCEPTS_A_PASS);
}

static void *engine_open(struct http_server *server, struct http_listener *listener)
{
	struct direct *direct = must_calloc(1, sizeof(*direct));
	direct->server = server;
	direct->listener = listener;
	TAILQ_INIT(&direct->idle);
	TAILQ_INIT(&direct->handling);
	TAILQ_INIT(&direct->lingering);
	TAILQ_INIT(&direct->others);
	direct->accepting = event_new(server->base, listener->fd, EV_READ | EV_PERSIST, on_acceptable, direct);
	direct->ticking = event_new(server->base, -1, EV_PERSIST, on_tick, direct);
	if (!direct->accepting || !direct->ticking || event_add(direct->accepting, NULL) != 0)
		fatal("cannot watch the listening socket");
	return direct;
}

/* A request that is on its way already must not be lost to a connection that is closed under it: one more look. */
static void drain_list(struct direct_list *list)
{
	for (struct direct_connection *connection = TAILQ_FIRST(list); connection;) {
		struct direct_connection *next = TAILQ_NEXT(connection, link);
		bool waits = connection->state == DIRECT_IDLE || connection->state == DIRECT_FRESH;
		if (waits && !direct_look_once(connection))
			direct_connection_close(connection);
		connection = next;
	}
}

static void engine_drain(void *state)
{
	struct direct *direct = state;
	accept_some(direct, INT16_MAX);
	(void)event_del(direct->accepting);
	drain_list(&direct->idle);
	drain_list(&direct->others);
}

static void close_list(struct direct_list *list)
{
	struct direct_connection *connection;
	while ((connection = TAILQ_FIRST(list)))
		direct_connection_close(connection);
}

static void engine_close(void *state)
{
	struct direct *direct = state;
	close_list(&direct->idle);
	close_list(&direct->handling);
	close_list(&direct->lingering);
	close_list(&direct->others);
	event_free(direct->accepting);
	event_free(direct->ticking);
	free(direct);
}

static void engine_want(struct http_call *call)
{
	if (call->connection)
		direct_want(call->connection);
}

static void engine_gone(struct http_call *call)
{
	if (call->connection)
		direct_connection_close(call->connection);
}

static bool engine_evict(void *connection)
{
	const struct http_server *server = ((struct direct_connection *)connection)->direct->server;
	size_t before = http_server_connections(server);
	/* A half-read request does not keep its connection when there is no room. */
	if (((struct direct_connection *)connection)->state == DIRECT_READING) {
		direct_connection_close(connection);
		return true;
	}
	if (direct_look_once(connection))
		return http_server_connections(server) < before;
	direct_connection_close(connection);
	return true;
}

static void engine_shed(void *connection)
{
	direct_shed(connection);
}

const struct http_engine HTTP_DIRECT = {
    .open = engine_open,
    .drain = engine_drain,
    .close = engine_close,
    .send = direct_answer_send,
    .write = direct_answer_write,
    .unsent = direct_answer_unsent,
    .want = engine_want,
    .evict = engine_evict,
    .shed = engine_shed,
    .gone = engine_gone,
    .done = direct_answer_done,
};
