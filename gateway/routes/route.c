#include "routes/route.h"

#include "gateway.h"
#include "http/stream.h"
#include "limits/limits.h"
#include "routes/batch.h"
#include "rpc/hangup.h"
#include "rpc/http_endpoint.h"
#include "trusted_proxies.h"

#include <string.h>

static enum error_code code_of(enum envelope_status status)
{
	return status == ENVELOPE_PARSE_ERROR ? ERROR_PARSE
	       : status == ENVELOPE_TOO_LARGE ? ERROR_TOO_LARGE
					      : ERROR_INVALID_REQUEST;
}

static void refuse_unpaid(struct http_exchange *exchange, const struct forward_request *request)
{
	forward_rest(request);
	rpc_http_fail(exchange, 429);
}

/* What holds no call costs what the cheapest call does. 0; -1 after having answered. */
static int pay_refusal(struct http_exchange *exchange, const struct forward_request *request)
{
	if (forward_pay(exchange->ctx, request, &LIMITS_CHEAP) == 0)
		return 0;
	refuse_unpaid(exchange, request);
	return -1;
}

/* Answers with the context's error. */
static void refuse(struct http_exchange *exchange, const struct forward_request *request, int status)
{
	struct error error = exchange->ctx->error;
	error_clear(&exchange->ctx->error);
	if (pay_refusal(exchange, request))
		return;
	exchange->ctx->error = error;
	rpc_http_fail(exchange, status);
}

static void refuse_envelope(struct http_exchange *exchange, const struct forward_request *request,
			    const struct envelope *envelope)
{
	struct context *ctx = exchange->ctx;
	if (pay_refusal(exchange, request))
		return;
	context_fail(ctx, code_of(envelope->status), NULL, "%s", envelope->message);
	const char *answer = rpc_render_error(ctx, NULL, 0);
	rpc_http_reply(exchange, answer, strlen(answer));
}

/* A body longer than max_body_anonymous is only read with a valid token. 0; -1 after having answered, or when the
 * client does not send it. */
static int take_body(struct http_exchange *exchange, const struct forward_request *request)
{
	struct context *ctx = exchange->ctx;
	if (!http_body_waits(exchange))
		return 0;
	if (request->meta->token && !request->refused)
		return http_body_whole(exchange);
	if (request->refused)
		ctx->error = request->error;
	else
		context_fail(ctx, ERROR_TOO_LARGE, "anonymous", "so long a body is only taken with an access token");
	refuse(exchange, request, !request->refused ? 413 : ctx->error.code == ERROR_UNAUTHENTICATED ? 401 : 503);
	return -1;
}

/* The content, of the right kind, whole and paid for. 0; -1 as above. */
static int take_content(struct http_exchange *exchange, const struct forward_request *request)
{
	if (rpc_http_check_content(exchange)) {
		refuse(exchange, request, 415);
		return -1;
	}
	if (take_body(exchange, request))
		return -1;
	if (forward_pay_body(exchange->ctx, request, exchange->body_length) == 0)
		return 0;
	refuse_unpaid(exchange, request);
	return -1;
}

static void answer_call(struct http_exchange *exchange, const struct forward_request *request,
			const struct envelope_call *call)
{
	struct context *ctx = exchange->ctx;
	struct forward_answer answer;
	forward_call(ctx, request, call, &answer);
	forward_rest(request);
	error_clear(&ctx->error);
	struct http_piece pieces[FORWARD_PIECES];
	rpc_http_reply_pieces(exchange, pieces, answer.text ? forward_answer_pieces(&answer, pieces) : 0);
}

void route_handle(struct http_exchange *exchange, void *argument)
{
	struct daemon_worker *worker = argument;
	struct gateway *gateway = worker->app;
	struct context *ctx = exchange->ctx;
	struct rpc_hangup hangup = {0};
	struct envelope_limits limits = {
	    .max_depth = (unsigned)config_integer(worker->config, "max_depth"),
	    .max_calls = (size_t)config_integer(worker->config, "max_batch"),
	};
	struct rpc_meta meta;
	rpc_http_read(exchange, &meta);
	meta.peer = trusted_proxies_client(gateway->proxies, &ctx->arena, exchange->peer,
					   http_header_list(exchange, "X-Forwarded-For"));
	size_t refusals = 0;
	struct forward_request request = {.gateway = gateway, .meta = &meta, .refusals = &refusals};
	forward_identify(ctx, &request);
	if (take_content(exchange, &request))
		return;
	meta.hangup = &hangup;
	http_on_hangup(exchange, rpc_hangup_tell, &hangup);
	struct envelope envelope;
	if (envelope_scan(exchange->body, exchange->body_length, &limits, &ctx->arena, &envelope) != ENVELOPE_OK)
		refuse_envelope(exchange, &request, &envelope);
	else if (envelope.batch)
		batch_answer(exchange, &request, &envelope);
	else
		answer_call(exchange, &request, &envelope.calls[0]);
	http_on_hangup(exchange, NULL, NULL);
}
