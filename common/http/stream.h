/*
 * Content that is larger than memory should hold: bodies read and answers written a piece at a time, and what a request
 * holds meanwhile counted against the server's budget.
 *
 * Purpose: a transfer takes a window of memory, whatever its size; a slow end slows the other one down. Ownership: as
 * of the exchange (http/server.h). Invariants: at most one piece of an answer waits in memory; a body is read from the
 * socket only as it is asked for, up to a window ahead; both ends must keep up 64 KiB/s after the server's
 * read_timeout, or the connection ends; a body that is not read to its end closes the connection after the answer. The
 * direct engine reads bodies so; under evhttp they are read whole before the handler, which sees no difference. Use: a
 * route made by http_server_route_early; http_body_read until 0. http_reply_begin, then http_reply_write as often as
 * needed.
 */
#ifndef EVENTLOOP_HTTP_STREAM_H
#define EVENTLOOP_HTTP_STREAM_H

#include "http/server.h"

#include <stdint.h>

struct shared_text;

/* As http_server_route, for a handler that looks at the head before it takes a body of more than `above` bytes: it runs
 * as soon as the head says so; with a body in chunks, as soon as so much has come, and with above 0 at once. Its
 * deadline begins anew with each piece of the body. */
void http_server_route_early(struct http_server *server, const char *method, const char *path, size_t max_body,
			     size_t above, http_handler *handler, void *argument);

/* True when the body is not in exchange->body, since the handler was to see the head first. */
bool http_body_waits(const struct http_exchange *exchange);

/* Reads the rest of the body into exchange->body. 0; or -1 with an error in the context: the client is gone, too slow,
 * malformed or over the limit, or the server needs the memory. The server then answers that by itself; what the handler
 * answers does not count. */
int http_body_whole(struct http_exchange *exchange) MAY_SUSPEND MUST_CHECK;

/* Waits for some of the body and copies it to bytes, at most size. Returns how many, 0 at the end of the body, -1 as
 * http_body_whole does. */
int64_t http_body_read(struct http_exchange *exchange, void *bytes, size_t size) MAY_SUSPEND MUST_CHECK;

/* The length of the whole body, -1 when it comes in chunks and is not known. */
int64_t http_body_length(const struct http_exchange *exchange);

/* A part of an answer. */
struct http_piece {
	const void *bytes;
	size_t length;
	struct shared_text
	    *shared; /* whose part it is: held until it has left; NULL: the bytes are copied if need be */
};

/* Sends the answer, the pieces one after the other. */
void http_reply_pieces(struct http_exchange *exchange, int status, const char *content_type,
		       const struct http_piece *pieces, size_t count);

/* Sends the head of an answer whose content of `length` bytes follows by http_reply_write. */
void http_reply_begin(struct http_exchange *exchange, int status, const char *content_type, int64_t length);

/* Sends the next piece, waiting first for the one before it to leave. Bytes beyond the announced length are dropped; an
 * answer that ends short of it ends the connection. 0; -1 with an error in the context when nobody reads any more, or
 * the handler was cancelled: the connection is closed then. */
int http_reply_write(struct http_exchange *exchange, const void *bytes, size_t length) MAY_SUSPEND MUST_CHECK;

/* Says how many bytes the handler holds for this request beside its arena and its body. 0; -1 with overloaded when the
 * server needs the memory, or unavailable when the client is gone: free the memory and answer. */
int http_exchange_hold(struct http_exchange *exchange, size_t bytes) MUST_CHECK;

#endif
