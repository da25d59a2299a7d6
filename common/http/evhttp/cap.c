/* The cap of the evhttp engine's connections: switches its listener, and refuses connections meanwhile. */
#include "http/evhttp/cap.h"

#include <event2/listener.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STATUS_UNAVAILABLE = 503,
	REFUSALS_A_PASS = 64,
};

static void listener_switch(struct evhttp_engine *engine, bool at_cap)
{
	struct evconnlistener *listener = evhttp_bound_socket_get_listener(engine->bound);
	engine->at_cap = at_cap;
	if (at_cap) {
		(void)evconnlistener_disable(listener);
		(void)event_add(engine->refusing, NULL);
	} else {
		(void)event_del(engine->refusing);
		(void)evconnlistener_enable(listener);
	}
}

void cap_count_changed(struct evhttp_engine *engine)
{
	const struct http_server *server = engine->server;
	bool at_cap = server->connections - engine->lingering >= server->options.max_connections;
	if (engine->bound && at_cap != engine->at_cap)
		listener_switch(engine, at_cap);
}

/* Reads what has arrived already: closing a socket with unread input resets the connection, and the answer is lost. */
static void refuse_one(struct evhttp_engine *engine, int fd, const char *address)
{
	struct http_call *call = http_call_begin(engine->server, address);
	size_t length;
	const char *text = http_render_refusal(call, STATUS_UNAVAILABLE, &length);
	(void)send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	char unread[1024];
	(void)recv(fd, unread, sizeof(unread), MSG_DONTWAIT);
	http_call_end(call);
	(void)close(fd);
}

void cap_refuse_some(struct evhttp_engine *engine)
{
	struct http_server *server = engine->server;
	/* There is room again, so evhttp accepts. */
	if (engine->at_cap && http_peers_make_room(server, "", server->connections - engine->lingering))
		return;
	char peer[LISTENER_PEER_SIZE];
	for (int i = 0; i < REFUSALS_A_PASS; i++) {
		int client = listener_accept(engine->listener, peer);
		if (client < 0)
			return;
		refuse_one(engine, client, peer);
	}
}
