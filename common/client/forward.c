#include "client/internal.h"

#include "rpc/envelope.h"

#include <string.h>

#define OPENING "{\"jsonrpc\":\"2.0\",\"id\":"
#define OPENING_LENGTH (sizeof(OPENING) - 1)

/* The answer with the caller's id in the place of ours: OPENING, id, rest. */
static const char *join(struct context *ctx, const struct rpc_raw_call *call, const char *rest, size_t length,
			size_t *ret_length)
{
	char *text = arena_alloc(&ctx->arena, OPENING_LENGTH + call->id_length + length + 1), *cursor = text;
	cursor = mempcpy(cursor, OPENING, OPENING_LENGTH);
	cursor = mempcpy(cursor, call->id, call->id_length);
	cursor = mempcpy(cursor, rest, length);
	*cursor = '\0';
	*ret_length = (size_t)(cursor - text);
	return text;
}

/* For answers that are not written the way our servers do. */
static const char *rebuild(struct context *ctx, const struct rpc_raw_call *call, const char *answer, size_t length,
			   size_t *ret_length)
{
	struct envelope_reply reply;
	struct json_error fault;
	if (!envelope_scan_reply(answer, length, JSON_DEPTH_MAX, &ctx->arena, &reply, &fault)) {
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "answer", NULL);
		error_set_cause(&ctx->error, "%s answered no JSON-RPC", call->daemon);
		return NULL;
	}
	bool good = reply.result.data != NULL;
	struct json_span value = good ? reply.result : reply.error;
	const char *name = good ? ",\"result\":" : ",\"error\":";
	char *rest = arena_alloc(&ctx->arena, strlen(name) + value.length + 2);
	char *cursor = mempcpy(stpcpy(rest, name), value.data, value.length);
	*cursor++ = '}';
	return join(ctx, call, rest, (size_t)(cursor - rest), ret_length);
}

static const char *splice(struct context *ctx, const struct rpc_raw_call *call, const char *answer, size_t length,
			  size_t *ret_length)
{
	if (length > OPENING_LENGTH && memcmp(answer, OPENING, OPENING_LENGTH) == 0) {
		const char *comma = memchr(answer + OPENING_LENGTH, ',', length - OPENING_LENGTH);
		if (comma)
			return join(ctx, call, comma, length - (size_t)(comma - answer), ret_length);
	}
	return rebuild(ctx, call, answer, length, ret_length);
}

static const char *forward(struct context *ctx, struct rpc_client *client, const struct rpc_raw_call *call,
			   size_t *ret_length)
{
	struct client_peer *peer = client_find_peer(ctx, client, call->daemon, strlen(call->daemon));
	if (!peer)
		return NULL;
	struct link_request request = {.method = call->method,
				       .method_length = call->method_length,
				       .params = call->params,
				       .params_length = call->params_length,
				       .token = call->token,
				       .peer = call->peer,
				       .user_agent = call->user_agent};
	size_t length;
	const char *answer = client_send(ctx, peer, &request, call->idempotent, &length);
	if (!answer)
		return NULL;
	if (!call->id) {
		*ret_length = 0;
		return "";
	}
	return splice(ctx, call, answer, length, ret_length);
}

const char *rpc_forward(struct context *ctx, struct rpc_client *client, const struct rpc_raw_call *call,
			size_t *ret_length)
{
	client_enter(client);
	const char *answer = forward(ctx, client, call, ret_length);
	client_leave(client);
	return answer;
}
