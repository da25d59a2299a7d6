/*
 * What sanitizers and valgrind must be told about stacks of our own: one header, so that switch.c reads the same with
 * and without them.
 *
 * Use: hooks_leave just before a switch, hooks_arrive as the very first thing after it, on the stack arrived at.
 * Source: sanitizer/common_interface_defs.h, sanitizer/tsan_interface.h, valgrind/valgrind.h.
 */
#ifndef EVENTLOOP_CO_HOOKS_H
#define EVENTLOOP_CO_HOOKS_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define CO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CO_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define CO_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CO_TSAN 1
#endif
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define CO_VALGRIND 1
#endif
#endif

#ifdef CO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CO_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* A stack as the tools see it. */
struct co_side {
	const void *bottom; /* lowest usable address; of the thread's own stack: learnt at the first switch */
	size_t size;
	void *fake_stack; /* ASan's */
	void *fiber;	  /* TSan's */
	unsigned valgrind_stack;
};

static inline void hooks_thread(struct co_side *side)
{
	(void)side;
#ifdef CO_TSAN
	side->fiber = __tsan_get_current_fiber();
#endif
}

static inline void hooks_birth(struct co_side *side)
{
	(void)side;
#ifdef CO_TSAN
	side->fiber = __tsan_create_fiber(0);
#endif
#ifdef CO_VALGRIND
	side->valgrind_stack = VALGRIND_STACK_REGISTER(side->bottom, (const char *)side->bottom + side->size);
#endif
}

/* From another stack, between two uses of this one: removes ASan's poison, which belonged to frames that are gone. */
static inline void hooks_rest(struct co_side *side)
{
	(void)side;
#ifdef CO_ASAN
	__asan_unpoison_memory_region(side->bottom, side->size);
#endif
}

/* From another stack, when this one will never run again. */
static inline void hooks_death(struct co_side *side)
{
	hooks_rest(side);
#ifdef CO_TSAN
	__tsan_destroy_fiber(side->fiber);
#endif
#ifdef CO_VALGRIND
	VALGRIND_STACK_DEREGISTER(side->valgrind_stack);
#endif
}

static inline void hooks_leave(struct co_side *from, const struct co_side *to)
{
	(void)from;
	(void)to;
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
#endif
#ifdef CO_TSAN
	__tsan_switch_to_fiber(to->fiber, 0);
#endif
}

static inline void hooks_arrive(struct co_side *here, struct co_side *from)
{
	(void)here;
	(void)from;
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(here->fake_stack, &from->bottom, &from->size);
#endif
}

#endif
