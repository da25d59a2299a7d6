#include "rpc/call.h"

#include "base/buffer.h"
#include "json/tree.h"

#include <stdarg.h>
#include <string.h>

#define RESULT_TEXT_MAX ((size_t)64 * 1024 * 1024)

int rpc_reply_text(struct rpc_call *call, const char *json, size_t length)
{
	call->result = json;
	call->result_length = length;
	return 0;
}

int rpc_reply_row(struct rpc_call *call, const struct pg_result *result, const char *noun)
{
	if (!result)
		return -1;
	if (pg_count(result) == 0)
		return rpc_not_found(call, noun);
	const char *json = pg_text(result, 0, 0);
	if (!json)
		return rpc_reply_text(call, "null", 4);
	return rpc_reply_text(call, json, pg_length(result, 0, 0));
}

int rpc_reply_object(struct rpc_call *call, struct json_object *value)
{
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, RESULT_TEXT_MAX);
	json_tree_write(value, &out);
	json_object_put(value);
	if (buffer_failed(&out))
		return context_fail(call->ctx, ERROR_TOO_LARGE, "answer", "the answer is too large");
	return rpc_reply_text(call, buffer_text(&out), out.length);
}

int rpc_reply_printf(struct rpc_call *call, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	const char *json = arena_vprintf(&call->ctx->arena, format, values);
	va_end(values);
	return rpc_reply_text(call, json, strlen(json));
}
