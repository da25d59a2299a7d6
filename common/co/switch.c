/*
 * Fortified longjmp refuses to go to another stack ("longjmp causes uninitialized stack frame"), which is all this file
 * does: hence the two lines before anything else, here and nowhere else.
 */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 0

#include "co/switch.h"

#include <errno.h>
#include <stdint.h>
#include <ucontext.h>

/* What a new stack must know; on the stack of the parent, which waits until it was read. */
struct birth {
	struct fiber *self, *parent;
	void (*function)(void *argument);
	void *argument;
};

bool fiber_forbidden(void)
{
#ifdef __x86_64__
	unsigned long shadow = 0;
	__asm__ volatile("rdsspq %0" : "+r"(shadow)); /* does nothing where shadow stacks are off */
	return shadow != 0;
#else
	return false;
#endif
}

void fiber_of_thread(struct fiber *thread)
{
	hooks_thread(&thread->side);
}

/* This frame has no locals: they would not survive a switch, and no destructor would run. */
void __attribute__((noinline)) fiber_switch(struct fiber *from, struct fiber *to)
{
	from->saved_errno = errno;
	if (sigsetjmp(from->place, 0) == 0) {
		hooks_leave(&from->side, &to->side);
		siglongjmp(to->place, 1);
	}
	hooks_arrive(&from->side, &to->side);
	errno = from->saved_errno;
}

/* makecontext passes ints: a pointer travels as two. */
static void trampoline(unsigned high, unsigned low)
{
	struct birth birth = *(struct birth *)(((uintptr_t)high << 32) | low);
	hooks_arrive(&birth.self->side, &birth.parent->side);
	fiber_switch(birth.self, birth.parent);
	birth.function(birth.argument);
}

static void __attribute__((noinline)) enter_first(struct fiber *from, struct fiber *to, const ucontext_t *target)
{
	if (sigsetjmp(from->place, 0) == 0) {
		hooks_leave(&from->side, &to->side);
		(void)setcontext(target);
	}
	hooks_arrive(&from->side, &to->side);
}

bool fiber_birth(struct fiber *fiber, struct fiber *parent, const struct co_stack *stack,
		 void (*function)(void *argument), void *argument)
{
	struct birth birth = {.self = fiber, .parent = parent, .function = function, .argument = argument};
	uintptr_t address = (uintptr_t)&birth;
	ucontext_t context;
	if (getcontext(&context) != 0)
		return false;
	context.uc_stack.ss_sp = stack->bottom;
	context.uc_stack.ss_size = stack->size;
	context.uc_link = NULL;
	fiber->side = (struct co_side){.bottom = stack->bottom, .size = stack->size};
	hooks_birth(&fiber->side);
	makecontext(&context, (void (*)(void))(uintptr_t)trampoline, 2, (unsigned)(address >> 32), (unsigned)address);
	enter_first(parent, fiber, &context);
	return true;
}

void fiber_rest(struct fiber *fiber)
{
	hooks_rest(&fiber->side);
}

void fiber_death(struct fiber *fiber)
{
	hooks_death(&fiber->side);
}
