#include "rpc/http_endpoint.h"

#include "base/text.h"
#include "base/trace.h"
#include "http/content.h"
#include "rpc/hangup.h"
#include "rpc/render.h"
#include "token/bearer.h"

#include <stdlib.h>
#include <string.h>

#define JSON_TYPE "application/json"
#define DEADLINE_DIGITS 9
#define RETRY_AFTER_MS 1000 /* unless something better is known */

static void take_deadline(struct context *ctx, const char *text)
{
	size_t digits = text ? strspn(text, "0123456789") : 0;
	if (digits == 0 || digits > DEADLINE_DIGITS || text[digits] != '\0')
		return;
	int64_t milliseconds = strtoll(text, NULL, 10);
	ctx->deadline = deadline_earlier(ctx->deadline, deadline_after(milliseconds * CLOCK_MILLISECOND));
}

static void take_names(struct http_exchange *exchange)
{
	struct context *ctx = exchange->ctx;
	const char *request_id = http_header(exchange, "X-Request-Id");
	const char *traceparent = http_header(exchange, "traceparent");
	if (request_id && request_id_acceptable(request_id, strlen(request_id)))
		memcpy(ctx->request_id, request_id, strlen(request_id) + 1);
	if (traceparent && traceparent_acceptable(traceparent, strlen(traceparent)))
		memcpy(ctx->traceparent, traceparent, strlen(traceparent) + 1);
	http_reply_header(exchange, "X-Request-Id", ctx->request_id);
}

/* When to come again, wherever that may help, in the answer and as HTTP says it (RFC 9110 section 10.2.3). */
static void tell_retry(struct http_exchange *exchange)
{
	struct context *ctx = exchange->ctx;
	bool passing = ctx->error.code == ERROR_UNAVAILABLE || ctx->error.code == ERROR_OVERLOADED;
	if (passing && ctx->error.retry_after_ms == 0)
		ctx->error.retry_after_ms = RETRY_AFTER_MS;
	if (ctx->error.retry_after_ms > 0)
		http_reply_header(exchange, "Retry-After",
				  arena_printf(&ctx->arena, "%d", (ctx->error.retry_after_ms + 999) / 1000));
}

void rpc_http_private(struct http_exchange *exchange)
{
	http_reply_header(exchange, "Cache-Control", "no-store");
	http_reply_header(exchange, "X-Content-Type-Options", "nosniff");
}

void rpc_http_fail(struct http_exchange *exchange, int status)
{
	tell_retry(exchange);
	rpc_http_private(exchange);
	size_t length;
	const char *body = render_error(exchange->ctx, (struct json_span){NULL, 0}, &length);
	if (status == 401)
		http_reply_header(exchange, "WWW-Authenticate", bearer_challenge(exchange->ctx));
	http_reply(exchange, status, JSON_TYPE, body, length);
}

int rpc_http_check_encoding(struct http_exchange *exchange)
{
	bool empty = exchange->body_length == 0 && !http_body_waits(exchange);
	if (empty || !http_content_is_encoded(http_header_list(exchange, "Content-Encoding")))
		return 0;
	/* RFC 9110 section 12.5.3: what would have been read. */
	http_reply_header(exchange, "Accept-Encoding", "identity");
	return context_fail(exchange->ctx, ERROR_INVALID_REQUEST, "content_encoding",
			    "Content-Encoding must be identity: content is read as it comes");
}

int rpc_http_check_content(struct http_exchange *exchange)
{
	if (rpc_http_check_encoding(exchange))
		return -1;
	if (http_content_is_json(http_header_list(exchange, "Content-Type")))
		return 0;
	return context_fail(exchange->ctx, ERROR_INVALID_REQUEST, "content_type",
			    "Content-Type must be " JSON_TYPE ", " JSON_TYPE
			    "-rpc or application/jsonrequest, in UTF-8");
}

void rpc_http_read(struct http_exchange *exchange, struct rpc_meta *ret_meta)
{
	const char *agent = http_header(exchange, "User-Agent");
	take_names(exchange);
	take_deadline(exchange->ctx, http_header(exchange, "X-Deadline-Ms"));
	/* It ends in sessions and the audit trail, and the database takes no broken text. */
	if (!agent || !text_valid_utf8(agent, strlen(agent)))
		agent = "";
	*ret_meta = (struct rpc_meta){.peer = exchange->peer, .user_agent = agent};
	ret_meta->token = bearer_token(http_header_list(exchange, "Authorization"));
	ret_meta->token_length = ret_meta->token ? strlen(ret_meta->token) : 0;
}

void rpc_http_reply(struct http_exchange *exchange, const char *answer, size_t length)
{
	struct http_piece piece = {.bytes = answer, .length = length};
	rpc_http_reply_pieces(exchange, &piece, answer != NULL);
}

void rpc_http_reply_pieces(struct http_exchange *exchange, const struct http_piece *pieces, size_t count)
{
	enum error_code code = exchange->ctx->error.code;
	int status = 200;
	rpc_http_private(exchange);
	if (count == 0) {
		http_reply(exchange, 204, NULL, NULL, 0);
		return;
	}
	if (code == ERROR_TOO_LARGE)
		status = 413;
	else if (code != ERROR_NONE)
		status = 400;
	http_reply_pieces(exchange, status, JSON_TYPE, pieces, count);
}

void rpc_http_endpoint(struct http_exchange *exchange, void *argument)
{
	struct rpc_hangup hangup = {0};
	size_t length = 0;
	struct rpc_meta meta;
	rpc_http_read(exchange, &meta);
	if (rpc_http_check_content(exchange)) {
		rpc_http_fail(exchange, 415);
		return;
	}
	meta.hangup = &hangup;
	http_on_hangup(exchange, rpc_hangup_tell, &hangup);
	const char *answer =
	    rpc_dispatch(exchange->ctx, argument, &meta, exchange->body, exchange->body_length, &length);
	http_on_hangup(exchange, NULL, NULL);
	rpc_http_reply(exchange, answer, length);
}

static enum error_code code_of(int status)
{
	switch (status) {
	case 404:
		return ERROR_NOT_FOUND;
	case 408:
		return ERROR_DEADLINE_EXCEEDED;
	case 413:
	case 431:
		return ERROR_TOO_LARGE;
	case 500:
		return ERROR_INTERNAL;
	case 503:
		return ERROR_OVERLOADED;
	default:
		return ERROR_INVALID_REQUEST;
	}
}

static const char *message_of(int status)
{
	switch (status) {
	case 404:
		return "there is nothing at this path";
	case 405:
		return "the method is not allowed at this path";
	case 408:
		return "the request did not arrive in time";
	case 413:
		return "the body is too large";
	case 417:
		return "Expect may only be 100-continue";
	case 431:
		return "the headers are too large";
	case 501:
		return "the method or the transfer coding is not known";
	case 505:
		return "the protocol is not HTTP/1.1 or HTTP/1.0";
	default:
		return NULL;
	}
}

const char *rpc_http_fault(struct context *ctx, int status)
{
	const char *message = message_of(status);
	error_clear(&ctx->error);
	if (message)
		(void)context_fail(ctx, code_of(status), NULL, "%s", message);
	else
		(void)context_fail(ctx, code_of(status), NULL, NULL);
	if (status == 503)
		ctx->error.retry_after_ms = RETRY_AFTER_MS;
	size_t length;
	return render_error(ctx, (struct json_span){NULL, 0}, &length);
}
