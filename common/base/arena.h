/*
 * An arena: memory that is given back all at once.
 *
 * Purpose: everything a request allocates lives exactly as long as the request.
 * Ownership: the arena owns its blocks; what it returns is never freed singly.
 * Invariants: allocations are 16-byte aligned; allocation never returns NULL (the process ends with a message when
 * the system is out of memory, because nothing useful can be done then). The first block is 4 KiB, each further one
 * twice the last up to 64 KiB; what is larger than 16 KiB gets a block of its own. Under ASan, bytes of a block that
 * were not asked for are poisoned.
 * Use: arena_init, any number of arena_alloc and friends, arena_done. arena_reset keeps the first block for reuse.
 */
#ifndef EVENTLOOP_BASE_ARENA_H
#define EVENTLOOP_BASE_ARENA_H

#include "base/macros.h"

#include <stdarg.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define ARENA_UNPOISON(memory, size) __asan_unpoison_memory_region((memory), (size))
#else
#define ARENA_UNPOISON(memory, size) (void)0
#endif

#define ARENA_ALIGNMENT ((size_t)16)

struct arena_block;

/* Zero-initialised is a valid empty arena. The members are private to the arena. */
struct arena {
	struct arena_block *blocks; /* newest first */
	char *next;		    /* first free byte of the newest block, 16-byte aligned; NULL when there is none */
	char *end;		    /* one past its last byte, 16-byte aligned */
	size_t total;		    /* bytes held from the allocator, for metrics and tests */
};

/* Makes an empty arena; allocates nothing yet. */
void arena_init(struct arena *arena);

/* Gives every block back. Safe on an empty arena; the arena is empty afterwards. */
void arena_done(struct arena *arena);

/* Forgets all allocations but keeps the first block for the next user. */
void arena_reset(struct arena *arena);

/* What arena_alloc does when the newest block has no room. Not for callers. */
void *arena_alloc_slow(struct arena *arena, size_t size)
    __attribute__((malloc, alloc_size(2), returns_nonnull, assume_aligned(16)));

/* Returns size bytes, not initialised, 16-byte aligned. size may be 0. */
__attribute__((malloc, alloc_size(2), returns_nonnull, assume_aligned(16))) static inline void *arena_alloc(
    struct arena *arena, size_t size)
{
	/* Sizes of 0 wrap around and take the slow way, as does an empty arena. */
	if (__builtin_expect(size - 1 >= (size_t)(arena->end - arena->next), 0))
		return arena_alloc_slow(arena, size);
	char *memory = arena->next;
	arena->next += (size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1);
	ARENA_UNPOISON(memory, size);
	return memory;
}

/* Returns size bytes of zeros. */
void *arena_zalloc(struct arena *arena, size_t size)
    __attribute__((malloc, alloc_size(2), returns_nonnull, assume_aligned(16)));

/* Returns a copy of the NUL-terminated text; NULL for NULL. */
char *arena_strdup(struct arena *arena, const char *text);

/* Returns a NUL-terminated copy of length bytes. */
char *arena_strndup(struct arena *arena, const char *bytes, size_t length);

/* Returns the formatted text. */
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list values) PRINTF(2, 0);

#endif
