/*
 * Feeds bytes to the request parser twice: whole, and in pieces whose size is the first byte. Both must see the same
 * requests, and nothing beyond the limits may come through.
 */
#include "base/fatal.h"
#include "http/parser.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HEAD = 512, MAX_BODY = 2048 };

struct reading {
	struct arena arena;
	struct http_fields fields;
	struct http_parser parser;
	struct buffer seen; /* everything that came out, to be compared */
};

static void note(struct buffer *seen, const char *text)
{
	buffer_append_text(seen, text);
	buffer_append(seen, "\n", 1);
}

static void note_head(struct reading *reading)
{
	struct http_fields *fields = &reading->fields;
	note(&reading->seen, http_parser_method(&reading->parser));
	note(&reading->seen, http_parser_target(&reading->parser));
	if (fields->text.length > MAX_HEAD + 2 || fields->count > HTTP_MAX_FIELDS)
		fatal("more headers than allowed");
	for (size_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];
		const char *name = fields->text.data + field->name;
		const char *value = fields->text.data + field->value;
		if (strlen(name) != field->name_length || strlen(value) != field->value_length)
			fatal("a header with a NUL");
		if (strpbrk(value, "\r\n"))
			fatal("a header with a line break");
		note(&reading->seen, name);
		note(&reading->seen, value);
	}
	const char *path, *query;
	if (http_target_split(&reading->arena, http_parser_target(&reading->parser), &path, &query)) {
		note(&reading->seen, path);
		note(&reading->seen, query);
	}
}

static void note_body(struct reading *reading)
{
	const struct buffer *body = &reading->parser.body;
	if (body->length > MAX_BODY)
		fatal("more body than allowed");
	buffer_append(&reading->seen, buffer_text(body), body->length);
	note(&reading->seen, reading->parser.keep_alive ? "+" : "-");
}

/* Which of two faults is met first may depend on the pieces; that there is one may not. */
static void note_fault(struct reading *reading)
{
	if (reading->parser.fault < 400 || reading->parser.fault > 599)
		fatal("a fault with status %d", reading->parser.fault);
	note(&reading->seen, "refused");
}

/* Reads one request in pieces; *at moves on. False when there is no further one. */
static bool read_request(struct reading *reading, const char *bytes, size_t length, size_t piece, size_t *at)
{
	for (;;) {
		size_t used, part = length - *at < piece ? length - *at : piece;
		switch (http_parser_feed(&reading->parser, bytes + *at, part, &used)) {
		case HTTP_PARSE_MORE:
			*at += used;
			if (*at == length)
				return false;
			break;
		case HTTP_PARSE_HEAD:
			*at += used;
			note_head(reading);
			if (http_parser_allow_body(&reading->parser, MAX_BODY))
				break;
			note_fault(reading);
			return false;
		case HTTP_PARSE_DONE:
			*at += used;
			note_body(reading);
			return true;
		case HTTP_PARSE_FAULT:
			note_fault(reading);
			return false;
		}
		if (used > part)
			fatal("more taken than given");
	}
}

static void read_all(struct reading *reading, const char *bytes, size_t length, size_t piece)
{
	size_t at = 0;
	bool more = true;
	buffer_init(&reading->seen, 16 * 1024 * 1024);
	while (more) {
		arena_init(&reading->arena);
		http_parser_begin(&reading->parser, &reading->arena, &reading->fields, MAX_HEAD);
		more = read_request(reading, bytes, length, piece, &at);
		http_parser_end(&reading->parser);
		arena_done(&reading->arena);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading whole, pieces;
	if (size < 2)
		return 0;
	/* A copy of the exact size, so that a read beyond its end is seen. */
	size_t length = size - 1;
	char *bytes = malloc(length);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 1, length);
	read_all(&whole, bytes, length, SIZE_MAX);
	read_all(&pieces, bytes, length, (size_t)data[0] % 64 + 1);
	if (whole.seen.length != pieces.seen.length ||
	    memcmp(buffer_text(&whole.seen), buffer_text(&pieces.seen), whole.seen.length) != 0)
		fatal("pieces read otherwise:\n%s\n----\n%s", buffer_text(&whole.seen), buffer_text(&pieces.seen));
	buffer_done(&whole.seen);
	buffer_done(&pieces.seen);
	free(bytes);
	return 0;
}
