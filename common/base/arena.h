/*
 * An arena: memory that is given back all at once.
 *
 * Purpose: everything a request allocates lives exactly as long as the request.
 * Ownership: the arena owns its blocks; what it returns is never freed singly.
 * Invariants: blocks are at least 16-byte aligned; allocation never returns NULL (the process ends with a message when
 * the system is out of memory, because nothing useful can be done then).
 * Use: arena_init, any number of arena_alloc and friends, arena_done. arena_reset keeps the first block for reuse.
 */
#ifndef EVENTLOOP_BASE_ARENA_H
#define EVENTLOOP_BASE_ARENA_H

#include "base/macros.h"

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

/* Zero-initialised is a valid empty arena. */
struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes taken of the newest block */
	size_t total;               /* bytes held from the allocator, for metrics and tests */
};

/* Makes an empty arena; allocates nothing yet. */
void arena_init(struct arena *arena);

/* Gives every block back. Safe on an empty arena; the arena is empty afterwards. */
void arena_done(struct arena *arena);

/* Forgets all allocations but keeps one block for the next user. */
void arena_reset(struct arena *arena);

/* Returns size bytes, not initialised, 16-byte aligned. size may be 0. */
void *arena_alloc(struct arena *arena, size_t size);

/* Returns size bytes of zeros. */
void *arena_zalloc(struct arena *arena, size_t size);

/* Returns a copy of the NUL-terminated text; NULL for NULL. */
char *arena_strdup(struct arena *arena, const char *text);

/* Returns a NUL-terminated copy of length bytes. */
char *arena_strndup(struct arena *arena, const char *bytes, size_t length);

/* Returns the formatted text. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list values) PRINTF(2, 0);

#endif
