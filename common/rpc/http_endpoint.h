/*
 * JSON-RPC over HTTP: POST /rpc.
 *
 * Purpose: takes an exchange apart for the dispatcher (bearer token, deadline, request id, traceparent) and answers it.
 * The gateway, which handles POST /rpc itself, uses the same parts.
 * Invariants: HTTP status 200 for every JSON-RPC answer, 204 when there is nothing to answer, 4xx only when no call
 * could be read, and then with a JSON-RPC error; X-Request-Id is always in the answer, which must not be cached or
 * sniffed (rpc_http_private). An answer of status 401 carries WWW-Authenticate (RFC 9110 section 11.6.1 has it must); a
 * JSON-RPC answer of -32001 has status 200 and does not: one call of perhaps many was refused, not the request. Accept
 * and Accept-Encoding are ignored: there is one kind of answer (section 12.5.1 lets a server send it rather than 406).
 */
#ifndef EVENTLOOP_RPC_HTTP_ENDPOINT_H
#define EVENTLOOP_RPC_HTTP_ENDPOINT_H

#include "http/server.h"
#include "http/stream.h"
#include "rpc/dispatch.h"

/* Handles POST /rpc; argument: the dispatcher. */
void rpc_http_endpoint(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

/* Reads the headers of a request: X-Request-Id, traceparent and X-Deadline-Ms into the exchange's context,
 * Authorization and User-Agent into ret_meta. Sets X-Request-Id in the answer. */
void rpc_http_read(struct http_exchange *exchange, struct rpc_meta *ret_meta);

/* Whether the content may hold calls. 0; -1 with invalid_request, to be answered 415: it is encoded, or its type is not
 * one of JSON (see http/content.h). */
int rpc_http_check_content(struct http_exchange *exchange) MUST_CHECK;

/* Answers with the dispatcher's text (NULL: 204). The status comes from the error of the exchange's context. */
void rpc_http_reply(struct http_exchange *exchange, const char *answer, size_t length);

/* The same with the answer in pieces; count 0: 204. */
void rpc_http_reply_pieces(struct http_exchange *exchange, const struct http_piece *pieces, size_t count);

/* Refuses content with a Content-Encoding. 0; -1 with invalid_request, to be answered 415. */
int rpc_http_check_encoding(struct http_exchange *exchange) MUST_CHECK;

/* Forbids caching the answer and guessing its type: Cache-Control: no-store (RFC 9111 section 5.2.2.5) and
 * X-Content-Type-Options: nosniff. The functions here do so by themselves. */
void rpc_http_private(struct http_exchange *exchange);

/* Answers with an HTTP status and a JSON-RPC error body made from the context's error; 401 with WWW-Authenticate,
 * unavailable and overloaded with Retry-After. */
void rpc_http_fail(struct http_exchange *exchange, int status);

/* The body of what the HTTP server refuses by itself, for http_server_options.on_fault. */
const char *rpc_http_fault(struct context *ctx, int status);

#endif
