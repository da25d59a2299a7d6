#include "credentials/password_memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#define KEEP_MAX 64
#define PAGE ((size_t)2 * 1024 * 1024) /* a large page of x86-64 and of arm64 */

static struct {
	pthread_mutex_t lock;
	size_t users, count;
	size_t size; /* of the kept blocks, whole pages */
	uint8_t *blocks[KEEP_MAX];
} memory = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t whole_pages(size_t size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

/* From the system, aligned so that the kernel can use large pages. size: whole pages. NULL when there is none. */
static uint8_t *map(size_t size)
{
	/* cppcheck-suppress invalidFunctionArg ; its table forbids the -1 that anonymous mappings ask for */
	uint8_t *start = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	size_t before = (PAGE - (uintptr_t)start % PAGE) % PAGE;
	if (before > 0)
		(void)munmap(start, before);
	(void)munmap(start + before + size, PAGE - before);
	(void)madvise(start + before, size, MADV_HUGEPAGE); /* a kernel without them uses small ones */
	/* cppcheck-suppress deallocret ; what is given back lies before and behind */
	return start + before;
}

/* The lock is held. */
static void drop_all(void)
{
	while (memory.count > 0)
		(void)munmap(memory.blocks[--memory.count], memory.size);
}

void password_memory_begin(void)
{
	(void)pthread_mutex_lock(&memory.lock);
	memory.users++;
	(void)pthread_mutex_unlock(&memory.lock);
}

void password_memory_end(void)
{
	(void)pthread_mutex_lock(&memory.lock);
	if (--memory.users == 0)
		drop_all();
	(void)pthread_mutex_unlock(&memory.lock);
}

int password_memory_take(uint8_t **ret_block, size_t size)
{
	size = whole_pages(size);
	*ret_block = NULL;
	(void)pthread_mutex_lock(&memory.lock);
	if (memory.count > 0 && memory.size == size)
		*ret_block = memory.blocks[--memory.count];
	(void)pthread_mutex_unlock(&memory.lock);
	if (!*ret_block)
		*ret_block = map(size);
	return *ret_block ? 0 : -1;
}

void password_memory_give(uint8_t *block, size_t size)
{
	size = whole_pages(size);
	(void)pthread_mutex_lock(&memory.lock);
	bool keep = memory.users > 0 && memory.count < KEEP_MAX && (memory.count == 0 || memory.size == size);
	if (keep) {
		memory.size = size;
		memory.blocks[memory.count++] = block;
	}
	(void)pthread_mutex_unlock(&memory.lock);
	if (!keep)
		(void)munmap(block, size);
}

size_t password_memory_kept(void)
{
	(void)pthread_mutex_lock(&memory.lock);
	size_t count = memory.count;
	(void)pthread_mutex_unlock(&memory.lock);
	return count;
}
