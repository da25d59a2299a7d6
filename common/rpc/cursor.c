#include "rpc/cursor.h"

#include "api/api.h"
#include "base/fatal.h"
#include "rpc/cursor_codec.h"
#include "rpc/secret.h"

static int bind_to(struct rpc_call *call, const char *scope, size_t count, struct cursor_binding *ret)
{
	if (count == 0 || count > CURSOR_VALUES_MAX)
		fatal("a cursor of %zu values", count);
	*ret = (struct cursor_binding){
	    .secret = secret_get(call->ctx, call->db, "cursor"),
	    .method = call->method->name,
	    .scope = scope ? scope : "",
	};
	return ret->secret ? 0 : -1;
}

int cursor_read(struct rpc_call *call, const char *scope, size_t count, const char **values)
{
	const char *text = rpc_param(call, "cursor");
	struct cursor_binding binding;
	if (bind_to(call, scope, count, &binding) != 0)
		return -1;
	if (text && !cursor_decode(&call->ctx->arena, &binding, text, count, values))
		return rpc_invalid(call, "/params/cursor", "cursor", NULL);
	for (size_t i = 0; !text && i < count; i++)
		values[i] = NULL;
	return 0;
}

const char *cursor_make(struct rpc_call *call, const char *scope, size_t count, const char *const *values)
{
	struct cursor_binding binding;
	if (bind_to(call, scope, count, &binding) != 0)
		return NULL;
	const char *text = cursor_encode(&call->ctx->arena, &binding, CURSOR_SIZE_MAX, count, values);
	if (!text)
		(void)context_fail_internal(call->ctx, "the values of a cursor are too long");
	return text;
}
