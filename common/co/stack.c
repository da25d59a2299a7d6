#include "co/stack.h"

#include <sys/mman.h>
#include <unistd.h>

bool co_stack_map(struct co_stack *stack, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t usable = (size + page - 1) / page * page;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
	/* cppcheck-suppress invalidFunctionArg ; its table forbids the -1 that anonymous mappings ask for */
	char *mapping = mmap(NULL, usable + page, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (mapping == MAP_FAILED)
		return false;
	if (mprotect(mapping, page, PROT_NONE) != 0) {
		(void)munmap(mapping, usable + page);
		return false;
	}
	*stack = (struct co_stack){
	    .mapping = mapping,
	    .mapping_size = usable + page,
	    .bottom = mapping + page,
	    .size = usable,
	};
	return true;
}

void co_stack_unmap(struct co_stack *stack)
{
	if (stack->mapping)
		(void)munmap(stack->mapping, stack->mapping_size);
	*stack = (struct co_stack){0};
}

size_t co_stack_touched(const struct co_stack *stack)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), touched = 0, pages = stack->size / page;
	unsigned char present[512];
	if (pages > sizeof(present) || mincore(stack->bottom, stack->size, present) != 0)
		return 0;
	for (size_t i = 0; i < pages; i++)
		touched += (present[i] & 1) != 0 ? page : 0;
	return touched;
}
