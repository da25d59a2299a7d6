#include "http/parser.h"

#include "http/rules.h"

#include <ctype.h>
#include <string.h>

enum {
	BODY_IN_ARENA = 64 * 1024, /* larger ones are malloc'd, so that they can grow in place */
	FAULT_BAD_REQUEST = 400,
	FAULT_TOO_LARGE = 413,
	FAULT_HEAD_TOO_LARGE = 431,
	FAULT_UNKNOWN_METHOD = 501,
	FAULT_VERSION = 505,
};

static struct http_parser *parser_of(llhttp_t *machine)
{
	return machine->data;
}

static int refuse(struct http_parser *parser, int status)
{
	if (parser->fault == 0)
		parser->fault = status;
	return HPE_USER;
}

static int append_head(struct http_parser *parser, const char *bytes, size_t length)
{
	buffer_append(&parser->fields->text, bytes, length);
	return buffer_failed(&parser->fields->text) ? refuse(parser, FAULT_HEAD_TOO_LARGE) : 0;
}

static int on_url(llhttp_t *machine, const char *bytes, size_t length)
{
	return append_head(parser_of(machine), bytes, length);
}

static int on_url_complete(llhttp_t *machine)
{
	return append_head(parser_of(machine), "", 1);
}

/* What follows the body, and what is written beside chunk sizes, is counted and dropped. */
static int drop_extra(struct http_parser *parser, size_t length)
{
	parser->trailer_bytes += length;
	return parser->trailer_bytes > parser->max_head ? refuse(parser, FAULT_HEAD_TOO_LARGE) : 0;
}

static int on_chunk_extension(llhttp_t *machine, const char *bytes, size_t length)
{
	(void)bytes;
	return drop_extra(parser_of(machine), length);
}

static int on_field(llhttp_t *machine, const char *bytes, size_t length)
{
	struct http_parser *parser = parser_of(machine);
	if (parser->head_complete)
		return drop_extra(parser, length);
	struct http_fields *fields = parser->fields;
	if (fields->count == HTTP_MAX_FIELDS)
		return refuse(parser, FAULT_HEAD_TOO_LARGE);
	struct http_field *field = &fields->items[fields->count];
	if (field->name_length == 0)
		field->name = (uint32_t)fields->text.length;
	field->name_length += (uint32_t)length;
	return append_head(parser, bytes, length);
}

static int on_field_complete(llhttp_t *machine)
{
	struct http_parser *parser = parser_of(machine);
	if (parser->head_complete)
		return 0;
	struct http_fields *fields = parser->fields;
	/* The grammar that llhttp was made from lets a line begin with its colon. */
	if (fields->count < HTTP_MAX_FIELDS && fields->items[fields->count].name_length == 0)
		return refuse(parser, FAULT_BAD_REQUEST);
	if (append_head(parser, "", 1) != 0)
		return HPE_USER;
	fields->items[fields->count].value = (uint32_t)fields->text.length;
	return 0;
}

static int on_value(llhttp_t *machine, const char *bytes, size_t length)
{
	struct http_parser *parser = parser_of(machine);
	if (parser->head_complete)
		return drop_extra(parser, length);
	return append_head(parser, bytes, length);
}

/* White space after the value is not part of it (RFC 9112 section 5.1). */
static int on_value_complete(llhttp_t *machine)
{
	struct http_parser *parser = parser_of(machine);
	if (parser->head_complete)
		return 0;
	struct http_fields *fields = parser->fields;
	struct http_field *field = &fields->items[fields->count];
	struct buffer *text = &fields->text;
	while (text->length > field->value &&
	       (text->data[text->length - 1] == ' ' || text->data[text->length - 1] == '\t'))
		text->length--;
	field->value_length = (uint32_t)(text->length - field->value);
	if (append_head(parser, "", 1) != 0)
		return HPE_USER;
	if (++fields->count < HTTP_MAX_FIELDS)
		fields->items[fields->count].name_length = 0;
	return 0;
}

static int on_headers_complete(llhttp_t *machine)
{
	struct http_parser *parser = parser_of(machine);
	/* Offers to speak another protocol are declined by answering in this one (RFC 9110 section 7.8). */
	machine->upgrade = 0;
	parser->head_complete = true;
	parser->keep_alive = llhttp_should_keep_alive(machine) != 0;
	parser->event = HTTP_PARSE_HEAD;
	return HPE_PAUSED;
}

static int on_body(llhttp_t *machine, const char *bytes, size_t length)
{
	struct http_parser *parser = parser_of(machine);
	if (length > parser->body_left)
		return refuse(parser, FAULT_TOO_LARGE);
	parser->body_left -= length;
	parser->body_received += length;
	buffer_append(&parser->body, bytes, length);
	return 0;
}

/* Said before the chunk is there, so that nobody has to wait for what will not be taken. */
static int on_chunk_header(llhttp_t *machine)
{
	struct http_parser *parser = parser_of(machine);
	return machine->content_length > parser->body_left ? refuse(parser, FAULT_TOO_LARGE) : 0;
}

static int on_message_complete(llhttp_t *machine)
{
	parser_of(machine)->event = HTTP_PARSE_DONE;
	return HPE_PAUSED;
}

static const llhttp_settings_t CALLBACKS = {
    .on_url = on_url,
    .on_url_complete = on_url_complete,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void http_parser_begin(struct http_parser *parser, struct arena *arena, struct http_fields *fields, size_t max_head)
{
	llhttp_init(&parser->machine, HTTP_REQUEST, &CALLBACKS);
	parser->machine.data = parser;
	parser->arena = arena;
	parser->fields = fields;
	/* Each header costs the text two terminators, as many bytes as ": " and CR LF took on the wire. */
	http_fields_begin(fields, arena, max_head + 2);
	buffer_init(&parser->body, 0);
	parser->body_left = 0;
	parser->body_received = 0;
	parser->body_announced = 0;
	parser->head_bytes = 0;
	parser->max_head = max_head;
	parser->trailer_bytes = 0;
	parser->event = HTTP_PARSE_MORE;
	parser->fault = 0;
	parser->head_complete = false;
	parser->keep_alive = false;
	parser->last = '\0';
}

/* at: the byte that was refused. */
static int fault_of(llhttp_errno_t code, char at)
{
	switch (code) {
	case HPE_INVALID_METHOD:
		return isalpha((unsigned char)at) ? FAULT_UNKNOWN_METHOD : FAULT_BAD_REQUEST;
	case HPE_INVALID_VERSION:
	case HPE_PAUSED_H2_UPGRADE:
		return FAULT_VERSION;
	default:
		return FAULT_BAD_REQUEST;
	}
}

/* NUL when there is none to point at. */
static char refused_byte(const struct http_parser *parser, const char *bytes, size_t length)
{
	const char *at = llhttp_get_error_pos(&parser->machine);
	return at >= bytes && at < bytes + length ? *at : '\0';
}

static enum http_parse fail(struct http_parser *parser, int status)
{
	(void)refuse(parser, status);
	return HTTP_PARSE_FAULT;
}

/* llhttp lets a line of the head end in LF alone, and a header go on in the next line (RFC 9112 section 5.2). */
static bool lines_malformed(struct http_parser *parser, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	if (length == 0)
		return false;
	if ((parser->last == '\n' && (bytes[0] == ' ' || bytes[0] == '\t')) ||
	    (parser->last == '\r' && bytes[0] != '\n'))
		return true;
	for (const char *at = bytes; at < end && (at = memchr(at, '\r', (size_t)(end - at))); at++)
		if (end - at > 1 && at[1] != '\n')
			return true;
	for (const char *at = bytes; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
		if ((at > bytes ? at[-1] : parser->last) != '\r' || (end - at > 1 && (at[1] == ' ' || at[1] == '\t')))
			return true;
	parser->last = end[-1];
	return false;
}

static enum http_parse check_head(struct http_parser *parser)
{
	const llhttp_t *machine = &parser->machine;
	struct http_head head = {
	    .method = http_parser_method(parser),
	    .target = http_parser_target(parser),
	    .major = machine->http_major,
	    .minor = machine->http_minor,
	    .fields = parser->fields,
	};
	int fault = http_rules_fault(&head);
	return fault != 0 ? fail(parser, fault) : HTTP_PARSE_HEAD;
}

enum http_parse http_parser_feed(struct http_parser *parser, const char *bytes, size_t length, size_t *ret_used)
{
	*ret_used = 0;
	if (parser->fault != 0)
		return HTTP_PARSE_FAULT;
	bool in_head = !parser->head_complete;
	size_t slice = length;
	if (in_head && slice > parser->max_head - parser->head_bytes)
		slice = parser->max_head - parser->head_bytes;
	parser->event = HTTP_PARSE_MORE;
	llhttp_errno_t code = llhttp_execute(&parser->machine, bytes, slice);
	if (code == HPE_PAUSED && parser->fault == 0) {
		*ret_used = (size_t)(llhttp_get_error_pos(&parser->machine) - bytes);
		llhttp_resume(&parser->machine);
		if (in_head && lines_malformed(parser, bytes, *ret_used))
			return fail(parser, FAULT_BAD_REQUEST);
		return in_head ? check_head(parser) : parser->event;
	}
	if (code != HPE_OK)
		return fail(parser, fault_of(code, refused_byte(parser, bytes, slice)));
	*ret_used = slice;
	if (in_head && lines_malformed(parser, bytes, slice))
		return fail(parser, FAULT_BAD_REQUEST);
	if (in_head && (parser->head_bytes += slice) == parser->max_head)
		return fail(parser, FAULT_HEAD_TOO_LARGE);
	return HTTP_PARSE_MORE;
}

bool http_parser_allow_body(struct http_parser *parser, size_t limit)
{
	bool announced = (parser->machine.flags & F_CONTENT_LENGTH) != 0;
	uint64_t length = announced ? parser->machine.content_length : 0;
	if (length > limit) {
		parser->fault = FAULT_TOO_LARGE;
		return false;
	}
	parser->body_left = limit;
	parser->body_announced = announced ? (int64_t)length : (parser->machine.flags & F_CHUNKED) != 0 ? -1 : 0;
	if (announced && length <= BODY_IN_ARENA) {
		buffer_init_arena(&parser->body, parser->arena, limit);
		if (length > 0)
			(void)buffer_reserve(&parser->body, (size_t)length);
	} else {
		buffer_init(&parser->body, limit);
	}
	return true;
}

size_t http_parser_take_body(struct http_parser *parser, void *bytes, size_t size)
{
	struct buffer *body = &parser->body;
	size_t taken = size < body->length ? size : body->length;
	if (taken == 0)
		return 0;
	memcpy(bytes, body->data, taken);
	memmove(body->data, body->data + taken, body->length - taken + 1);
	body->length -= taken;
	return taken;
}

int64_t http_parser_body_length(const struct http_parser *parser)
{
	return parser->body_announced;
}

void http_parser_end(struct http_parser *parser)
{
	buffer_done(&parser->body);
}

const char *http_parser_target(const struct http_parser *parser)
{
	return buffer_text(&parser->fields->text);
}

const char *http_parser_method(const struct http_parser *parser)
{
	return llhttp_method_name((llhttp_method_t)parser->machine.method);
}

bool http_parser_is_head(const struct http_parser *parser)
{
	return parser->head_complete && parser->machine.method == HTTP_HEAD;
}

bool http_parser_has_body(const struct http_parser *parser)
{
	return (parser->machine.flags & F_CHUNKED) != 0 || parser->machine.content_length > 0;
}
