/* Bodies and answers in pieces, for handlers: what waits for the client waits here. */
#include "http/stream.h"

#include "base/clock.h"
#include "co/co.h"
#include "http/engine.h"
#include "telemetry/metrics.h"

#include <string.h>

enum {
	HELD_FROM = 16 * 1024,	/* bytes of a call that are not worth counting */
	AHEAD = 64 * 1024,	/* bytes of a body that are read before they are asked for */
	PASSED_OVER = 4 * 1024, /* bytes of a body that nobody asked for */
	STATUS_TIMEOUT = 408,
	STATUS_TOO_LARGE = 413,
	STATUS_UNAVAILABLE = 503,
};

/* --- what a call holds --- */

void http_call_account(struct http_call *call)
{
	const struct buffer *body = &call->parser.body;
	size_t bytes = call->ctx.arena.total + call->extra + (body->arena ? 0 : body->capacity);
	if (bytes < HELD_FROM)
		bytes = 0;
	if (call->lost)
		call->server->peers.lost += bytes - call->held;
	http_peers_hold(call->server, call->seat, &call->held, bytes);
}

void http_call_lose(struct http_call *call)
{
	if (call->lost)
		return;
	call->lost = true;
	call->server->peers.lost += call->held;
	http_peers_forget(call->server, call->seat, call->held);
	call->seat = NULL;
}

static int client_gone(struct http_call *call)
{
	return context_fail(&call->ctx, ERROR_UNAVAILABLE, NULL, "the client is gone");
}

int http_exchange_hold(struct http_exchange *exchange, size_t bytes)
{
	struct http_call *call = exchange->internal;
	call->extra = bytes;
	http_call_account(call);
	if (!call->connection && !call->answered)
		return client_gone(call);
	if (!call->seat || !http_peers_is_greediest(call->server, call->seat))
		return 0;
	metric_add(call->server->peers.shed, 1);
	return context_fail(&call->ctx, ERROR_OVERLOADED, NULL, "the server has no memory left for so much at once");
}

/* --- waiting --- */

void http_call_wake(struct http_call *call)
{
	if (call->waiter)
		co_wake(call->waiter);
}

static enum co_result wait_for_client(struct http_call *call, const char *waiting_on, int64_t deadline)
{
	call->waiter = co_self();
	enum co_result result = co_park(waiting_on, deadline);
	call->waiter = NULL;
	return result;
}

/* --- bodies --- */

bool http_call_is_early(const struct http_call *call)
{
	/* The body of a request without a route is not needed; a short one is skipped, so that the next request can be
	 * read. */
	size_t above = call->route ? call->route->above : PASSED_OVER;
	if (!call->server->engine->want || above == SIZE_MAX)
		return false;
	int64_t length = http_parser_body_length(&call->parser);
	if (length >= 0)
		return (size_t)length > above;
	return above == 0 || call->parser.body_received > above;
}

size_t http_call_window(const struct http_call *call)
{
	size_t ahead = call->parser.body.length;
	if (call->body_whole)
		return SIZE_MAX;
	return ahead < AHEAD ? AHEAD - ahead : 0;
}

void http_call_body_came(struct http_call *call, bool all)
{
	call->body_done = call->body_done || all;
	http_call_wake(call);
}

void http_call_body_failed(struct http_call *call, int status)
{
	call->body_fault = status;
	if (status > 0 && !call->answered)
		http_call_fault(call, status);
	http_call_wake(call);
}

bool http_body_waits(const struct http_exchange *exchange)
{
	const struct http_call *call = exchange->internal;
	return call->early && exchange->body_length == 0;
}

int64_t http_body_length(const struct http_exchange *exchange)
{
	const struct http_call *call = exchange->internal;
	return http_parser_body_length(&call->parser);
}

static int body_fails(struct http_call *call)
{
	struct context *ctx = &call->ctx;
	switch (call->body_fault) {
	case STATUS_TIMEOUT:
		return context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
	case STATUS_TOO_LARGE:
		return context_fail(ctx, ERROR_TOO_LARGE, NULL, "the body is too large");
	case STATUS_UNAVAILABLE:
		return context_fail(ctx, ERROR_OVERLOADED, NULL, NULL);
	case -1:
		return client_gone(call);
	default:
		return context_fail(ctx, ERROR_INVALID_REQUEST, NULL, NULL);
	}
}

/* Waits for more of an early body. 0; -1 when none will come for another reason than that it is all there. */
static int await_body(struct http_call *call)
{
	if (call->body_fault != 0)
		return body_fails(call);
	call->server->engine->want(call);
	int failed = co_check(&call->ctx, wait_for_client(call, "http body", DEADLINE_NEVER));
	http_call_set_deadline(call);
	return failed;
}

int http_body_whole(struct http_exchange *exchange)
{
	struct http_call *call = exchange->internal;
	call->body_whole = true;
	while (call->early && !call->body_done) {
		if (await_body(call) != 0)
			return -1;
	}
	if (call->body_fault != 0)
		return body_fails(call);
	if (call->early)
		http_call_body(call);
	return 0;
}

static int64_t read_whole(struct http_exchange *exchange, void *bytes, size_t size)
{
	struct http_call *call = exchange->internal;
	size_t left = exchange->body_length - call->body_taken, taken = size < left ? size : left;
	memcpy(bytes, exchange->body + call->body_taken, taken);
	call->body_taken += taken;
	return (int64_t)taken;
}

int64_t http_body_read(struct http_exchange *exchange, void *bytes, size_t size)
{
	struct http_call *call = exchange->internal;
	if (!call->early)
		return read_whole(exchange, bytes, size);
	size_t taken;
	while ((taken = http_parser_take_body(&call->parser, bytes, size)) == 0 && !call->body_done) {
		if (await_body(call) != 0)
			return -1;
	}
	if (taken == 0 && call->body_fault != 0)
		return body_fails(call);
	if (!call->body_done && call->body_fault == 0)
		call->server->engine->want(call);
	return (int64_t)taken;
}

/* --- answers --- */

/* An answer that is sent more slowly than this is dropped, also the part in the kernel; the same after a cancel. */
static int await_reader(struct http_call *call)
{
	while (call->connection && call->server->engine->unsent(call) > 0) {
		enum co_result result = wait_for_client(call, "http client to read", call->reply_pace);
		if (result == CO_OK)
			continue;
		if (result == CO_TIMEOUT && call->connection)
			metric_add(call->server->peers.slow, 1);
		if (call->connection)
			call->server->engine->shed(call->connection);
		return co_check(&call->ctx, result);
	}
	http_call_set_deadline(call);
	return call->connection ? 0 : client_gone(call);
}

int http_reply_write(struct http_exchange *exchange, const void *bytes, size_t length)
{
	struct http_call *call = exchange->internal;
	if ((int64_t)length > call->reply_left)
		length = (size_t)call->reply_left;
	if (length == 0)
		return 0;
	if (await_reader(call) != 0)
		return -1;
	struct http_piece piece = {.bytes = bytes, .length = length};
	call->reply_left -= (int64_t)length;
	call->reply_pace += (int64_t)length * CLOCK_SECOND / HTTP_BYTES_A_SECOND;
	call->server->engine->write(call, &piece);
	return 0;
}
