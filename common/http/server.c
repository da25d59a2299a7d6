#include "http/server.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "co/loop.h"
#include "http/engine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_BODY = 1024 * 1024,
	MAX_HEADERS = 16 * 1024,
	MAX_CONNECTIONS = 1024,
	MAX_IN_FLIGHT = 4096,
};

#define TICK_SHORTEST (10 * CLOCK_MILLISECOND)
#define TICK_LONGEST (500 * CLOCK_MILLISECOND)

static void set_defaults(struct http_server_options *options)
{
	if (options->max_body == 0)
		options->max_body = MAX_BODY;
	if (options->max_headers == 0)
		options->max_headers = MAX_HEADERS;
	if (options->max_connections == 0)
		options->max_connections = MAX_CONNECTIONS;
	if (options->max_in_flight == 0)
		options->max_in_flight = MAX_IN_FLIGHT;
	if (options->read_timeout == 0)
		options->read_timeout = 15 * CLOCK_SECOND;
	if (options->idle_timeout == 0)
		options->idle_timeout = 75 * CLOCK_SECOND;
	if (options->request_deadline == 0)
		options->request_deadline = 10 * CLOCK_SECOND;
}

struct http_server *http_server_new(const struct http_server_options *options, char *error, size_t error_size)
{
	struct http_server *server = must_calloc(1, sizeof(*server));
	server->options = *options;
	set_defaults(&server->options);
	http_server_route_rest(server, http_reply_unrouted, NULL);
	server->base = loop_base(loop_current());
	if (listener_open(&server->listener, options->address, options->port, error, error_size) != 0) {
		free(server);
		return NULL;
	}
	/* sendfile() has no flag against the signal of a client that left. */
	(void)signal(SIGPIPE, SIG_IGN);
	server->engine = options->engine == HTTP_ENGINE_DIRECT ? &HTTP_DIRECT : &HTTP_EVHTTP;
	http_peers_open(server);
	server->state = server->engine->open(server, &server->listener);
	return server;
}

/* Exact paths come first, then the longer prefix; with the same path, the one for a method before the one for any. */
static bool goes_before(const struct http_route *a, const struct http_route *b)
{
	if (a->prefix != b->prefix)
		return b->prefix;
	if (a->length != b->length)
		return a->length > b->length;
	return a->method && !b->method;
}

void http_server_route(struct http_server *server, const char *method, const char *path, size_t max_body,
		       http_handler *handler, void *argument)
{
	http_server_route_early(server, method, path, max_body, SIZE_MAX, handler, argument);
}

void http_server_route_early(struct http_server *server, const char *method, const char *path, size_t max_body,
			     size_t above, http_handler *handler, void *argument)
{
	struct http_route *route = must_calloc(1, sizeof(*route));
	route->method = method ? must_strdup(method) : NULL;
	route->path = must_strdup(path);
	route->length = strlen(path);
	if (route->length > 0 && path[route->length - 1] == '*') {
		route->prefix = true;
		route->path[--route->length] = '\0';
	}
	route->max_body = max_body != 0 ? max_body : server->options.max_body;
	route->above = above;
	route->handler = handler;
	route->argument = argument;
	struct http_route **place = &server->routes;
	while (*place && !goes_before(route, *place))
		place = &(*place)->next;
	route->next = *place;
	*place = route;
	if (server->engine->route_added)
		server->engine->route_added(server->state, route->max_body);
}

void http_server_route_rest(struct http_server *server, http_handler *handler, void *argument)
{
	server->unrouted.handler = handler;
	server->unrouted.argument = argument;
}

void http_server_on_answer(struct http_server *server, http_answer_hook *hook, void *argument)
{
	server->on_answer = hook;
	server->on_answer_argument = argument;
}

void http_server_exempt(struct http_server *server, http_exempt *exempt, void *argument)
{
	server->exempt = exempt;
	server->exempt_argument = argument;
}

uint16_t http_server_port(const struct http_server *server)
{
	return listener_port(&server->listener);
}

void http_server_drain(struct http_server *server)
{
	if (server->draining)
		return;
	server->draining = true;
	server->engine->drain(server->state);
	listener_close(&server->listener);
}

size_t http_server_in_flight(const struct http_server *server)
{
	return server->in_flight;
}

size_t http_server_connections(const struct http_server *server)
{
	return server->connections;
}

size_t http_server_held(const struct http_server *server)
{
	return server->peers.held;
}

int64_t http_server_tick(const struct http_server *server)
{
	int64_t interval = deadline_earlier(server->options.read_timeout, server->options.idle_timeout) / 8;
	return interval > TICK_LONGEST ? TICK_LONGEST : interval < TICK_SHORTEST ? TICK_SHORTEST : interval;
}

int64_t http_server_write_time(const struct http_server *server, int64_t bytes)
{
	return server->options.read_timeout + bytes / HTTP_BYTES_A_SECOND * CLOCK_SECOND;
}

static void free_routes(struct http_route *route)
{
	while (route) {
		struct http_route *next = route->next;
		free(route->method);
		free(route->path);
		free(route);
		route = next;
	}
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	if (server->in_flight > 0)
		fatal("http_server_free with %zu requests in flight", server->in_flight);
	server->engine->close(server->state);
	http_peers_close(server);
	listener_close(&server->listener);
	free_routes(server->routes);
	while (server->free_calls) {
		struct http_call *call = server->free_calls;
		server->free_calls = call->next_free;
		context_done(&call->ctx);
		free(call);
	}
	free(server);
}
