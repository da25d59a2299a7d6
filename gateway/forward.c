#include "forward.h"

#include "gateway.h"
#include "methods.h"
#include "observer.h"
#include "rpc/client.h"
#include "rpc/token.h"

#include <string.h>

#define RETRY_AFTER_MS 1000

void forward_identify(struct context *ctx, struct forward_request *request)
{
	const struct rpc_meta *meta = request->meta;
	if (!meta->token)
		return;
	const struct identity *identity =
	    token_verify(ctx, request->gateway->worker->verifier, meta->token, meta->token_length);
	request->refused = !identity;
	request->error = ctx->error;
	if (identity) {
		request->user = arena_strdup(&ctx->arena, identity->id);
		request->actor = identity->actor[0] ? arena_strdup(&ctx->arena, identity->actor) : NULL;
	}
	error_clear(&ctx->error);
}

static bool is_named(const struct envelope_call *call, const char *name)
{
	return call->method.length == strlen(name) && memcmp(call->method.data, name, call->method.length) == 0;
}

/* Each answer of a batch is kept until the last is there, so the document is written no more often than will be sent.
 */
static const char *answer_document(struct context *ctx, const struct forward_request *request,
				   const struct envelope_call *call, size_t *ret_length)
{
	const struct gateway *gateway = request->gateway;
	if (rpc_expect_no_params(ctx, call) || call->notification)
		return NULL;
	*request->documents += strlen(methods_document(gateway->methods));
	if (*request->documents > (size_t)config_integer(gateway->worker->config, "max_answer")) {
		context_fail(ctx, ERROR_TOO_LARGE, "answer", "the batch's answer is too large");
		return NULL;
	}
	const char *text = arena_printf(&ctx->arena, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":%s}",
					(int)call->id.length, call->id.data, methods_document(gateway->methods));
	*ret_length = strlen(text);
	return text;
}

static const char *send(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
			const struct remote_method *method, size_t *ret_length)
{
	/* To a public method a void token is as none. */
	struct rpc_raw_call raw = {
	    .daemon = method->daemon,
	    .method = call->method.data,
	    .method_length = call->method.length,
	    .params = call->params.data,
	    .params_length = call->params.length,
	    .id = call->notification ? NULL : call->id.data,
	    .id_length = call->id.length,
	    .token = request->refused ? NULL : request->meta->token,
	    .peer = request->meta->peer,
	    .user_agent = request->meta->user_agent,
	    .idempotent = method->idempotent,
	};
	if (method->deadline > 0)
		ctx->deadline = deadline_earlier(ctx->deadline, deadline_after(method->deadline));
	return rpc_forward(ctx, request->gateway->worker->client, &raw, ret_length);
}

/* Finds where the call goes and sends it there. NULL with an error, or for a notification. */
static const char *dispatch(struct context *ctx, const struct forward_request *request,
			    const struct envelope_call *call, const char **ret_daemon, size_t *ret_length)
{
	struct remote_method method;
	struct gateway *gateway = request->gateway;
	switch (methods_await(ctx, gateway->methods, call->method.data, call->method.length, &method)) {
	case METHODS_KNOWN:
		if (request->refused && !(method.public && request->error.code == ERROR_UNAUTHENTICATED)) {
			ctx->error = request->error;
			return NULL;
		}
		*ret_daemon = method.daemon;
		return send(ctx, request, call, &method, ret_length);
	case METHODS_UNSURE:
		context_fail(ctx, ERROR_UNAVAILABLE, "starting", "the daemon of this method cannot be reached");
		ctx->error.retry_after_ms = RETRY_AFTER_MS;
		return NULL;
	case METHODS_UNKNOWN:
		break;
	}
	context_fail(ctx, ERROR_METHOD_NOT_FOUND, NULL, NULL);
	return NULL;
}

static const char *forward(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
			   const char **ret_daemon, size_t *ret_length)
{
	if (call->fault) {
		context_fail(ctx, ERROR_INVALID_REQUEST, NULL, "%s", call->fault);
		return NULL;
	}
	return dispatch(ctx, request, call, ret_daemon, ret_length);
}

const char *forward_call(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
			 size_t *ret_length)
{
	const char *daemon = NULL;
	int64_t started = clock_monotonic();
	struct gateway *gateway = request->gateway;
	if (!call->fault && call->method.length > 8 && memcmp(call->method.data, "gateway.", 8) == 0)
		return rpc_dispatch(ctx, gateway->worker->dispatcher, request->meta, call->text.data, call->text.length,
				    ret_length);
	ctx->method = call->fault ? NULL : arena_strndup(&ctx->arena, call->method.data, call->method.length);
	ctx->user = request->user;
	ctx->actor = request->actor;
	const char *answer = !call->fault && is_named(call, "rpc.discover")
				 ? answer_document(ctx, request, call, ret_length)
				 : forward(ctx, request, call, &daemon, ret_length);
	observer_note(gateway->observer, ctx, daemon, started);
	if (call->notification)
		return NULL;
	if (!answer) {
		answer = rpc_render_error(ctx, call->id.data, call->id.length);
		*ret_length = strlen(answer);
	}
	return answer;
}
