/* Calls whose answers are parsed. */
#include "client/internal.h"

#include <string.h>

/* Errors about our own credentials or the peer's internals become unavailable: they are not about our caller's
 * request. */
static void translate(struct context *ctx, const struct rpc_request *request)
{
	enum error_code code = ctx->error.code;
	bool own = code == ERROR_INTERNAL || code == ERROR_METHOD_NOT_FOUND ||
		   (code == ERROR_UNAUTHENTICATED && request->as == RPC_AS_SERVICE);
	if (!own)
		return;
	struct error inner = ctx->error;
	error_clear(&ctx->error);
	(void)context_fail(ctx, ERROR_UNAVAILABLE, "peer", NULL);
	error_set_cause(&ctx->error, "%s: %s %s %s", request->method, error_word(code), inner.reason, inner.cause);
}

static const char *token_for(struct context *ctx, struct rpc_client *client, const struct rpc_request *request,
			     bool *ret_failed)
{
	*ret_failed = false;
	if (request->as == RPC_AS_CALLER)
		return request->token;
	if (request->as == RPC_AS_ANONYMOUS)
		return NULL;
	const char *token = client_service_token(ctx, client);
	*ret_failed = !token;
	return token;
}

/* One exchange. Returns the result's text, or NULL with the error; *ret_refused: the service token that the
 * peer did not accept. */
static const char *exchange(struct context *ctx, struct rpc_client *client, const struct rpc_request *request,
			    const char **ret_refused, size_t *ret_length)
{
	*ret_refused = NULL;
	const char *name = request->daemon ? request->daemon : request->method;
	struct client_peer *peer = client_find_peer(ctx, client, name, strlen(name));
	if (!peer)
		return NULL;
	bool failed;
	const char *token = token_for(ctx, client, request, &failed);
	if (failed)
		return NULL;
	struct link_request sent = {.method = request->method,
				    .method_length = strlen(request->method),
				    .params = request->params,
				    .params_length = request->params ? strlen(request->params) : 0,
				    .token = token};
	size_t length;
	const char *text = client_send(ctx, peer, &sent, request->idempotent, &length);
	if (!text)
		return NULL;
	const char *result;
	if (client_read_answer(ctx, request->method, text, length, &result, ret_length))
		return result;
	if (ctx->error.code == ERROR_UNAUTHENTICATED && request->as == RPC_AS_SERVICE)
		*ret_refused = token;
	translate(ctx, request);
	return NULL;
}

static struct json_object *invoke(struct context *ctx, struct rpc_client *client, const struct rpc_request *request)
{
	const char *refused;
	size_t length;
	const char *result = exchange(ctx, client, request, &refused, &length);
	/* The token was refused before the call was made, so trying again with a fresh token is safe. */
	if (!result && refused) {
		error_clear(&ctx->error);
		client_drop_token(client, refused);
		result = exchange(ctx, client, request, &refused, &length);
	}
	if (!result)
		return NULL;
	struct json_object *tree;
	if (client_tree(ctx, result, length, &tree))
		return NULL;
	if (!tree)
		(void)context_fail_internal(ctx, "%s answered null", request->method);
	return tree;
}

struct json_object *rpc_invoke(struct context *ctx, struct rpc_client *client, const struct rpc_request *request)
{
	client_enter(client);
	struct json_object *result = invoke(ctx, client, request);
	client_leave(client);
	return result;
}
