/*
 * The switch between stacks, and nothing else: the only place that knows setjmp and ucontext.
 *
 * Purpose: fiber_switch leaves one stack for another and returns when somebody switches back.
 * Ownership: a struct fiber is its user's; the stack it runs on is mapped and unmapped by its user (co/stack.h).
 * Invariants: a stack is born once by makecontext (two system calls) and switched to by sigsetjmp and siglongjmp
 * afterwards (none); errno belongs to the fiber; sanitizers and valgrind are told of every switch (co/hooks.h). A fiber
 * that is dropped is never unwound, so its function must own nothing when that happens.
 */
#ifndef EVENTLOOP_CO_SWITCH_H
#define EVENTLOOP_CO_SWITCH_H

#include "base/macros.h"
#include "co/hooks.h"
#include "co/stack.h"

#include <setjmp.h>
#include <stdbool.h>

struct fiber {
	sigjmp_buf place; /* where it goes on */
	struct co_side side;
	int saved_errno;
};

/* True when the kernel enforces shadow stacks on this thread: a switch would end the process. */
bool fiber_forbidden(void);

/* Describes the calling thread's own stack. */
void fiber_of_thread(struct fiber *thread);

/* Makes a fiber that calls function(argument), which never returns, when it is first switched to. parent: the fiber
 * that runs now. False when the system refuses. */
bool fiber_birth(struct fiber *fiber, struct fiber *parent, const struct co_stack *stack,
		 void (*function)(void *argument), void *argument) MUST_CHECK;

/* Leaves `from`, which is running, for `to`; returns when `from` is switched to again. */
void fiber_switch(struct fiber *from, struct fiber *to);

/* Says that the fiber, which is not running, has no live frames: its stack may be reused. */
void fiber_rest(struct fiber *fiber);

/* Says that the fiber, which is not running, will never run again. Its stack may be unmapped then. */
void fiber_death(struct fiber *fiber);

#endif
