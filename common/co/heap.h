/*
 * Deadlines of waiting coroutines: a binary heap, earliest first, whose entries store their index, so that one can be
 * removed without a search.
 * Ownership: entries are the caller's; the heap holds pointers.
 */
#ifndef EVENTLOOP_CO_HEAP_H
#define EVENTLOOP_CO_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	int64_t deadline;
	size_t place; /* 0: not in the heap, else its index + 1 */
};

struct heap {
	struct heap_entry **entries;
	size_t length, capacity;
};

void heap_done(struct heap *heap);
void heap_insert(struct heap *heap, struct heap_entry *entry);
/* Does nothing when the entry is not in the heap. */
void heap_remove(struct heap *heap, struct heap_entry *entry);
/* The earliest, or NULL. */
struct heap_entry *heap_first(const struct heap *heap);

#endif
