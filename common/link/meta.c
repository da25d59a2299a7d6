#include "link/meta.h"

#include "base/ip_address.h"
#include "base/trace.h"

#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS_MAX INT64_C(86400000)

static void take_deadline(struct context *ctx, struct json_span value)
{
	char digits[24];
	if (value.length >= sizeof(digits))
		return;
	memcpy(digits, value.data, value.length);
	digits[value.length] = '\0';
	char *end;
	long long milliseconds = strtoll(digits, &end, 10);
	if (end == digits || milliseconds < 0 || milliseconds > DEADLINE_MS_MAX)
		return;
	ctx->deadline = deadline_earlier(ctx->deadline, deadline_after(milliseconds * CLOCK_MILLISECOND));
}

/* A string value unescaped, in the arena, with a NUL. */
static char *string_of(struct context *ctx, struct json_span value, size_t *ret_length)
{
	struct json_span inside = {value.data + 1, value.length - 2};
	if (!memchr(inside.data, '\\', inside.length)) {
		*ret_length = inside.length;
		return arena_strndup(&ctx->arena, inside.data, inside.length);
	}
	char *text = arena_alloc(&ctx->arena, value.length);
	size_t length = json_unescape(inside, text);
	text[length] = '\0';
	*ret_length = length;
	return text;
}

static bool named(struct json_span name, const char *expected)
{
	return name.length == strlen(expected) && memcmp(name.data, expected, name.length) == 0;
}

/* Who the client is. */
static void take_client(struct context *ctx, struct json_span name, const char *text, struct rpc_meta *meta)
{
	if (named(name, "peer"))
		meta->peer = ip_address_plain(&ctx->arena, text);
	else if (named(name, "user_agent"))
		meta->user_agent = text;
}

static void take_string(struct context *ctx, struct json_span name, struct json_span value, bool speaks_for_clients,
			struct rpc_meta *meta)
{
	size_t length;
	const char *text = string_of(ctx, value, &length);
	if (named(name, "token")) {
		meta->token = text;
		meta->token_length = length;
	} else if (named(name, "request_id")) {
		if (request_id_acceptable(text, length))
			memcpy(ctx->request_id, text, length + 1);
	} else if (named(name, "traceparent")) {
		if (traceparent_acceptable(text, length))
			memcpy(ctx->traceparent, text, sizeof(ctx->traceparent));
	} else if (speaks_for_clients) {
		take_client(ctx, name, text, meta);
	}
}

/* --- walking an object that the scanner has accepted: nothing is checked again --- */

static const char *skip_space(const char *cursor)
{
	while (*cursor == ' ' || *cursor == '\t' || *cursor == '\r' || *cursor == '\n')
		cursor++;
	return cursor;
}

/* Past any value. */
static const char *skip_value(const char *cursor)
{
	int depth = 0;
	if (*cursor == '"')
		return json_skip_string(cursor);
	do {
		if (*cursor == '"') {
			cursor = json_skip_string(cursor);
			continue;
		}
		depth += (*cursor == '{' || *cursor == '[') - (*cursor == '}' || *cursor == ']');
		cursor++;
	} while (depth > 0 || (*cursor != ',' && *cursor != '}' && *cursor != ']'));
	return cursor;
}

void link_meta_read(struct context *ctx, struct json_span text, bool speaks_for_clients, struct rpc_meta *ret_meta)
{
	const char *cursor = skip_space(text.data + 1);
	while (*cursor != '}') {
		const char *name_end = json_skip_string(cursor);
		struct json_span name = {cursor + 1, (size_t)(name_end - cursor) - 2};
		cursor = skip_space(skip_space(name_end) + 1);
		struct json_span value = {cursor, (size_t)(skip_value(cursor) - cursor)};
		if (*cursor == '"')
			take_string(ctx, name, value, speaks_for_clients, ret_meta);
		else if (named(name, "deadline_ms"))
			take_deadline(ctx, value);
		cursor = skip_space(cursor + value.length);
		if (*cursor == ',')
			cursor = skip_space(cursor + 1);
	}
}

static void write_string(struct buffer *out, const char *name, const char *value)
{
	if (!value || value[0] == '\0')
		return;
	buffer_append_text(out, name);
	buffer_append_json_string(out, value);
}

void link_meta_write(struct buffer *out, const struct context *ctx, const struct link_request *request)
{
	buffer_append_text(out, "{\"request_id\":");
	buffer_append_json_string(out, ctx->request_id);
	if (ctx->deadline != DEADLINE_NEVER) {
		buffer_append_text(out, ",\"deadline_ms\":");
		buffer_append_integer(out, deadline_left(ctx->deadline) / CLOCK_MILLISECOND);
	}
	write_string(out, ",\"traceparent\":", ctx->traceparent);
	write_string(out, ",\"token\":", request->token);
	write_string(out, ",\"peer\":", request->peer);
	write_string(out, ",\"user_agent\":", request->user_agent);
	buffer_append_char(out, '}');
}
