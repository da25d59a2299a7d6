#include "client/internal.h"

#include "base/buffer.h"
#include "rpc/envelope.h"
#include "json/tree.h"

#include <string.h>

#define DETAILS_MAX ((size_t)32 * 1024)

static void put_tree(void *tree)
{
	json_object_put(tree);
}

static const char *text_member(struct json_object *object, const char *name)
{
	struct json_object *member = NULL;
	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, name, &member))
		return NULL;
	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : NULL;
}

/* The members of error.data that are the call's own; the others are made anew where the error is answered. */
static const char *details_of(struct context *ctx, struct json_object *data)
{
	static const char *const standard[] = {"code", "request_id", "reason", "retry_after_ms"};
	struct buffer out;
	buffer_init_arena(&out, &ctx->arena, DETAILS_MAX);
	if (!json_object_is_type(data, json_type_object))
		return NULL;
	json_object_object_foreach(data, name, value)
	{
		bool own = true;
		for (size_t i = 0; i < ARRAY_SIZE(standard); i++)
			own = own && strcmp(name, standard[i]) != 0;
		if (!own)
			continue;
		buffer_append_char(&out, out.length == 0 ? '{' : ',');
		buffer_append_json_string(&out, name);
		buffer_append_char(&out, ':');
		json_tree_write(value, &out);
	}
	if (out.length == 0)
		return NULL;
	buffer_append_char(&out, '}');
	return buffer_failed(&out) ? NULL : out.data;
}

static void take_error(struct context *ctx, struct json_object *object)
{
	struct json_object *number = NULL, *data = NULL, *retry = NULL;
	const char *message = text_member(object, "message");
	(void)json_object_object_get_ex(object, "code", &number);
	(void)json_object_object_get_ex(object, "data", &data);
	enum error_code code = error_from_number(json_object_get_int(number));
	(void)context_fail(ctx, code, text_member(data, "reason"), "%s", message ? message : "");
	ctx->error.details = details_of(ctx, data);
	if (json_object_is_type(data, json_type_object) && json_object_object_get_ex(data, "retry_after_ms", &retry))
		ctx->error.retry_after_ms = json_object_get_int(retry);
	const char *request_id = text_member(data, "request_id");
	if (request_id)
		error_set_cause(&ctx->error, "answered by a peer, request %s", request_id);
}

bool client_read_answer(struct context *ctx, const char *method, const char *text, size_t length,
			const char **ret_result, size_t *ret_length)
{
	struct envelope_reply reply;
	struct json_error fault;
	if (!envelope_scan_reply(text, length, JSON_DEPTH_MAX, &ctx->arena, &reply, &fault)) {
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "answer", NULL);
		error_set_cause(&ctx->error, "the answer to %s is no JSON-RPC", method);
		return false;
	}
	if (reply.result.data) {
		*ret_result = reply.result.data;
		*ret_length = reply.result.length;
		return true;
	}
	struct json_object *tree;
	if (!json_tree_build(reply.error.data, reply.error.length, 0, &ctx->arena, &tree)) {
		(void)context_fail_internal(ctx, "no memory for an answer");
		return false;
	}
	context_defer(ctx, put_tree, tree);
	take_error(ctx, tree);
	return false;
}

/* What a peer says of our own standing with it, or of its own troubles, is not what our caller asked about. */
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
	/* A refused token was not looked at further: the call has not been made, a fresh token may do. */
	if (!result && refused) {
		error_clear(&ctx->error);
		client_drop_token(client, refused);
		result = exchange(ctx, client, request, &refused, &length);
	}
	if (!result)
		return NULL;
	struct json_object *tree;
	if (!json_tree_build(result, length, 0, &ctx->arena, &tree) || !tree) {
		(void)context_fail_internal(ctx, "%s answered null", request->method);
		return NULL;
	}
	context_defer(ctx, put_tree, tree);
	return tree;
}

struct json_object *rpc_invoke(struct context *ctx, struct rpc_client *client, const struct rpc_request *request)
{
	client_enter(client);
	struct json_object *result = invoke(ctx, client, request);
	client_leave(client);
	return result;
}
