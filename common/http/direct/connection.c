/* A connection of the direct engine: its state and list, whether it reads, what it holds, and how it ends. */
#include "http/direct/connection.h"

#include "base/clock.h"
#include "base/fatal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGERING_MOST = 64 }; /* most connections in LINGERING: reading what they send is wasted work */

static struct direct_list *list_of(struct direct *direct, enum direct_state state)
{
	return state == DIRECT_IDLE	   ? &direct->idle
	       : state == DIRECT_HANDLING  ? &direct->handling
	       : state == DIRECT_LINGERING ? &direct->lingering
					   : &direct->others;
}

void direct_enter(struct direct_connection *connection, enum direct_state state, int64_t deadline)
{
	struct direct *direct = connection->direct;
	TAILQ_REMOVE(list_of(direct, connection->state), connection, link);
	connection->state = state;
	connection->deadline = deadline;
	TAILQ_INSERT_TAIL(list_of(direct, state), connection, link);
}

struct direct_connection *direct_connection_new(struct direct *direct, int fd, const char *peer,
						event_callback_fn on_readable, event_callback_fn on_writable)
{
	struct direct_connection *connection = must_calloc(1, sizeof(*connection));
	connection->direct = direct;
	connection->fd = fd;
	direct_output_init(&connection->output);
	memcpy(connection->peer, peer, strlen(peer) + 1);
	struct event_base *base = direct->server->base;
	(void)event_assign(&connection->read, base, fd, EV_READ | EV_PERSIST, on_readable, connection);
	(void)event_assign(&connection->write, base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
	direct->server->connections++;
	connection->state = DIRECT_FRESH;
	connection->deadline = deadline_after(direct->server->options.read_timeout);
	TAILQ_INSERT_TAIL(&direct->others, connection, link);
	return connection;
}

void direct_read_on(struct direct_connection *connection)
{
	if (!connection->reading && event_add(&connection->read, NULL) == 0)
		connection->reading = true;
}

void direct_read_off(struct direct_connection *connection)
{
	(void)event_del(&connection->read);
	connection->reading = false;
}

static void drop_pending(struct direct_connection *connection)
{
	free(connection->pending);
	connection->pending = NULL;
}

void direct_account(struct direct_connection *connection)
{
	struct http_server *server = connection->direct->server;
	size_t bytes = connection->output.copied + (connection->pending ? connection->pending_end : 0);
	http_peers_hold(server, &connection->seat, &connection->held, bytes);
	if (connection->call)
		http_call_account(connection->call);
}

/* A call that is only half read ends with its connection; one that is being handled goes on. */
static void release_call(struct direct_connection *connection)
{
	struct http_call *call = connection->call;
	connection->call = NULL;
	if (!call)
		return;
	call->connection = NULL;
	call->seat = NULL;
	if (connection->state == DIRECT_READING) {
		http_call_end(call);
		return;
	}
	if (connection->state == DIRECT_STREAMING)
		http_call_body_failed(call, -1);
	else
		http_call_wake(call);
	http_call_hung_up(call);
}

void direct_connection_close(struct direct_connection *connection)
{
	struct direct *direct = connection->direct;
	direct_read_off(connection);
	(void)event_del(&connection->write);
	(void)close(connection->fd);
	direct_output_drop(&connection->output);
	drop_pending(connection);
	http_peers_leave(direct->server, &connection->seat);
	http_peers_hold(direct->server, NULL, &connection->held, 0);
	release_call(connection);
	TAILQ_REMOVE(list_of(direct, connection->state), connection, link);
	direct->server->connections--;
	if (connection->state == DIRECT_LINGERING)
		direct->lingerers--;
	connection->dead = true;
	if (!connection->processing)
		free(connection);
}

void direct_linger(struct direct_connection *connection)
{
	struct direct *direct = connection->direct;
	if (direct->lingerers >= LINGERING_MOST)
		direct_connection_close(TAILQ_FIRST(&direct->lingering));
	drop_pending(connection);
	direct_account(connection);
	http_peers_leave(direct->server, &connection->seat);
	(void)shutdown(connection->fd, SHUT_WR);
	direct->lingerers++;
	direct_enter(connection, DIRECT_LINGERING, deadline_after(HTTP_LINGER_TIME));
	direct_read_on(connection);
}
