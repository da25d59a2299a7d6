/* The evhttp engine: listening, time limits, draining, and what the server asks of it. */
#include "http/engine.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "http/evhttp/cap.h"
#include "http/evhttp/peer.h"
#include "http/evhttp/request.h"
#include "http/hangup.h"

#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>

enum { STATUS_TIMEOUT = 408 };

static void start_ticking(struct evhttp_engine *engine)
{
	struct timeval interval = {.tv_usec = http_server_tick(engine->server)};
	(void)event_add(engine->ticking, &interval);
	engine->ticking_on = true;
}

static void on_refusing(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	cap_refuse_some(argument);
}

/* The engines of this thread: the callback below is told its listener and nothing else of use. */
static _Thread_local struct evhttp_engine *engines;

/* evhttp's listener could not accept: most likely for want of a descriptor, which listener_accept deals with. */
static void on_accept_error(struct evconnlistener *listener, void *argument)
{
	(void)argument;
	for (struct evhttp_engine *engine = engines; engine; engine = engine->next)
		if (engine->bound && evhttp_bound_socket_get_listener(engine->bound) == listener)
			cap_refuse_some(engine);
}

/* A body that keeps coming at a fair pace is waited for, and an answer that keeps leaving. */
static int64_t deadline_of(const struct evhttp_peer *peer)
{
	if (peer->state != PEER_READING)
		return peer->deadline;
	return peer->deadline + (int64_t)peer->received * CLOCK_SECOND / HTTP_BYTES_A_SECOND;
}

/* evhttp reads nothing while a request is being handled: it is looked at from time to time. */
static void look_for_hangup(struct evhttp_peer *peer)
{
	if (!peer->call || !peer->call->on_hangup || peer->call->hangup)
		return;
	enum http_input input = http_hangup_input(peer->fd);
	if (input == HTTP_INPUT_RESET)
		peer_end(peer);
	else if (input == HTTP_INPUT_ENDED)
		http_call_input_ended(peer->call, peer->fd);
}

static void on_tick(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct evhttp_engine *engine = argument;
	int64_t now = clock_monotonic();
	for (struct evhttp_peer *peer = TAILQ_FIRST(&engine->peers); peer;) {
		struct evhttp_peer *next = TAILQ_NEXT(peer, link);
		if (peer->state == PEER_HANDLING)
			look_for_hangup(peer);
		else if (deadline_of(peer) <= now && peer->state == PEER_READING)
			peer_refuse(peer, STATUS_TIMEOUT);
		else if (deadline_of(peer) <= now)
			peer_end(peer);
		peer = next;
	}
	if (engine->server->connections == 0) {
		(void)event_del(engine->ticking);
		engine->ticking_on = false;
	}
}

static struct bufferevent *on_connection(struct event_base *base, void *argument)
{
	struct evhttp_engine *engine = argument;
	struct bufferevent *stream = peer_new(base, engine);
	if (!engine->ticking_on)
		start_ticking(engine);
	return stream;
}

static struct evhttp *http_new(struct evhttp_engine *engine)
{
	struct evhttp *http = evhttp_new(engine->server->base);
	if (!http)
		fatal("no memory for evhttp");
	evhttp_set_bevcb(http, on_connection, engine);
	evhttp_set_gencb(http, evhttp_take_request, engine);
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
					     EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
					     EVHTTP_REQ_PATCH);
	evhttp_set_max_headers_size(http, (ev_ssize_t)engine->server->options.max_headers);
	evhttp_set_max_body_size(http, (ev_ssize_t)engine->server->options.max_body);
	return http;
}

static void *engine_open(struct http_server *server, struct http_listener *listener)
{
	struct evhttp_engine *engine = must_calloc(1, sizeof(*engine));
	engine->server = server;
	engine->listener = listener;
	engine->max_body = server->options.max_body;
	TAILQ_INIT(&engine->peers);
	TAILQ_INIT(&engine->todo);
	engine->http = http_new(engine);
	engine->ticking = event_new(server->base, -1, EV_PERSIST, on_tick, engine);
	engine->adopting = event_new(server->base, -1, 0, peers_attend, engine);
	engine->refusing = event_new(server->base, listener->fd, EV_READ | EV_PERSIST, on_refusing, engine);
	engine->bound = evhttp_accept_socket_with_handle(engine->http, listener->fd);
	if (!engine->ticking || !engine->adopting || !engine->refusing || !engine->bound)
		fatal("cannot watch the listening socket");
	evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(engine->bound), on_accept_error);
	engine->next = engines;
	engines = engine;
	return engine;
}

static void engine_drain(void *state)
{
	struct evhttp_engine *engine = state;
	(void)event_del(engine->refusing);
	/* Closes the listening socket. */
	evhttp_del_accept_socket(engine->http, engine->bound);
	engine->bound = NULL;
	engine->listener->fd = -1;
	for (struct evhttp_peer *peer = TAILQ_FIRST(&engine->peers); peer;) {
		struct evhttp_peer *next = TAILQ_NEXT(peer, link);
		if (peer->fd >= 0 && (peer->state == PEER_FRESH || peer->state == PEER_IDLE))
			(void)peer_evict(peer);
		peer = next;
	}
}

static void forget_engine(struct evhttp_engine *engine)
{
	struct evhttp_engine **place = &engines;
	while (*place != engine)
		place = &(*place)->next;
	*place = engine->next;
}

static void engine_close(void *state)
{
	struct evhttp_engine *engine = state;
	forget_engine(engine);
	peers_attend(-1, 0, engine);
	struct evhttp_peer *peer;
	while ((peer = TAILQ_FIRST(&engine->peers)))
		peer_end(peer);
	if (engine->bound)
		engine->listener->fd = -1;
	evhttp_free(engine->http);
	event_free(engine->ticking);
	event_free(engine->adopting);
	event_free(engine->refusing);
	free(engine->by_fd);
	free(engine);
}

static void engine_route_added(void *state, size_t max_body)
{
	struct evhttp_engine *engine = state;
	if (max_body > engine->max_body) {
		engine->max_body = max_body;
		evhttp_set_max_body_size(engine->http, (ev_ssize_t)max_body);
	}
}

static void engine_gone(struct http_call *call)
{
	if (call->connection)
		peer_end(call->connection);
}

const struct http_engine HTTP_EVHTTP = {
    .open = engine_open,
    .drain = engine_drain,
    .close = engine_close,
    .route_added = engine_route_added,
    .send = evhttp_send_answer,
    .write = evhttp_write,
    .unsent = evhttp_unsent,
    .gone = engine_gone,
    .done = evhttp_done,
    .evict = peer_evict,
    .shed = peer_shed,
};
