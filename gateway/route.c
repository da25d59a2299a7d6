#include "route.h"

#include "base/buffer.h"
#include "co/sync.h"
#include "forward.h"
#include "gateway.h"
#include "limits/limits.h"
#include "rpc/http_endpoint.h"
#include "trusted_proxies.h"

#include <string.h>

/* One call of a batch: it has a context of its own, which lives until the batch is answered. */
struct item {
	const struct forward_request *request;
	const struct envelope_call *call;
	struct context ctx;
	const char *answer;
	size_t length;
};

static void end_item(void *argument)
{
	context_done(&((struct item *)argument)->ctx);
}

static void run_item(void *argument)
{
	struct item *item = argument;
	item->answer = forward_call(&item->ctx, item->request, item->call, &item->length);
}

static void start_item(struct context *ctx, struct co_group *group, struct item *item)
{
	context_init(&item->ctx, ctx->deadline);
	context_defer(ctx, end_item, item);
	memcpy(item->ctx.request_id, ctx->request_id, sizeof(ctx->request_id));
	memcpy(item->ctx.traceparent, ctx->traceparent, sizeof(ctx->traceparent));
	if (co_group_start(group, "batch item", run_item, item) == 0)
		return;
	error_clear(&ctx->error);
	context_fail(&item->ctx, ERROR_OVERLOADED, "coroutines", NULL);
	if (!item->call->notification)
		item->answer = rpc_render_error(&item->ctx, item->call->id.data, item->call->id.length);
	item->length = item->answer ? strlen(item->answer) : 0;
}

/* An item that would make the answer larger than it may be is answered with that. */
static void append_item(struct buffer *answer, struct item *item)
{
	if (!item->answer)
		return;
	if (answer->length + item->length + 2 > answer->limit - 1024) {
		error_clear(&item->ctx.error);
		context_fail(&item->ctx, ERROR_TOO_LARGE, "answer", "the batch's answer is too large");
		item->answer = rpc_render_error(&item->ctx, item->call->id.data, item->call->id.length);
		item->length = strlen(item->answer);
	}
	buffer_append_char(answer, answer->length > 0 ? ',' : '[');
	buffer_append(answer, item->answer, item->length);
}

static const char *run_batch(struct context *ctx, const struct forward_request *request,
			     const struct envelope *envelope, size_t *ret_length)
{
	struct buffer answer;
	struct item *items = arena_zalloc(&ctx->arena, envelope->count * sizeof(*items));
	struct co_group *group = co_group_new(ctx);
	for (size_t i = 0; i < envelope->count; i++) {
		items[i].request = request;
		items[i].call = &envelope->calls[i];
		start_item(ctx, group, &items[i]);
	}
	/* Each item keeps its own deadline; what is left then was cancelled and has answered so. */
	if (co_group_wait_all(group, DEADLINE_NEVER) != CO_OK)
		error_clear(&ctx->error);
	buffer_init_arena(&answer, &ctx->arena,
			  (size_t)config_integer(request->gateway->worker->config, "max_answer") +
			      envelope->count * 512);
	for (size_t i = 0; i < envelope->count; i++)
		append_item(&answer, &items[i]);
	if (answer.length == 0)
		return NULL;
	buffer_append_char(&answer, ']');
	*ret_length = answer.length;
	return buffer_text(&answer);
}

static enum error_code code_of(enum envelope_status status)
{
	return status == ENVELOPE_PARSE_ERROR ? ERROR_PARSE
	       : status == ENVELOPE_TOO_LARGE ? ERROR_TOO_LARGE
					      : ERROR_INVALID_REQUEST;
}

/* What holds no call costs what the cheapest call does. */
static void refuse_envelope(struct http_exchange *exchange, const struct forward_request *request,
			    const struct envelope *envelope)
{
	struct context *ctx = exchange->ctx;
	if (forward_pay(ctx, request, &LIMITS_CHEAP)) {
		rpc_http_fail(exchange, 429);
		return;
	}
	context_fail(ctx, code_of(envelope->status), NULL, "%s", envelope->message);
	const char *answer = rpc_render_error(ctx, NULL, 0);
	rpc_http_reply(exchange, answer, strlen(answer));
}

void route_handle(struct http_exchange *exchange, void *argument)
{
	struct daemon_worker *worker = argument;
	struct gateway *gateway = worker->app;
	struct context *ctx = exchange->ctx;
	struct rpc_meta meta;
	struct envelope envelope;
	size_t length = 0, documents = 0;
	struct envelope_limits limits = {
	    .max_depth = (unsigned)config_integer(worker->config, "max_depth"),
	    .max_calls = (size_t)config_integer(worker->config, "max_batch"),
	};
	if (rpc_http_read(exchange, &meta))
		return;
	meta.peer = trusted_proxies_client(gateway->proxies, &ctx->arena, exchange->peer,
					   http_header_list(exchange, "X-Forwarded-For"));
	struct forward_request request = {.gateway = gateway, .meta = &meta, .documents = &documents};
	forward_identify(ctx, &request);
	if (forward_pay_body(ctx, &request, exchange->body_length)) {
		rpc_http_fail(exchange, 429);
		return;
	}
	if (envelope_scan(exchange->body, exchange->body_length, &limits, &ctx->arena, &envelope) != ENVELOPE_OK) {
		refuse_envelope(exchange, &request, &envelope);
		return;
	}
	const char *answer = envelope.batch ? run_batch(ctx, &request, &envelope, &length)
					    : forward_call(ctx, &request, &envelope.calls[0], &length);
	error_clear(&ctx->error);
	rpc_http_reply(exchange, answer, length);
}
