/*
 * The end of the process: for programming errors and for states in which nothing useful can be done (no memory, no
 * random bytes). Everything else is an error in a context (base/error.h).
 */
#ifndef EVENTLOOP_BASE_FATAL_H
#define EVENTLOOP_BASE_FATAL_H

#include "base/macros.h"

#include <stddef.h>

/* Takes the last line of a process, from any thread; allocates nothing and takes no lock. */
typedef void fatal_listener(const char *message);

/* Has the function write that line from now on, instead of plain text to standard error (log_configure sets the
 * log's). */
void fatal_on(fatal_listener *function);

/* Writes "fatal: <file>:<line>: <message>" as the last line and aborts. Allocates nothing; from any thread. */
NORETURN void fatal_at(const char *file, int line, const char *format, ...) PRINTF(3, 4);
#define fatal(...) fatal_at(__FILE__, __LINE__, __VA_ARGS__)

/* malloc and realloc that never return NULL: out of memory is fatal. The caller owns the result; free() gives it back.
 */
void *must_malloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull)) MUST_CHECK;
void *must_calloc(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2), returns_nonnull)) MUST_CHECK;
void *must_realloc(void *memory, size_t size) __attribute__((alloc_size(2), returns_nonnull)) MUST_CHECK;
char *must_strdup(const char *text) __attribute__((malloc, returns_nonnull)) MUST_CHECK;

#endif
