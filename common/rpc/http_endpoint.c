#include "rpc/http_endpoint.h"

#include "base/text.h"
#include "rpc/link_meta.h"
#include "rpc/render.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define JSON_TYPE "application/json"
#define DEADLINE_DIGITS 9

static void take_deadline(struct context *ctx, const char *text)
{
	size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
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
	if (request_id != NULL && request_id_acceptable(request_id, strlen(request_id)))
		memcpy(ctx->request_id, request_id, strlen(request_id) + 1);
	if (traceparent != NULL && traceparent_acceptable(traceparent, strlen(traceparent)))
		memcpy(ctx->traceparent, traceparent, strlen(traceparent) + 1);
	http_reply_header(exchange, "X-Request-Id", ctx->request_id);
}

/* "application/json", perhaps with parameters (RFC 9110 section 8.3). */
static bool is_json(const char *type)
{
	if (type == NULL || strncasecmp(type, JSON_TYPE, sizeof(JSON_TYPE) - 1) != 0)
		return false;
	const char *rest = type + sizeof(JSON_TYPE) - 1;
	return rest[strspn(rest, " \t")] == '\0' || rest[strspn(rest, " \t")] == ';';
}

/* The token of "Bearer <token>" (RFC 6750 section 2.1). Another scheme is taken for a token too: a malformed one. */
static void take_token(struct http_exchange *exchange, struct rpc_meta *meta)
{
	const char *value = http_header(exchange, "Authorization");
	if (value == NULL)
		return;
	if (strncasecmp(value, "Bearer ", 7) == 0)
		value += 7 + strspn(value + 7, " ");
	meta->token = value;
	meta->token_length = strlen(value);
}

void rpc_http_fail(struct http_exchange *exchange, int status)
{
	size_t length;
	const char *body = render_error(exchange->ctx, (struct json_span){NULL, 0}, &length);
	http_reply(exchange, status, JSON_TYPE, body, length);
}

int rpc_http_read(struct http_exchange *exchange, struct rpc_meta *ret_meta)
{
	const char *agent = http_header(exchange, "User-Agent");
	take_names(exchange);
	take_deadline(exchange->ctx, http_header(exchange, "X-Deadline-Ms"));
	/* It ends in sessions and the audit trail, and the database takes no broken text. */
	if (agent == NULL || !text_valid_utf8(agent, strlen(agent)))
		agent = "";
	*ret_meta = (struct rpc_meta){.peer = exchange->peer, .user_agent = agent};
	if (!is_json(http_header(exchange, "Content-Type"))) {
		(void)context_fail(exchange->ctx, ERROR_INVALID_REQUEST, "content_type",
				   "Content-Type must be " JSON_TYPE);
		rpc_http_fail(exchange, 415);
		return -1;
	}
	take_token(exchange, ret_meta);
	return 0;
}

void rpc_http_reply(struct http_exchange *exchange, const char *answer, size_t length)
{
	enum error_code code = exchange->ctx->error.code;
	int status = 200;
	if (answer == NULL) {
		http_reply(exchange, 204, NULL, NULL, 0);
		return;
	}
	if (code == ERROR_TOO_LARGE)
		status = 413;
	else if (code != ERROR_NONE)
		status = 400;
	http_reply(exchange, status, JSON_TYPE, answer, length);
}

void rpc_http_endpoint(struct http_exchange *exchange, void *argument)
{
	struct rpc_meta meta;
	size_t length = 0;
	if (rpc_http_read(exchange, &meta))
		return;
	const char *answer =
	    rpc_dispatch(exchange->ctx, argument, &meta, exchange->body, exchange->body_length, &length);
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
	case 431:
		return "the headers are too large";
	default:
		return NULL;
	}
}

const char *rpc_http_fault(struct context *ctx, int status)
{
	const char *message = message_of(status);
	size_t length;
	error_clear(&ctx->error);
	if (message != NULL)
		(void)context_fail(ctx, code_of(status), NULL, "%s", message);
	else
		(void)context_fail(ctx, code_of(status), NULL, NULL);
	return render_error(ctx, (struct json_span){NULL, 0}, &length);
}
