#include "base/arena.h"

#include "base/fatal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ARENA_POISON
#define POISON(memory, size) __asan_poison_memory_region((memory), (size))
#else
#define POISON(memory, size) (void)0
#endif

enum {
	BLOCK_FIRST = 4 * 1024,
	BLOCK_LARGEST = 64 * 1024,
	OWN_BLOCK_ABOVE = 16 * 1024,
};

struct arena_block {
	struct arena_block *older;
	size_t size; /* with this head */
	_Alignas(16) char bytes[];
};

_Static_assert(sizeof(struct arena_block) % ARENA_ALIGNMENT == 0, "the bytes after the head are aligned");

void arena_init(struct arena *arena)
{
	*arena = (struct arena){0};
}

static struct arena_block *block_make(struct arena *arena, size_t size)
{
	struct arena_block *block = must_malloc(size);
	block->size = size;
	arena->total += size;
	POISON(block->bytes, size - sizeof(*block));
	return block;
}

static void block_free(struct arena_block *block)
{
	ARENA_UNPOISON(block, block->size);
	free(block);
}

void arena_done(struct arena *arena)
{
	struct arena_block *block = arena->blocks;
	while (block) {
		struct arena_block *older = block->older;
		block_free(block);
		block = older;
	}
	arena_init(arena);
}

static void take_block(struct arena *arena, struct arena_block *block)
{
	arena->blocks = block;
	arena->next = block->bytes;
	arena->end = (char *)block + block->size;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *kept = NULL;
	struct arena_block *block = arena->blocks;
	while (block) {
		struct arena_block *older = block->older;
		if (!kept && block->size == BLOCK_FIRST)
			kept = block;
		else
			block_free(block);
		block = older;
	}
	arena_init(arena);
	if (!kept)
		return;
	kept->older = NULL;
	arena->total = kept->size;
	take_block(arena, kept);
	POISON(kept->bytes, kept->size - sizeof(*kept));
}

/* A large allocation goes behind the newest block, whose room stays in use. */
static void *alloc_own_block(struct arena *arena, size_t size)
{
	struct arena_block *block = block_make(arena, sizeof(*block) + size);
	if (!arena->blocks) {
		block->older = NULL;
		arena->blocks = block;
	} else {
		block->older = arena->blocks->older;
		arena->blocks->older = block;
	}
	ARENA_UNPOISON(block->bytes, size);
	return block->bytes;
}

/* The size for the next ordinary block: the first one is the smallest, so that a small request costs little. */
static size_t next_block_size(const struct arena *arena, size_t needed)
{
	size_t size = BLOCK_FIRST;
	if (arena->next)
		size = arena->blocks->size * 2;
	while (size < needed && size < BLOCK_LARGEST)
		size *= 2;
	return size < BLOCK_LARGEST ? size : BLOCK_LARGEST;
}

void *arena_alloc_slow(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 4)
		fatal("an allocation of %zu bytes", size);
	if (size > OWN_BLOCK_ABOVE)
		return alloc_own_block(arena, size);
	if (size == 0)
		return arena_alloc(arena, 1);
	struct arena_block *block = block_make(arena, next_block_size(arena, sizeof(*block) + size));
	block->older = arena->blocks;
	take_block(arena, block);
	return arena_alloc(arena, size);
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	return memset(arena_alloc(arena, size), 0, size);
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);
	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	char *text = arena_vprintf(arena, format, values);
	va_end(values);
	return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list values)
{
	va_list again;
	va_copy(again, values);
	char attempt[256];
	int length = vsnprintf(attempt, sizeof(attempt), format, values);
	if (length < 0)
		fatal("a format that cannot be printed: %s", format);
	char *text = arena_alloc(arena, (size_t)length + 1);
	if ((size_t)length < sizeof(attempt))
		memcpy(text, attempt, (size_t)length + 1);
	else
		(void)vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}
