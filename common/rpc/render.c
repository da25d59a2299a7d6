#include "rpc/render.h"

#include "base/buffer.h"
#include "rpc/dispatch.h"

#include <string.h>

#define OPENING "{\"jsonrpc\":\"2.0\",\"id\":"
#define RESULT ",\"result\":"
#define ERROR_TEXT_MAX ((size_t)64 * 1024)

static const char *const default_messages[] = {
    [ERROR_NONE] = "",
    [ERROR_PARSE] = "Parse error",
    [ERROR_INVALID_REQUEST] = "Invalid Request",
    [ERROR_METHOD_NOT_FOUND] = "Method not found",
    [ERROR_INVALID_PARAMS] = "Invalid params",
    [ERROR_INTERNAL] = "Internal error",
    [ERROR_UNAUTHENTICATED] = "authentication needed",
    [ERROR_FORBIDDEN] = "not allowed",
    [ERROR_NOT_FOUND] = "not found",
    [ERROR_CONFLICT] = "conflict",
    [ERROR_PRECONDITION_FAILED] = "not possible now",
    [ERROR_TOO_LARGE] = "too large",
    [ERROR_RATE_LIMITED] = "too many requests",
    [ERROR_UNAVAILABLE] = "temporarily unavailable",
    [ERROR_DEADLINE_EXCEEDED] = "time is up",
    [ERROR_OVERLOADED] = "too busy",
};

static struct json_span id_or_null(struct json_span id)
{
	return id.data ? id : (struct json_span){"null", 4};
}

const char *render_result(struct context *ctx, struct json_span id, const char *result, size_t length,
			  size_t *ret_length)
{
	id = id_or_null(id);
	size_t total = sizeof(OPENING) - 1 + id.length + sizeof(RESULT) - 1 + length + 1;
	char *text = arena_alloc(&ctx->arena, total + 1), *cursor = text;
	cursor = mempcpy(cursor, OPENING, sizeof(OPENING) - 1);
	cursor = mempcpy(cursor, id.data, id.length);
	cursor = mempcpy(cursor, RESULT, sizeof(RESULT) - 1);
	cursor = mempcpy(cursor, result, length);
	memcpy(cursor, "}", 2);
	*ret_length = total;
	return text;
}

static const char *message_of(const struct error *error, enum error_code code)
{
	/* Internal causes are never shown to clients. */
	if (code == ERROR_INTERNAL || error->message[0] == '\0')
		return default_messages[code];
	return error->message;
}

/* Adds the members of an object text: what stands between its braces. */
static void append_members(struct buffer *out, const char *object)
{
	const char *start = object, *end = object + strlen(object);
	while (*start == ' ' || *start == '{')
		start++;
	while (end > start && (end[-1] == ' ' || end[-1] == '\n'))
		end--;
	if (end > start && end[-1] == '}')
		end--;
	if (end == start)
		return;
	buffer_append_char(out, ',');
	buffer_append(out, start, (size_t)(end - start));
}

static void append_data(struct buffer *out, const struct context *ctx, enum error_code code)
{
	const struct error *error = &ctx->error;
	buffer_append_text(out, "{\"code\":\"");
	buffer_append_text(out, error_word(code));
	buffer_append_text(out, "\",\"request_id\":");
	buffer_append_json_string(out, ctx->request_id);
	if (code != ERROR_INTERNAL && error->reason[0] != '\0') {
		buffer_append_text(out, ",\"reason\":");
		buffer_append_json_string(out, error->reason);
	}
	if (error->retry_after_ms > 0) {
		buffer_append_text(out, ",\"retry_after_ms\":");
		buffer_append_integer(out, error->retry_after_ms);
	}
	if (code != ERROR_INTERNAL && error->details)
		append_members(out, error->details);
	buffer_append_char(out, '}');
}

const char *render_error(struct context *ctx, struct json_span id, size_t *ret_length)
{
	enum error_code code = ctx->error.code;
	if (code == ERROR_NONE || (size_t)code >= ARRAY_SIZE(default_messages))
		code = ERROR_INTERNAL;
	id = id_or_null(id);
	struct buffer out;
	buffer_init_arena(&out, &ctx->arena, ERROR_TEXT_MAX);
	buffer_append_text(&out, OPENING);
	buffer_append(&out, id.data, id.length);
	buffer_append_text(&out, ",\"error\":{\"code\":");
	buffer_append_integer(&out, error_number(code));
	buffer_append_text(&out, ",\"message\":");
	buffer_append_json_string(&out, message_of(&ctx->error, code));
	buffer_append_text(&out, ",\"data\":");
	append_data(&out, ctx, code);
	buffer_append_text(&out, "}}");
	if (buffer_failed(&out)) {
		/* Only details can be this long; without them the error fits. */
		ctx->error.details = NULL;
		return render_error(ctx, id, ret_length);
	}
	*ret_length = out.length;
	return out.data;
}

const char *rpc_render_error(struct context *ctx, const char *id, size_t id_length)
{
	size_t length;
	return render_error(ctx, (struct json_span){id, id_length}, &length);
}
