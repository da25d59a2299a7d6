#include "base/buffer.h"

#include "base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 256 };

void buffer_init(struct buffer *buffer, size_t limit)
{
	*buffer = (struct buffer){.limit = limit};
}

void buffer_init_arena(struct buffer *buffer, struct arena *arena, size_t limit)
{
	*buffer = (struct buffer){.limit = limit, .arena = arena};
}

void buffer_done(struct buffer *buffer)
{
	if (!buffer->arena)
		free(buffer->data);
	*buffer = (struct buffer){.limit = buffer->limit, .arena = buffer->arena};
}

void buffer_reset(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->failed = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

/* Doubles until needed bytes and a NUL fit; never past the limit and its NUL. */
static size_t grown_capacity(const struct buffer *buffer, size_t needed)
{
	size_t capacity = buffer->capacity > CAPACITY_FIRST / 2 ? buffer->capacity * 2 : CAPACITY_FIRST;
	if (capacity < needed + 1)
		capacity = needed + 1;
	return capacity <= buffer->limit ? capacity : buffer->limit + 1;
}

static void move_storage(struct buffer *buffer, size_t capacity)
{
	if (!buffer->arena) {
		buffer->data = must_realloc(buffer->data, capacity);
	} else {
		char *data = arena_alloc(buffer->arena, capacity);
		if (buffer->length > 0)
			memcpy(data, buffer->data, buffer->length);
		buffer->data = data;
	}
	buffer->data[buffer->length] = '\0';
	buffer->capacity = capacity;
}

char *buffer_grow(struct buffer *buffer, size_t extra)
{
	if (buffer->failed || extra > buffer->limit - buffer->length) {
		buffer->failed = true;
		return NULL;
	}
	move_storage(buffer, grown_capacity(buffer, buffer->length + extra));
	return buffer->data + buffer->length;
}

void buffer_append_integer(struct buffer *buffer, int64_t value)
{
	char digits[24];
	char *place = digits + sizeof(digits);
	uint64_t rest = value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value;
	do {
		*--place = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--place = '-';
	buffer_append(buffer, place, (size_t)(digits + sizeof(digits) - place));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	buffer_vprintf(buffer, format, values);
	va_end(values);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list values)
{
	if (buffer->failed)
		return;
	va_list again;
	va_copy(again, values);
	size_t room = buffer->capacity - buffer->length;
	char *place = room > 0 ? buffer->data + buffer->length : NULL;
	int length = vsnprintf(place, room, format, values);
	if (length < 0)
		fatal("a format that cannot be printed: %s", format);
	if ((size_t)length >= room) {
		if (room > 0)
			*place = '\0';
		place = buffer_grow(buffer, (size_t)length);
		if (place)
			(void)vsnprintf(place, (size_t)length + 1, format, again);
	}
	if (place)
		buffer->length += (size_t)length;
	va_end(again);
}
