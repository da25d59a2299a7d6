/*
 * Stacks of coroutines: mapped with a guard page below, so that an overflow ends the process at once instead of
 * overwriting other memory.
 */
#ifndef EVENTLOOP_CO_STACK_H
#define EVENTLOOP_CO_STACK_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct co_stack {
	void *mapping;
	size_t mapping_size;
	void *bottom; /* lowest usable address */
	size_t size;  /* usable bytes */
};

/* Maps a stack of at least `size` usable bytes. False when the system has no memory or mappings left. */
bool co_stack_map(struct co_stack *stack, size_t size) MUST_CHECK;
void co_stack_unmap(struct co_stack *stack);

/* Bytes of the stack that have ever been touched since it was mapped. */
size_t co_stack_touched(const struct co_stack *stack);

#endif
