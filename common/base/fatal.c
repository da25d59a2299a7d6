#include "base/fatal.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic(fatal_listener *) listener;

void fatal_on(fatal_listener *function)
{
	atomic_store(&listener, function);
}

/* Without the log the plain text is the whole line. */
static void tell(char *text, size_t size)
{
	fatal_listener *function = atomic_load(&listener);
	if (function) {
		function(text);
		return;
	}
	size_t length = strnlen(text, size - 1);
	text[length] = '\n';
	ssize_t written = write(STDERR_FILENO, text, length + 1);
	(void)written;
}

void fatal_at(const char *file, int line, const char *format, ...)
{
	char text[512];
	int used = snprintf(text, sizeof(text), "fatal: %s:%d: ", file, line);
	size_t length = used < 0 ? 0 : (size_t)used < sizeof(text) ? (size_t)used : sizeof(text) - 1;
	va_list values;
	va_start(values, format);
	(void)vsnprintf(text + length, sizeof(text) - length, format, values);
	va_end(values);
	tell(text, sizeof(text));
	abort();
}

void *must_malloc(size_t size)
{
	void *memory = malloc(size > 0 ? size : 1);
	if (!memory)
		fatal("out of memory for %zu bytes", size);
	return memory;
}

void *must_calloc(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
	if (!memory)
		fatal("out of memory for %zu times %zu bytes", count, size);
	return memory;
}

void *must_realloc(void *memory, size_t size)
{
	void *moved = realloc(memory, size > 0 ? size : 1);
	if (!moved)
		fatal("out of memory for %zu bytes", size);
	return moved;
}

char *must_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(must_malloc(size), text, size);
}
