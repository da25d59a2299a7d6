#include "rpc/call.h"

#include "base/buffer.h"
#include "json/tree.h"

#include <string.h>

#define PARAMS_TEXT_MAX ((size_t)64 * 1024 * 1024)

struct json_object *rpc_param_json(struct rpc_call *call, const char *name)
{
	struct json_object *value = call->params;
	char segment[128];
	for (const char *dot = strchr(name, '.'); dot; name = dot + 1, dot = strchr(name, '.')) {
		size_t length = (size_t)(dot - name);
		if (length >= sizeof(segment) || !json_object_is_type(value, json_type_object))
			return NULL;
		memcpy(segment, name, length);
		segment[length] = '\0';
		if (!json_object_object_get_ex(value, segment, &value))
			return NULL;
	}
	struct json_object *member = NULL;
	if (json_object_is_type(value, json_type_object))
		(void)json_object_object_get_ex(value, name, &member);
	return member;
}

static const char *tree_text(struct rpc_call *call, struct json_object *tree)
{
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, PARAMS_TEXT_MAX);
	json_tree_write(tree, &out);
	return buffer_text(&out);
}

const char *rpc_param(struct rpc_call *call, const char *name)
{
	struct json_object *value = rpc_param_json(call, name);
	if (!value)
		return NULL;
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	if (json_object_is_type(value, json_type_boolean))
		return json_object_get_boolean(value) ? "true" : "false";
	return tree_text(call, value);
}

int64_t rpc_param_integer(struct rpc_call *call, const char *name, int64_t fallback)
{
	struct json_object *value = rpc_param_json(call, name);
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return fallback;
	return json_object_get_int64(value);
}

bool rpc_param_boolean(struct rpc_call *call, const char *name, bool fallback)
{
	struct json_object *value = rpc_param_json(call, name);
	return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value) : fallback;
}

const char *rpc_params_text(struct rpc_call *call)
{
	return tree_text(call, call->params);
}
