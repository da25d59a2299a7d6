#include "rpc/call.h"

#include "base/buffer.h"
#include "rpc/field_message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DETAILS_MAX ((size_t)32 * 1024)
#define CONFLICT_MAX ((size_t)1024 * 1024) /* with a quote of what it would cost now */
#define MESSAGE_MAX 400			   /* more than an error holds, so that it is cut there, between characters */

#define PARAMS "/params"

/* The path of a parameter as the caller wrote it: of an item (rpc_item) with its place in the array. */
static const char *whole_path(struct rpc_call *call, const char *path)
{
	size_t root = strlen(PARAMS);
	if (!call->params_path || strncmp(path, PARAMS, root) != 0)
		return path;
	return arena_printf(&call->ctx->arena, "%s%s", call->params_path, path + root);
}

/* Appends the member `path` where the call is about an item. */
static void append_place(struct rpc_call *call, struct buffer *data)
{
	if (!call->params_path)
		return;
	buffer_append_text(data, data->length > 1 ? ",\"path\":" : "\"path\":");
	buffer_append_json_string(data, call->params_path);
}

int rpc_not_found(struct rpc_call *call, const char *noun)
{
	return context_fail(call->ctx, ERROR_NOT_FOUND, NULL, "%s not found", noun);
}

/* Formats into one message of an error; a longer text is cut. */
#define FORMAT_MESSAGE(message, format)                                    \
	do {                                                               \
		va_list values;                                            \
		va_start(values, format);                                  \
		(void)vsnprintf(message, sizeof(message), format, values); \
		va_end(values);                                            \
	} while (0)

int rpc_conflict(struct rpc_call *call, const char *reason, const char *format, ...)
{
	char message[MESSAGE_MAX];
	FORMAT_MESSAGE(message, format);
	if (call->params_path)
		return rpc_conflict_with(call, reason, "", "%s", message);
	return context_fail(call->ctx, ERROR_CONFLICT, reason, "%s", message);
}

int rpc_stale(struct rpc_call *call, const char *noun)
{
	return rpc_conflict(call, "stale_version", "the %s has changed since: get it again", noun);
}

int rpc_forbidden(struct rpc_call *call, const char *format, ...)
{
	char message[MESSAGE_MAX];
	FORMAT_MESSAGE(message, format);
	return context_fail(call->ctx, ERROR_FORBIDDEN, NULL, "%s", message);
}

/* Sets the error unless there is one already; details belong to the first error only. */
static int fail_with_details(struct context *ctx, enum error_code code, const char *message, const char *details)
{
	bool first = ctx->error.code == ERROR_NONE;
	(void)context_fail(ctx, code, NULL, "%s", message);
	if (first)
		ctx->error.details = details;
	return -1;
}

int rpc_conflict_with(struct rpc_call *call, const char *reason, const char *details, const char *format, ...)
{
	char message[MESSAGE_MAX];
	FORMAT_MESSAGE(message, format);
	bool first = call->ctx->error.code == ERROR_NONE;
	(void)context_fail(call->ctx, ERROR_CONFLICT, reason, "%s", message);
	struct buffer data;
	buffer_init_arena(&data, &call->ctx->arena, CONFLICT_MAX);
	buffer_append_char(&data, '{');
	buffer_append_text(&data, details);
	append_place(call, &data);
	buffer_append_char(&data, '}');
	if (first)
		call->ctx->error.details = buffer_text(&data);
	return -1;
}

int rpc_precondition(struct rpc_call *call, const char *rule, const char *details, const char *format, ...)
{
	char message[MESSAGE_MAX];
	FORMAT_MESSAGE(message, format);
	struct buffer data;
	buffer_init_arena(&data, &call->ctx->arena, DETAILS_MAX);
	buffer_append_text(&data, "{\"rule\":");
	buffer_append_json_string(&data, rule);
	if (details) {
		buffer_append_char(&data, ',');
		buffer_append_text(&data, details);
	}
	append_place(call, &data);
	buffer_append_char(&data, '}');
	return fail_with_details(call->ctx, ERROR_PRECONDITION_FAILED,
				 arena_printf(&call->ctx->arena, "%s (%s)", message, rule),
				 buffer_failed(&data) ? NULL : data.data);
}

/* error.data of one field; NULL when it is too long. */
static const char *one_field(struct context *ctx, const char *path, const char *rule, const char *expected)
{
	struct buffer data;
	buffer_init_arena(&data, &ctx->arena, DETAILS_MAX);
	buffer_append_text(&data, "{\"fields\":[{\"path\":");
	buffer_append_json_string(&data, path);
	buffer_append_text(&data, ",\"rule\":");
	buffer_append_json_string(&data, rule);
	if (expected) {
		buffer_append_text(&data, ",\"expected\":");
		buffer_append_text(&data, expected);
	}
	buffer_append_text(&data, "}]}");
	return buffer_failed(&data) ? NULL : data.data;
}

int rpc_invalid(struct rpc_call *call, const char *path, const char *rule, const char *expected)
{
	const char *whole = whole_path(call, path);
	char message[FIELD_MESSAGE_SIZE];
	field_message(whole, rule, expected, 0, message);
	return fail_with_details(call->ctx, ERROR_INVALID_PARAMS, message, one_field(call->ctx, whole, rule, expected));
}

int rpc_invalid_fields(struct context *ctx, const struct schema_result *result)
{
	char message[FIELD_MESSAGE_SIZE];
	field_message_of(result, message);
	struct buffer data;
	buffer_init_arena(&data, &ctx->arena, DETAILS_MAX);
	buffer_append_text(&data, "{\"fields\":");
	schema_result_write(result, &data);
	buffer_append_char(&data, '}');
	return fail_with_details(ctx, ERROR_INVALID_PARAMS, message, buffer_failed(&data) ? NULL : data.data);
}

int rpc_too_large(struct rpc_call *call, const char *path, const char *rule, const char *expected, const char *format,
		  ...)
{
	char message[200];
	FORMAT_MESSAGE(message, format);
	return fail_with_details(call->ctx, ERROR_TOO_LARGE, message,
				 one_field(call->ctx, whole_path(call, path), rule, expected));
}
