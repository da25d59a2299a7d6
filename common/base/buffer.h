/*
 * A buffer: text or bytes that grow up to a bound given at birth.
 *
 * Purpose: build answers, SQL, log lines without counting bytes and without unbounded growth.
 * Ownership: owns its storage (malloc), given back by buffer_done; or, made by buffer_init_arena, the arena does.
 * Invariants: data is always NUL-terminated when any byte was appended; length <= limit. Errors are sticky: once an
 * append would pass the limit, the buffer is marked failed, later appends do nothing, and the caller checks once at the
 * end with buffer_failed. An append that does not fit adds nothing.
 */
#ifndef EVENTLOOP_BASE_BUFFER_H
#define EVENTLOOP_BASE_BUFFER_H

#include "base/arena.h"
#include "base/macros.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
	char *data; /* NUL-terminated; NULL before the first append */
	size_t length;
	size_t capacity; /* bytes of storage, at most limit + 1 */
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

/* What buffer_reserve does when the storage is too small. Not for callers. */
char *buffer_grow(struct buffer *buffer, size_t extra);

/* Makes room for extra more bytes and a NUL; returns where they go, or NULL (and marks failed) past the limit or when
 * it failed before. The caller then writes at most extra bytes there and calls buffer_commit. */
static inline char *buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (__builtin_expect(buffer->failed || extra >= buffer->capacity - buffer->length, 0))
		return buffer_grow(buffer, extra);
	return buffer->data + buffer->length;
}

/* Takes the first written of the bytes reserved last into the buffer. */
static inline void buffer_commit(struct buffer *buffer, size_t written)
{
	buffer->length += written;
	buffer->data[buffer->length] = '\0';
}

/* Appends length bytes; bytes may be NULL when length is 0. */
static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	char *place = buffer_reserve(buffer, length);
	if (!place || length == 0)
		return;
	memcpy(place, bytes, length);
	buffer_commit(buffer, length);
}

/* Appends a NUL-terminated text. */
static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

/* Appends one byte. */
static inline void buffer_append_char(struct buffer *buffer, char character)
{
	buffer_append(buffer, &character, 1);
}

/* Appends a whole number in decimal. */
void buffer_append_integer(struct buffer *buffer, int64_t value);

/* Appends the formatted text. */
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF(2, 3);
void buffer_vprintf(struct buffer *buffer, const char *format, va_list values) PRINTF(2, 0);

/* Appends text as a quoted JSON string (RFC 8259 section 7); NULL appends null. Bytes that are not UTF-8 become U+FFFD.
 */
void buffer_append_json_string(struct buffer *buffer, const char *text);

/* The same for length bytes, which may hold NULs. */
void buffer_append_json_bytes(struct buffer *buffer, const char *bytes, size_t length);

/* True when an append did not fit. */
static inline bool MUST_CHECK buffer_failed(const struct buffer *buffer)
{
	return buffer->failed;
}

/* The text so far, "" when empty. Borrowed until the next append. */
static inline const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

#endif
