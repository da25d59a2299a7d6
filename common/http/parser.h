/*
 * One HTTP/1.1 request from bytes, whatever pieces they arrive in. No sockets, no waiting: this is what the fuzzer
 * feeds.
 *
 * Purpose: llhttp finds where things begin and end; this layer bounds them, keeps them, and has http/rules.h refuse
 * what may be read in two ways. Lines end in CR LF: one that ends in LF alone (which RFC 9112 section 2.2 lets a server
 * take) is refused, since a proxy before us may have read the request differently. Ownership: texts live in the arena
 * given at the start; a body above 64 KiB is malloc'd and freed by http_parser_end. Invariants: at most max_head bytes
 * are taken before the end of the headers, at most HTTP_MAX_FIELDS headers kept, at most the body limit of body; a
 * parser reads one request and is then begun anew. Use: begin; feed until HEAD; http_parser_allow_body; feed until
 * DONE; end. FAULT can come at any time and stays.
 */
#ifndef EVENTLOOP_HTTP_PARSER_H
#define EVENTLOOP_HTTP_PARSER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/macros.h"

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_MAX_FIELDS 100

/* One header: places in the text of its table. */
struct http_field {
	uint32_t name, name_length;
	uint32_t value, value_length;
};

/* The headers of a request, in the order they came, each text NUL-terminated. */
struct http_fields {
	struct buffer text;
	size_t count;
	struct http_field items[HTTP_MAX_FIELDS];
};

/* Empties the table; it keeps up to limit bytes of text in the arena. */
void http_fields_begin(struct http_fields *fields, struct arena *arena, size_t limit);

/* Appends a header, copied. False when the table is full. */
bool http_fields_add(struct http_fields *fields, const char *name, const char *value) MUST_CHECK;

/* The value of the first header of that name (any case), or NULL. Borrowed from the table. */
const char *http_fields_get(const struct http_fields *fields, const char *name);

/* The values of all headers of that name joined by ", ", or NULL. In the arena when there are several. */
const char *http_fields_list(const struct http_fields *fields, struct arena *arena, const char *name);

/* How many headers have that name (any case). */
size_t http_fields_count(const struct http_fields *fields, const char *name);

enum http_parse {
	HTTP_PARSE_MORE,  /* all bytes were taken; the request goes on */
	HTTP_PARSE_HEAD,  /* the headers are complete and may be read; say how much body is allowed */
	HTTP_PARSE_DONE,  /* the request is complete */
	HTTP_PARSE_FAULT, /* it cannot be read: answer `fault` and close */
};

struct http_parser {
	llhttp_t machine;
	struct arena *arena;
	struct http_fields *fields; /* the request target is the first text in it */
	struct buffer body;
	size_t body_left;	/* bytes that may still come */
	size_t body_received;	/* bytes that came */
	int64_t body_announced; /* the length, -1: in chunks */
	size_t head_bytes, max_head;
	size_t trailer_bytes;
	enum http_parse event; /* what the last callback said */
	int fault;	       /* HTTP status, with HTTP_PARSE_FAULT */
	bool head_complete, keep_alive;
	char last; /* byte of the head that was taken */
};

/* Starts a request. max_head: bytes of request line and headers. All borrowed. */
void http_parser_begin(struct http_parser *parser, struct arena *arena, struct http_fields *fields, size_t max_head);

/* Takes up to length bytes; *ret_used says how many. After HEAD and DONE give the unused rest again (after HEAD also
 * when nothing is left: only then is a request without a body DONE). */
enum http_parse http_parser_feed(struct http_parser *parser, const char *bytes, size_t length,
				 size_t *ret_used) MUST_CHECK;

/* After HEAD: allows limit bytes of body. False (and `fault` 413) when more is announced already. */
bool http_parser_allow_body(struct http_parser *parser, size_t limit) MUST_CHECK;

/* Moves up to size bytes of the body that is there to bytes; returns how many. What comes later is appended to the
 * rest.
 */
size_t http_parser_take_body(struct http_parser *parser, void *bytes, size_t size);

/* After HEAD: the length that is announced, -1 for a body in chunks. */
int64_t http_parser_body_length(const struct http_parser *parser);

/* Frees what is not in the arena. Safe to call twice. */
void http_parser_end(struct http_parser *parser);

/* After HEAD: the request target as it was sent. */
const char *http_parser_target(const struct http_parser *parser);

/* After HEAD: the method's name, static. */
const char *http_parser_method(const struct http_parser *parser);

/* True when the headers are complete and the method is HEAD: an answer has no content. */
bool http_parser_is_head(const struct http_parser *parser);

/* After HEAD: true when a body follows. */
bool http_parser_has_body(const struct http_parser *parser);

/* Splits a request target (origin form, absolute form or "*", RFC 9112 section 3.2) into a decoded path and the raw
 * query, both in the arena. False when it is neither, a percent-encoding is broken or the path holds a NUL. */
bool http_target_split(struct arena *arena, const char *target, const char **ret_path,
		       const char **ret_query) MUST_CHECK;

#endif
