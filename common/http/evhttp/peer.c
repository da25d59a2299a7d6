/* A connection of the evhttp engine, watched from outside. */
#include "http/evhttp/peer.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "http/evhttp/cap.h"
#include "http/evhttp/input.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	STATUS_CONTINUE = 100,
	STATUS_BAD_REQUEST = 400,
	STATUS_UNAVAILABLE = 503,
};

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *argument)
{
	(void)input;
	struct evhttp_peer *peer = argument;
	if (info->n_added == 0 || peer->editing)
		return;
	peer->received += info->n_added;
	if (peer->state == PEER_LINGERING)
		return;
	peer->unread += info->n_added;
	if (peer->state == PEER_FRESH || peer->state == PEER_IDLE) {
		peer->state = PEER_READING;
		peer->deadline = deadline_after(peer->engine->server->options.read_timeout);
		http_peers_busy(peer->engine->server, &peer->seat);
	}
	if (peer->state == PEER_READING)
		peer_read(peer);
	peer_hold(peer, peer->received);
	if (peer->incoming)
		http_call_account(peer->incoming);
}

/* The three digits of "HTTP/1.1 400 Bad Request"; 0 when there are none. */
static int status_in(struct evbuffer *output)
{
	enum { LENGTH = 12 };
	struct evbuffer_iovec piece;
	/* Not copied out: evbuffer_copyout refuses a buffer that was written from before, whose start is frozen. */
	if (evbuffer_peek(output, LENGTH, NULL, &piece, 1) < 1 || piece.iov_len < LENGTH)
		return 0;
	const char *line = piece.iov_base;
	int status = 0;
	for (size_t i = 9; i < LENGTH; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		status = status * 10 + (line[i] - '0');
	}
	return status;
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *argument)
{
	struct evhttp_peer *peer = argument;
	if (info->n_added == 0 || peer->ours || peer->status != 0 || peer->state == PEER_LINGERING)
		return;
	if (status_in(output) != STATUS_CONTINUE)
		peer_refuse_later(peer, STATUS_BAD_REQUEST);
}

struct bufferevent *peer_new(struct event_base *base, struct evhttp_engine *engine)
{
	struct evhttp_peer *peer = must_calloc(1, sizeof(*peer));
	peer->engine = engine;
	peer->fd = -1;
	peer->stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!peer->stream || !evbuffer_add_cb(bufferevent_get_input(peer->stream), on_input, peer) ||
	    !evbuffer_add_cb(bufferevent_get_output(peer->stream), on_output, peer))
		fatal("no memory for a connection");
	peer->state = PEER_FRESH;
	peer->deadline = deadline_after(engine->server->options.read_timeout);
	TAILQ_INSERT_TAIL(&engine->peers, peer, link);
	peer_attend_later(peer);
	engine->server->connections++;
	cap_count_changed(engine);
	return peer->stream;
}

static void peer_free(struct evhttp_peer *peer)
{
	struct evhttp_engine *engine = peer->engine;
	if (peer->queued)
		TAILQ_REMOVE(&engine->todo, peer, waiting);
	TAILQ_REMOVE(&engine->peers, peer, link);
	if (peer->fd >= 0)
		engine->by_fd[peer->fd] = NULL;
	http_peers_leave(engine->server, &peer->seat);
	http_peers_hold(engine->server, NULL, &peer->held, 0);
	if (peer->call) {
		peer->call->connection = NULL;
		peer->call->seat = NULL;
		http_call_wake(peer->call);
		http_call_hung_up(peer->call);
	}
	peer_drop_incoming(peer);
	if (peer->state == PEER_LINGERING)
		engine->lingering--;
	engine->server->connections--;
	free(peer);
	cap_count_changed(engine);
}

static void on_closed(struct evhttp_connection *connection, void *argument)
{
	(void)connection;
	peer_free(argument);
}

static void remember_fd(struct evhttp_engine *engine, struct evhttp_peer *peer)
{
	size_t index = (size_t)peer->fd;
	if (index >= engine->by_fd_size) {
		size_t size = index < 64 ? 128 : index * 2;
		engine->by_fd = must_realloc(engine->by_fd, size * sizeof(struct evhttp_peer *));
		memset(engine->by_fd + engine->by_fd_size, 0,
		       (size - engine->by_fd_size) * sizeof(struct evhttp_peer *));
		engine->by_fd_size = size;
	}
	engine->by_fd[index] = peer;
}

/* evhttp has wired the new stream up by now: the argument of its callbacks is the connection, whose end is to be known.
 */
static void adopt(struct evhttp_peer *peer)
{
	void *connection = NULL;
	int on = 1;
	bufferevent_getcb(peer->stream, NULL, NULL, NULL, &connection);
	peer->fd = bufferevent_getfd(peer->stream);
	if (!connection || peer->fd < 0)
		fatal("evhttp did not take a connection over");
	evhttp_connection_set_closecb(connection, on_closed, peer);
	remember_fd(peer->engine, peer);
	(void)setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	listener_peer_of(peer->fd, peer->address);
	if (!http_peers_make_room(peer->engine->server, peer->address, 0)) {
		peer->status = STATUS_UNAVAILABLE;
		return;
	}
	http_peers_seat(peer->engine->server, &peer->seat, peer, peer->address);
	if (peer->state != PEER_FRESH)
		http_peers_busy(peer->engine->server, &peer->seat);
}

void peers_attend(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct evhttp_engine *engine = argument;
	struct evhttp_peer *peer;
	while ((peer = TAILQ_FIRST(&engine->todo))) {
		TAILQ_REMOVE(&engine->todo, peer, waiting);
		peer->queued = false;
		if (peer->fd < 0)
			adopt(peer);
		if (peer->status != 0)
			peer_refuse(peer, peer->status);
	}
}

struct evhttp_peer *peer_of(const struct evhttp_engine *engine, struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	int fd = connection ? bufferevent_getfd(evhttp_connection_get_bufferevent(connection)) : -1;
	return fd >= 0 && (size_t)fd < engine->by_fd_size ? engine->by_fd[fd] : NULL;
}

/* evhttp's own handling of an end of input is the one way in which it frees a connection whatever state that is in. */
static void tell_end(bufferevent_event_cb on_end, struct bufferevent *stream, void *argument)
{
	on_end(stream, BEV_EVENT_READING | BEV_EVENT_EOF, argument);
}

void peer_end(struct evhttp_peer *peer)
{
	bufferevent_event_cb on_end = peer->on_end;
	void *argument = peer->on_end_argument;
	if (peer->state != PEER_LINGERING)
		bufferevent_getcb(peer->stream, NULL, NULL, &on_end, &argument);
	tell_end(on_end, peer->stream, argument);
}

bool peer_evict(void *argument)
{
	struct evhttp_peer *peer = argument;
	char byte;
	if (recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		http_peers_busy(peer->engine->server, &peer->seat);
		return false;
	}
	peer_end(peer);
	return true;
}

void peer_shed(void *argument)
{
	struct evhttp_peer *peer = argument;
	if (peer->call)
		http_call_lose(peer->call);
	if (peer->state == PEER_READING)
		peer_refuse(peer, STATUS_UNAVAILABLE);
	else
		peer_end(peer);
}

static void discard(struct bufferevent *stream, void *argument)
{
	struct evhttp_peer *peer = argument;
	struct evbuffer *input = bufferevent_get_input(stream);
	(void)evbuffer_drain(input, evbuffer_get_length(input));
	if (peer->received > HTTP_DISCARD_MOST)
		peer_end(peer);
}

static void on_end_of_discard(struct bufferevent *stream, short what, void *argument)
{
	(void)stream, (void)what;
	peer_end(argument);
}

static void drop_output(struct evhttp_peer *peer)
{
	struct evbuffer *output = bufferevent_get_output(peer->stream);
	(void)bufferevent_disable(peer->stream, EV_WRITE);
	(void)evbuffer_unfreeze(output, 1);
	(void)evbuffer_drain(output, evbuffer_get_length(output));
	(void)evbuffer_freeze(output, 1);
}

static void send_fault(struct evhttp_peer *peer, int status)
{
	struct http_call *call = peer->incoming;
	peer->incoming = NULL;
	if (!call)
		call = http_call_begin(peer->engine->server, peer->address);
	size_t length;
	const char *text = http_render_refusal(call, status, &length);
	/* Nothing else is in the socket's buffer, so this fits; a client that is gone does not matter. */
	(void)send(peer->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	http_call_end(call);
}

void peer_refuse(struct evhttp_peer *peer, int status)
{
	/* A second call in the same pass of the loop does nothing: the callbacks are ours by then. */
	if (peer->state == PEER_LINGERING)
		return;
	drop_output(peer);
	send_fault(peer, status);
	http_peers_leave(peer->engine->server, &peer->seat);
	peer_hold(peer, 0);
	(void)shutdown(peer->fd, SHUT_WR);
	bufferevent_getcb(peer->stream, NULL, NULL, &peer->on_end, &peer->on_end_argument);
	peer->state = PEER_LINGERING;
	peer->deadline = deadline_after(HTTP_LINGER_TIME);
	peer->engine->lingering++;
	bufferevent_setcb(peer->stream, discard, NULL, on_end_of_discard, peer);
	(void)bufferevent_enable(peer->stream, EV_READ);
	cap_count_changed(peer->engine);
}
