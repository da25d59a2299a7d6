#include "co/heap.h"

#include "base/fatal.h"

#include <stdlib.h>

void heap_done(struct heap *heap)
{
	free(heap->entries);
	*heap = (struct heap){0};
}

static void put(struct heap *heap, size_t index, struct heap_entry *entry)
{
	heap->entries[index] = entry;
	entry->place = index + 1;
}

static void rise(struct heap *heap, size_t index, struct heap_entry *entry)
{
	while (index > 0 && heap->entries[(index - 1) / 2]->deadline > entry->deadline) {
		put(heap, index, heap->entries[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	put(heap, index, entry);
}

static void sink(struct heap *heap, size_t index, struct heap_entry *entry)
{
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= heap->length)
			break;
		if (child + 1 < heap->length && heap->entries[child + 1]->deadline < heap->entries[child]->deadline)
			child++;
		if (heap->entries[child]->deadline >= entry->deadline)
			break;
		put(heap, index, heap->entries[child]);
		index = child;
	}
	put(heap, index, entry);
}

void heap_insert(struct heap *heap, struct heap_entry *entry)
{
	if (heap->length == heap->capacity) {
		size_t capacity = heap->capacity ? 2 * heap->capacity : 64;
		heap->entries = must_realloc(heap->entries, capacity * sizeof(struct heap_entry *));
		heap->capacity = capacity;
	}
	rise(heap, heap->length++, entry);
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
	if (entry->place == 0)
		return;
	size_t index = entry->place - 1;
	struct heap_entry *last = heap->entries[--heap->length];
	entry->place = 0;
	if (last == entry)
		return;
	if (index > 0 && heap->entries[(index - 1) / 2]->deadline > last->deadline)
		rise(heap, index, last);
	else
		sink(heap, index, last);
}

struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->length > 0 ? heap->entries[0] : NULL;
}
