/* A call from its first byte to its last: what an engine does with a request, whichever engine it is. */
#include "http/engine.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/ids.h"
#include "base/trace.h"
#include "co/co.h"

#include <stdlib.h>
#include <string.h>

enum {
	CALLS_KEPT = 128,
	STATUS_BAD_REQUEST = 400,
	STATUS_NOT_FOUND = 404,
	STATUS_METHOD_NOT_ALLOWED = 405,
	STATUS_INTERNAL = 500,
	STATUS_UNAVAILABLE = 503,
};

/* One that was used before, or a new one. Only its context is in order. */
static struct http_call *take_call(struct http_server *server)
{
	struct http_call *call = server->free_calls;
	if (!call) {
		call = must_malloc(sizeof(*call));
		context_init(&call->ctx, DEADLINE_NEVER);
		return call;
	}
	server->free_calls = call->next_free;
	server->free_count--;
	/* The old id is that of the last use. */
	uuid_make(call->ctx.request_id);
	return call;
}

struct http_call *http_call_begin(struct http_server *server, const char *peer)
{
	struct http_call *call = take_call(server);
	call->server = server;
	call->route = NULL;
	call->next_free = NULL;
	call->reply_fields = NULL;
	call->connection = NULL;
	call->request = NULL;
	call->in_flight = false;
	call->answered = false;
	call->head_only = false;
	call->early = false;
	call->body_done = false;
	call->body_whole = false;
	call->lost = false;
	call->body_fault = 0;
	call->body_taken = 0;
	call->waiter = NULL;
	call->seat = NULL;
	call->held = 0;
	call->extra = 0;
	call->reply_left = 0;
	call->on_hangup = NULL;
	call->hangup = NULL;
	call->ended_fd = -1;
	call->exchange = (struct http_exchange){
	    .ctx = &call->ctx,
	    .method = "",
	    .path = "",
	    .query = "",
	    .peer = arena_strdup(&call->ctx.arena, peer),
	    .body = "",
	    .internal = call,
	};
	http_parser_begin(&call->parser, &call->ctx.arena, &call->fields, server->options.max_headers);
	return call;
}

/* Its memory is about to be free. */
static void let_go(struct http_call *call)
{
	if (call->lost)
		call->server->peers.lost -= call->held;
	http_peers_hold(call->server, call->seat, &call->held, 0);
}

void http_call_end(struct http_call *call)
{
	struct http_server *server = call->server;
	http_parser_end(&call->parser);
	http_call_forget_hangup(call);
	if (call->in_flight)
		server->in_flight--;
	if (call->held > 0)
		let_go(call);
	if (server->free_count == CALLS_KEPT) {
		context_done(&call->ctx);
		free(call);
		return;
	}
	context_restart(&call->ctx, DEADLINE_NEVER);
	call->next_free = server->free_calls;
	server->free_calls = call;
	server->free_count++;
}

static bool path_matches(const struct http_route *route, const char *path, size_t length)
{
	if (route->prefix ? length < route->length : length != route->length)
		return false;
	return memcmp(route->path, path, route->length) == 0;
}

static bool method_matches(const struct http_route *route, const char *method)
{
	if (!route->method || strcmp(route->method, method) == 0)
		return true;
	return strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
}

/* Finds the route for method and path. Returns how much body is allowed. */
static size_t find_route(struct http_call *call)
{
	const char *path = call->exchange.path;
	size_t length = strlen(path);
	call->head_only = strcmp(call->exchange.method, "HEAD") == 0;
	for (const struct http_route *route = call->server->routes; route; route = route->next) {
		if (path_matches(route, path, length) && method_matches(route, call->exchange.method)) {
			call->route = route;
			return route->max_body;
		}
	}
	return call->server->options.max_body;
}

int http_call_head(struct http_call *call)
{
	struct http_exchange *exchange = &call->exchange;
	exchange->method = http_parser_method(&call->parser);
	if (!http_target_split(&call->ctx.arena, http_parser_target(&call->parser), &exchange->path, &exchange->query))
		return STATUS_BAD_REQUEST;
	return http_parser_allow_body(&call->parser, find_route(call)) ? 0 : call->parser.fault;
}

void http_call_body(struct http_call *call)
{
	call->exchange.body = buffer_text(&call->parser.body);
	call->exchange.body_length = call->parser.body.length;
}

/* The methods that the path has routes for, as an Allow header wants them; NULL when there is no such path. */
static const char *allowed_methods(const struct http_exchange *exchange)
{
	const struct http_call *call = exchange->internal;
	const char *allowed = NULL;
	size_t length = strlen(exchange->path);
	for (const struct http_route *route = call->server->routes; route; route = route->next) {
		if (!path_matches(route, exchange->path, length))
			continue;
		allowed =
		    allowed ? arena_printf(&exchange->ctx->arena, "%s, %s", allowed, route->method) : route->method;
	}
	return allowed;
}

void http_reply_unrouted(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	const char *allowed = allowed_methods(exchange);
	if (allowed)
		http_reply_header(exchange, "Allow", allowed);
	http_call_fault(exchange->internal, allowed ? STATUS_METHOD_NOT_ALLOWED : STATUS_NOT_FOUND);
}

/* The caller's trace goes on, in a span of our own. */
static void continue_trace(struct context *ctx, const char *trace)
{
	enum { SPAN_AT = 36, SPAN_BYTES = 8 };
	unsigned char span[SPAN_BYTES];
	random_bytes(span, sizeof(span));
	char text[2 * SPAN_BYTES + 1];
	hex_encode(span, sizeof(span), text);
	memcpy(ctx->traceparent, trace, TRACEPARENT_SIZE);
	memcpy(ctx->traceparent + SPAN_AT, text, 2 * SPAN_BYTES);
}

/* Milliseconds of an X-Deadline-Ms header in microseconds; DEADLINE_NEVER when it is not a number of 1 to 9 digits. */
static int64_t time_left(const char *text)
{
	int64_t milliseconds = 0;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return DEADLINE_NEVER;
	for (; *text != '\0'; text++)
		milliseconds = milliseconds * 10 + (*text - '0');
	return milliseconds * CLOCK_MILLISECOND;
}

void http_call_set_deadline(struct http_call *call)
{
	const char *left = http_fields_get(&call->fields, "X-Deadline-Ms");
	call->ctx.deadline = deadline_after(call->server->options.request_deadline);
	if (left)
		call->ctx.deadline = deadline_earlier(call->ctx.deadline, deadline_after(time_left(left)));
}

static void take_identity(struct http_call *call)
{
	struct context *ctx = &call->ctx;
	http_call_set_deadline(call);
	const char *id = http_fields_get(&call->fields, "X-Request-Id");
	if (id && request_id_acceptable(id, strlen(id)))
		memcpy(ctx->request_id, id, strlen(id) + 1);
	const char *trace = http_fields_get(&call->fields, "traceparent");
	if (trace && traceparent_acceptable(trace, strlen(trace)))
		continue_trace(ctx, trace);
}

/* The body of each coroutine. */
static void run_handler(void *argument)
{
	struct http_call *call = argument;
	co_set_context(&call->ctx);
	call->route->handler(&call->exchange, call->route->argument);
	if (!call->answered)
		http_call_fault(call, STATUS_INTERNAL);
	co_set_context(NULL);
	call->server->engine->done(call);
}

static void refuse(struct http_call *call, int status)
{
	http_call_fault(call, status);
	call->server->engine->done(call);
}

void http_call_run(struct http_call *call)
{
	struct http_server *server = call->server;
	take_identity(call);
	/* In a coroutine too, so that a client that pipelines thousands of them gets one answer a turn of the loop. */
	if (!call->route)
		call->route = &server->unrouted;
	if (server->in_flight >= server->options.max_in_flight || !co_spawn("http", run_handler, call)) {
		refuse(call, STATUS_UNAVAILABLE);
		return;
	}
	call->in_flight = true;
	server->in_flight++;
}
