#include "rpc/link_meta.h"

#include <stdlib.h>
#include <string.h>

#define META_DEPTH 4
#define DEADLINE_MS_MAX INT64_C(86400000)

bool request_id_acceptable(const char *text, size_t length)
{
	if (length == 0 || length >= REQUEST_ID_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		char character = text[i];
		bool letter = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
		bool digit = character >= '0' && character <= '9';
		if (!letter && !digit && character != '-' && character != '_' && character != '.')
			return false;
	}
	return true;
}

bool traceparent_acceptable(const char *text, size_t length)
{
	if (length != TRACEPARENT_SIZE - 1 || memcmp(text, "00-", 3) != 0 || text[35] != '-' || text[52] != '-')
		return false;
	for (size_t i = 3; i < length; i++) {
		bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
		if (!digit && i != 35 && i != 52)
			return false;
	}
	return true;
}

static void take_deadline(struct context *ctx, struct json_span value)
{
	char digits[24];
	if (value.length >= sizeof(digits))
		return;
	memcpy(digits, value.data, value.length);
	digits[value.length] = '\0';
	long long milliseconds = strtoll(digits, NULL, 10);
	if (milliseconds < 0 || milliseconds > DEADLINE_MS_MAX)
		return;
	ctx->deadline = deadline_earlier(ctx->deadline, deadline_after(milliseconds * CLOCK_MILLISECOND));
}

/* A string value unescaped, in the arena, with a NUL. */
static char *string_of(struct context *ctx, struct json_span value, size_t *ret_length)
{
	char *text = arena_alloc(&ctx->arena, value.length);
	size_t length = json_unescape((struct json_span){value.data + 1, value.length - 2}, text);
	text[length] = '\0';
	*ret_length = length;
	return text;
}

static bool named(struct json_span name, const char *expected)
{
	return name.length == strlen(expected) && memcmp(name.data, expected, name.length) == 0;
}

static void take_string(struct context *ctx, struct json_span name, struct json_span value, struct rpc_meta *meta)
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
			memcpy(ctx->traceparent, text, length + 1);
	} else if (named(name, "peer")) {
		meta->peer = text;
	} else if (named(name, "user_agent")) {
		meta->user_agent = text;
	}
}

void link_meta_read(struct context *ctx, struct json_span text, struct rpc_meta *ret_meta)
{
	struct json_scanner scanner;
	struct json_span name, value;
	bool escaped, first = true;
	json_scanner_init(&scanner, text.data, text.length, META_DEPTH, &ctx->arena);
	if (!json_scan_enter(&scanner, JSON_OBJECT))
		return;
	while (json_scan_member(&scanner, first, &name, &escaped) == 1) {
		first = false;
		enum json_kind kind = json_scan_peek(&scanner);
		if (!json_scan_value(&scanner, &value))
			return;
		if (kind == JSON_STRING)
			take_string(ctx, name, value, ret_meta);
		else if (kind == JSON_NUMBER && named(name, "deadline_ms"))
			take_deadline(ctx, value);
	}
}

static void write_string(struct buffer *out, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
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
