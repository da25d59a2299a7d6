/* Answers: what handlers call to give one, and how it looks on the wire. */
#include "http/engine.h"

#include "base/clock.h"
#include "base/fatal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD_LIMIT = 64 * 1024, /* with a short content */
	HEAD_USUAL = 1024,
	STATUS_UNAVAILABLE = 503,
};

static const struct {
	int status;
	const char *text;
} STATUS_TEXTS[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(STATUS_TEXTS); i++)
		if (STATUS_TEXTS[i].status == status)
			return STATUS_TEXTS[i].text;
	return "Unknown";
}

const char *http_server_date(struct http_server *server)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != server->date_second) {
		struct tm parts;
		(void)gmtime_r(&now.tv_sec, &parts);
		(void)strftime(server->date, sizeof(server->date), "%a, %d %b %Y %H:%M:%S GMT", &parts);
		server->date_second = now.tv_sec;
	}
	return server->date;
}

const char *http_header(const struct http_exchange *exchange, const char *name)
{
	const struct http_call *call = exchange->internal;
	return http_fields_get(&call->fields, name);
}

const char *http_header_list(const struct http_exchange *exchange, const char *name)
{
	const struct http_call *call = exchange->internal;
	return http_fields_list(&call->fields, &exchange->ctx->arena, name);
}

void http_reply_header(struct http_exchange *exchange, const char *name, const char *value)
{
	struct http_call *call = exchange->internal;
	if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
		fatal("a header of an answer holds a line break: %s", name);
	struct http_reply_field *field = arena_alloc(&call->ctx.arena, sizeof(*field));
	field->name = arena_strdup(&call->ctx.arena, name);
	field->value = arena_strdup(&call->ctx.arena, value);
	field->next = NULL;
	struct http_reply_field **place = &call->reply_fields;
	while (*place)
		place = &(*place)->next;
	*place = field;
}

/* Whether an answer of this status says how long its content is (RFC 9110 section 8.6). */
static bool has_length(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static void append_line(struct buffer *head, const char *name, const char *value)
{
	buffer_append_text(head, name);
	buffer_append(head, ": ", 2);
	buffer_append_text(head, value);
	buffer_append(head, "\r\n", 2);
}

void http_render_head(struct http_call *call, const struct http_reply_parts *parts, bool keep_alive,
		      struct buffer *head)
{
	buffer_init_arena(head, &call->ctx.arena, HEAD_LIMIT);
	(void)buffer_reserve(head, HEAD_USUAL);
	buffer_append_text(head, "HTTP/1.1 ");
	buffer_append_integer(head, parts->status);
	buffer_append(head, " ", 1);
	buffer_append_text(head, http_status_text(parts->status));
	buffer_append_text(head, "\r\nDate: ");
	buffer_append_text(head, http_server_date(call->server));
	buffer_append(head, "\r\n", 2);
	if (parts->content_type)
		append_line(head, "Content-Type", parts->content_type);
	if (has_length(parts->status)) {
		buffer_append_text(head, "Content-Length: ");
		buffer_append_integer(head, parts->file >= 0 ? parts->file_length : (int64_t)parts->length);
		buffer_append(head, "\r\n", 2);
	}
	if (!keep_alive)
		append_line(head, "Connection", "close");
	else if (call->parser.machine.http_minor == 0)
		append_line(head, "Connection", "keep-alive");
	for (const struct http_reply_field *field = call->reply_fields; field; field = field->next)
		append_line(head, field->name, field->value);
	buffer_append(head, "\r\n", 2);
	if (buffer_failed(head))
		fatal("the headers of an answer are larger than %d bytes", HEAD_LIMIT);
}

static void tell_answer(struct http_call *call)
{
	const struct http_server *server = call->server;
	if (server->on_answer)
		server->on_answer(&call->exchange, server->on_answer_argument);
}

static void send_answer(struct http_call *call, struct http_reply_parts *parts)
{
	if (call->answered) {
		if (parts->file >= 0)
			(void)close(parts->file);
		return;
	}
	call->answered = true;
	http_call_forget_hangup(call);
	tell_answer(call);
	if (!has_length(parts->status)) {
		if (parts->file >= 0)
			(void)close(parts->file);
		parts->file = -1;
		parts->count = 0;
		parts->length = 0;
	}
	call->server->engine->send(call, parts);
}

void http_reply(struct http_exchange *exchange, int status, const char *content_type, const void *body, size_t length)
{
	struct http_piece piece = {.bytes = body, .length = length};
	http_reply_pieces(exchange, status, content_type, &piece, length > 0);
}

void http_reply_pieces(struct http_exchange *exchange, int status, const char *content_type,
		       const struct http_piece *pieces, size_t count)
{
	struct http_reply_parts parts = {
	    .status = status, .content_type = content_type, .pieces = pieces, .count = count, .file = -1};
	for (size_t i = 0; i < count; i++)
		parts.length += pieces[i].length;
	send_answer(exchange->internal, &parts);
}

void http_reply_begin(struct http_exchange *exchange, int status, const char *content_type, int64_t length)
{
	struct http_call *call = exchange->internal;
	struct http_reply_parts parts = {
	    .status = status, .content_type = content_type, .length = (size_t)length, .later = true, .file = -1};
	if (call->answered)
		return;
	call->reply_left = has_length(status) && !call->head_only ? length : 0;
	call->reply_pace = deadline_after(call->server->options.read_timeout);
	send_answer(call, &parts);
}

void http_reply_file(struct http_exchange *exchange, int status, const char *content_type, int fd, int64_t offset,
		     int64_t length)
{
	struct http_reply_parts parts = {
	    .status = status, .content_type = content_type, .file = fd, .offset = offset, .file_length = length};
	send_answer(exchange->internal, &parts);
}

static const char *fault_text(struct http_server *server, struct context *ctx, int status)
{
	if (server->options.on_fault)
		return server->options.on_fault(ctx, status);
	return arena_printf(&ctx->arena, "{\"status\":%d,\"error\":\"%s\"}", status, http_status_text(status));
}

/* A fault is for one request only: it must not be cached, nor its type guessed. */
static void keep_private(struct http_call *call)
{
	http_reply_header(&call->exchange, "Cache-Control", "no-store");
	http_reply_header(&call->exchange, "X-Content-Type-Options", "nosniff");
}

/* A fault may be found before anything else was known of the request. */
static void note_method(struct http_call *call)
{
	if (call->parser.head_complete)
		call->exchange.method = http_parser_method(&call->parser);
	call->head_only = http_parser_is_head(&call->parser);
}

void http_call_fault(struct http_call *call, int status)
{
	const char *body = fault_text(call->server, &call->ctx, status);
	note_method(call);
	keep_private(call);
	if (status == STATUS_UNAVAILABLE)
		http_reply_header(&call->exchange, "Retry-After", "1");
	http_reply(&call->exchange, status, "application/json", body, strlen(body));
}

const char *http_render_refusal(struct http_call *call, int status, size_t *ret_length)
{
	const char *body = fault_text(call->server, &call->ctx, status);
	struct http_reply_parts parts = {
	    .status = status, .content_type = "application/json", .length = strlen(body), .file = -1};
	note_method(call);
	if (status == STATUS_UNAVAILABLE)
		http_reply_header(&call->exchange, "Retry-After", "1");
	keep_private(call);
	tell_answer(call);
	struct buffer text;
	http_render_head(call, &parts, false, &text);
	if (!call->head_only)
		buffer_append(&text, body, parts.length);
	*ret_length = text.length;
	return buffer_text(&text);
}
