/* What a peer answered: a result, or an error that becomes ours. */
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

int client_tree(struct context *ctx, const char *text, size_t length, struct json_object **ret_tree)
{
	if (!json_tree_build(text, length, 0, &ctx->arena, ret_tree))
		return context_fail_internal(ctx, "no memory for an answer");
	context_defer(ctx, put_tree, *ret_tree);
	return 0;
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
	if (client_tree(ctx, reply.error.data, reply.error.length, &tree) == 0)
		take_error(ctx, tree);
	return false;
}
