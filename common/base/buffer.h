/*
 * A buffer: text or bytes that grow up to a bound given at birth.
 *
 * Purpose: build answers, SQL, log lines without counting bytes and without unbounded growth.
 * Ownership: owns its storage (malloc), given back by buffer_done; or, made by buffer_init_arena, the arena does.
 * Invariants: data is always NUL-terminated when any byte was appended; length <= limit. Errors are sticky: once an
 * append would pass the limit, the buffer is marked failed, later appends do nothing, and the caller checks once at the
 * end with buffer_failed.
 */
#ifndef EVENTLOOP_BASE_BUFFER_H
#define EVENTLOOP_BASE_BUFFER_H

#include "base/arena.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data; /* NUL-terminated; NULL before the first append */
	size_t length;
	size_t capacity;
	size_t limit;
	struct arena *arena; /* owner of data, or NULL for malloc */
	bool failed;
};

/* Makes an empty buffer that may hold up to limit bytes (the NUL not counted). */
void buffer_init(struct buffer *buffer, size_t limit);

/* The same with its storage in the arena; buffer_done is then not needed. */
void buffer_init_arena(struct buffer *buffer, struct arena *arena, size_t limit);

/* Frees the storage and empties the buffer. */
void buffer_done(struct buffer *buffer);

/* Empties the buffer and forgets a failure, keeping the storage. */
void buffer_reset(struct buffer *buffer);

/* Makes room for extra more bytes; returns where they go, or NULL (and marks failed) past the limit. */
char *buffer_reserve(struct buffer *buffer, size_t extra);

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_char(struct buffer *buffer, char character);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF(2, 3);

/* Appends text (UTF-8) as a quoted JSON string; NULL appends null. */
void buffer_append_json_string(struct buffer *buffer, const char *text);
void buffer_append_json_bytes(struct buffer *buffer, const char *bytes, size_t length);

/* True when an append did not fit. */
bool buffer_failed(const struct buffer *buffer) MUST_CHECK;

/* The text so far, "" when empty. Borrowed. */
const char *buffer_text(const struct buffer *buffer);

#endif
