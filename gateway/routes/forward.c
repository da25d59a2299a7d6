#include "routes/forward.h"

#include "base/shared_text.h"
#include "client/client.h"
#include "gateway.h"
#include "http/stream.h"
#include "limits/limits.h"
#include "outside.h"
#include "routes/methods.h"
#include "routes/observer.h"
#include "rpc/hangup.h"

#include <string.h>

#define RETRY_AFTER_MS 1000

void forward_identify(struct context *ctx, struct forward_request *request)
{
	const struct rpc_meta *meta = request->meta;
	struct gateway *gateway = request->gateway;
	const struct identity *identity =
	    meta->token ? outside_identity(ctx, gateway->worker->verifier, meta->token, meta->token_length) : NULL;
	limits_caller(gateway->limits, &request->caller, meta->peer, identity);
	request->refused = meta->token && !identity;
	request->error = ctx->error;
	if (identity) {
		request->user = arena_strdup(&ctx->arena, identity->id);
		request->actor = identity->actor[0] ? arena_strdup(&ctx->arena, identity->actor) : NULL;
	}
	error_clear(&ctx->error);
}

int forward_pay(struct context *ctx, const struct forward_request *request, const struct charge *charge)
{
	if (limits_charge(request->gateway->limits, ctx, &request->caller, charge) == 0)
		return 0;
	++*request->refusals;
	return -1;
}

void forward_rest(const struct forward_request *request)
{
	if (*request->refusals > 0)
		limits_rest(request->gateway->limits);
}

int forward_pay_body(struct context *ctx, const struct forward_request *request, size_t length)
{
	const struct charge charge = {.cost = limits_cost_of_bytes(length)};
	return charge.cost > 0 ? forward_pay(ctx, request, &charge) : 0;
}

static bool is_named(const struct envelope_call *call, const char *name)
{
	return call->method.length == strlen(name) && memcmp(call->method.data, name, call->method.length) == 0;
}

static void drop_document(void *argument)
{
	shared_text_drop(argument);
}

/* The document is as large as all other answers together, and many may be under way: it is not copied. */
static const char *answer_document(struct context *ctx, const struct forward_request *request,
				   const struct envelope_call *call, struct forward_answer *ret)
{
	struct shared_text *document = methods_document(request->gateway->methods);
	const struct charge charge = {.cost = 1 + limits_cost_of_bytes(document->length)};
	if (forward_pay(ctx, request, &charge) || rpc_expect_no_params(ctx, call) || call->notification)
		return NULL;
	ret->document = shared_text_hold(document);
	context_defer(ctx, drop_document, document);
	const char *text = arena_printf(
	    &ctx->arena, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":", (int)call->id.length, call->id.data);
	ret->length = strlen(text);
	return text;
}

static const char *send_on(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
			   const struct remote_method *method, size_t *ret_length)
{
	/* A public method treats a void token as none. */
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
	struct rpc_hangup_call self;
	if (rpc_hangup_enter(ctx, method->charge.writes ? NULL : request->meta->hangup, &self))
		return NULL;
	const char *answer = rpc_forward(ctx, request->gateway->worker->client, &raw, ret_length);
	rpc_hangup_leave(&self);
	return answer;
}

/* Whether the call is refused because of its token: a public method ignores a void one and one of a service, but not
 * one that could not be checked. */
static bool is_shut_out(const struct forward_request *request, const struct remote_method *method)
{
	enum error_code code = request->error.code;
	return request->refused && !(method->public && (code == ERROR_UNAUTHENTICATED || code == ERROR_FORBIDDEN));
}

static const char *send_paid(struct context *ctx, const struct forward_request *request,
			     const struct envelope_call *call, const struct remote_method *method,
			     const char **ret_daemon, size_t *ret_length)
{
	bool shut_out = is_shut_out(request, method);
	if (forward_pay(ctx, request, shut_out ? &LIMITS_CHEAP : &method->charge))
		return NULL;
	if (shut_out) {
		ctx->error = request->error;
		return NULL;
	}
	*ret_daemon = method->daemon;
	return send_on(ctx, request, call, method, ret_length);
}

/* Finds where the call goes and sends it there. NULL with an error, or for a notification. */
static const char *dispatch(struct context *ctx, const struct forward_request *request,
			    const struct envelope_call *call, const char **ret_daemon, size_t *ret_length)
{
	struct gateway *gateway = request->gateway;
	struct remote_method method;
	switch (methods_await(ctx, gateway->methods, call->method.data, call->method.length, &method)) {
	case METHODS_KNOWN:
		return send_paid(ctx, request, call, &method, ret_daemon, ret_length);
	case METHODS_UNSURE:
		context_fail(ctx, ERROR_UNAVAILABLE, "starting", "the daemon of this method cannot be reached");
		ctx->error.retry_after_ms = RETRY_AFTER_MS;
		return NULL;
	case METHODS_UNKNOWN:
		break;
	}
	if (forward_pay(ctx, request, &LIMITS_CHEAP) == 0)
		context_fail(ctx, ERROR_METHOD_NOT_FOUND, NULL, NULL);
	return NULL;
}

static const char *forward(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
			   const char **ret_daemon, size_t *ret_length)
{
	if (call->fault) {
		if (forward_pay(ctx, request, &LIMITS_CHEAP) == 0)
			context_fail(ctx, ERROR_INVALID_REQUEST, NULL, "%s", call->fault);
		return NULL;
	}
	return dispatch(ctx, request, call, ret_daemon, ret_length);
}

/* One of the gateway's methods, all of which say x-cost 1. */
static bool is_own(const struct envelope_call *call)
{
	static const char prefix[] = "gateway.";
	size_t length = sizeof(prefix) - 1;
	return !call->fault && call->method.length > length && memcmp(call->method.data, prefix, length) == 0;
}

void forward_error(struct context *ctx, const struct envelope_call *call, struct forward_answer *ret)
{
	const char *text = rpc_render_error(ctx, call->id.data, call->id.length);
	*ret = (struct forward_answer){.text = text, .length = strlen(text)};
}

void forward_call(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
		  struct forward_answer *ret)
{
	const char *daemon = NULL;
	int64_t started = clock_monotonic();
	struct gateway *gateway = request->gateway;
	*ret = (struct forward_answer){0};
	if (is_own(call) && forward_pay(ctx, request, &LIMITS_CHEAP) == 0) {
		struct rpc_meta meta = *request->meta;
		if (request->refused && request->error.code == ERROR_FORBIDDEN)
			meta.token = NULL;
		ret->text = rpc_dispatch(ctx, gateway->worker->dispatcher, &meta, call->text.data, call->text.length,
					 &ret->length);
		return;
	}
	ctx->method = call->fault ? NULL : arena_strndup(&ctx->arena, call->method.data, call->method.length);
	ctx->user = request->user;
	ctx->actor = request->actor;
	ret->text = ctx->error.code != ERROR_NONE ? NULL
		    : !call->fault && is_named(call, "rpc.discover")
			? answer_document(ctx, request, call, ret)
			: forward(ctx, request, call, &daemon, &ret->length);
	observer_note(gateway->observer, ctx, daemon, started);
	if (call->notification)
		*ret = (struct forward_answer){0};
	else if (!ret->text)
		forward_error(ctx, call, ret);
}

size_t forward_answer_length(const struct forward_answer *answer)
{
	if (!answer->text)
		return 0;
	return answer->length + (answer->document ? answer->document->length + 1 : 0);
}

size_t forward_answer_pieces(const struct forward_answer *answer, struct http_piece *pieces)
{
	pieces[0] = (struct http_piece){.bytes = answer->text, .length = answer->length};
	if (!answer->document)
		return 1;
	pieces[1] = (struct http_piece){answer->document->bytes, answer->document->length, answer->document};
	pieces[2] = (struct http_piece){.bytes = "}", .length = 1};
	return FORWARD_PIECES;
}
