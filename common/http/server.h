/*
 * HTTP/1.1 server: hides what stands below it, so that the layers above see an exchange (a request and its answer).
 *
 * Purpose: listen, enforce limits, read a request whole, run its handler in a coroutine, answer.
 * Ownership: the server owns exchanges; one is valid inside its handler. What the handler needs from the request is in
 * the exchange (copied before the first suspend), so a client that vanishes does not matter. Invariants: whatever
 * cannot be read is answered in JSON (never HTML) by `on_fault`; a handler answers exactly once: one that returns
 * without http_reply is answered 500. Slow and silent clients are cut off; connections are capped, in sum and of one
 * address, and what waits for them in memory has a budget (http/peers.h). Large content comes and goes in pieces
 * (http/stream.h). Requests of one connection are handled one after the other. Engines: two stand below, and behave
 * alike. HTTP_ENGINE_EVHTTP is libevent's own server; HTTP_ENGINE_DIRECT reads and writes the sockets itself around
 * llhttp, at half the cost. Signals: http_server_new has the process ignore SIGPIPE.
 */
#ifndef EVENTLOOP_HTTP_SERVER_H
#define EVENTLOOP_HTTP_SERVER_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;

/* A request being handled, and its answer being made. */
struct http_exchange {
	struct context *ctx; /* its arena holds everything here */
	const char *method;  /* "GET", "POST", ... */
	const char *path;    /* decoded path, without query; begins with / */
	const char *query;   /* raw query text, "" when none */
	const char *peer;    /* address of the other end, numeric */
	const char *body;    /* NUL-terminated; "" when none */
	size_t body_length;
	void *internal; /* the server's */
};

typedef void http_handler(struct http_exchange *exchange, void *argument);

/* What a request that cannot be handled is answered with: makes the body for an HTTP status (400, 404, 405, 408, 413,
 * 417, 431, 500, 501, 503, 505), e.g. a JSON-RPC error. Returns text in ctx's arena. Must not suspend. */
typedef const char *http_fault_body(struct context *ctx, int status);

/* Adds headers to an answer that is about to leave. exchange: what is known of the request; its method is "" when the
 * head could not be read, and then only the headers that came before the fault are known. Must not suspend. */
typedef void http_answer_hook(struct http_exchange *exchange, void *argument);

enum http_engine_kind { HTTP_ENGINE_EVHTTP, HTTP_ENGINE_DIRECT };

struct http_server_options {
	enum http_engine_kind engine;
	const char *address;		    /* numeric; "" for all */
	uint16_t port;			    /* 0: any free one, see http_server_port */
	size_t max_body;		    /* bytes, unless a route has its own; 0: 1 MiB */
	size_t max_headers;		    /* bytes; 0: 16 KiB */
	size_t max_connections;		    /* 0: 1024 */
	size_t max_connections_per_address; /* an IPv6 /64 is one address; a /48 has four times as many; 0: no limit */
	size_t max_in_flight;		    /* requests being handled; 0: 4096 */
	size_t budget;		   /* bytes of bodies and answers that wait in memory, see http/peers.h; 0: no limit */
	int64_t read_timeout;	   /* microseconds for a whole request to arrive, and one second more for every 64 KiB
				      of body that came; also for an answer to leave; 0: 15 s */
	int64_t idle_timeout;	   /* keep-alive; 0: 75 s */
	int64_t request_deadline;  /* of the context given to handlers; 0: 10 s */
	http_fault_body *on_fault; /* NULL: {"status":...,"error":"..."} */
};

/* Listens (SO_REUSEPORT) on this thread's loop. NULL with one line in `error` when the port is taken and so on; a port
 * that another program of the same user has with SO_REUSEPORT counts as free. */
struct http_server *http_server_new(const struct http_server_options *options, char *error, size_t error_size);

/* Handles method (NULL: any) and path: exactly, or as a prefix when path ends with '*'. max_body 0: the server's. An
 * exact path wins over a prefix, a longer prefix over a shorter. A path that matches with another method only is
 * answered 405; a route for GET answers HEAD too. method and path are copied. */
void http_server_route(struct http_server *server, const char *method, const char *path, size_t max_body,
		       http_handler *handler, void *argument);

/* Handles requests that match no route, in place of http_reply_unrouted, which the handler may call. */
void http_server_route_rest(struct http_server *server, http_handler *handler, void *argument);

/* Has the hook called once for every answer from now on: those of handlers, and those that the server gives by itself
 * (to what it cannot read or find, and above its caps). */
void http_server_on_answer(struct http_server *server, http_answer_hook *hook, void *argument);

/* Whether an address (numeric) is exempt from the limits of one address: that of a proxy, which all its clients
 * share. */
typedef bool http_exempt(const char *peer, void *argument);

/* Asks that for connections from now on. */
void http_server_exempt(struct http_server *server, http_exempt *exempt, void *argument);

/* The port it listens on. */
uint16_t http_server_port(const struct http_server *server);

/* Stops accepting and closes idle connections; requests in flight go on. */
void http_server_drain(struct http_server *server);

/* Requests in flight; connections; bytes that wait in memory and are counted against the budget. */
size_t http_server_in_flight(const struct http_server *server);
size_t http_server_connections(const struct http_server *server);
size_t http_server_held(const struct http_server *server);

/* Has function(argument) called when the client hangs up while the handler is still at work, once: from the loop, or at
 * once if it has gone already; it must not suspend. NULL: nobody wants to know any more. A handler that does not call
 * this is not told, and goes on. Not detected: a client that has sent its next request ahead, or one of HTTP/1.0 that
 * closes in good order. */
void http_on_hangup(struct http_exchange *exchange, void (*function)(void *argument), void *argument);

/* Closes everything. No handler may be running. Accepts NULL. */
void http_server_free(struct http_server *server);

/* A header of the request, or NULL. name in any case. */
const char *http_header(const struct http_exchange *exchange, const char *name);

/* The values of all its lines, joined by ", " (RFC 9110 section 5.3), or NULL. In the exchange's arena. */
const char *http_header_list(const struct http_exchange *exchange, const char *name);

/* Adds a header to the answer; texts are copied. A value with CR or LF ends the process, since it could inject a second
 * answer.
 */
void http_reply_header(struct http_exchange *exchange, const char *name, const char *value);

/* Sends the answer. body is copied; content_type NULL for none. Only the first answer of an exchange counts. */
void http_reply(struct http_exchange *exchange, int status, const char *content_type, const void *body, size_t length);

/* Answers 405 with what the path allows, or 404: a handler of what no route is for. argument: nothing. */
void http_reply_unrouted(struct http_exchange *exchange, void *argument);

/* Sends length bytes of the file from offset as the body; takes fd over and closes it. */
void http_reply_file(struct http_exchange *exchange, int status, const char *content_type, int fd, int64_t offset,
		     int64_t length);

#endif
