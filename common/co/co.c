/*
 * Fortified longjmp refuses to go to another stack ("longjmp causes uninitialized stack frame"), which is all this file
 * does: hence the two lines before anything else, here and nowhere else.
 */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 0

#include "co/co.h"

#include "base/fatal.h"
#include "co/co_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static const char *const state_names[] = {"pooled", "ready", "running", "waiting", "done"};

/* Leaves the scheduler for the coroutine; returns when it parks or ends. Nothing else is in this frame, because locals
 * do not survive a switch. */
static void __attribute__((noinline)) enter(struct loop *loop, struct co *co)
{
	if (sigsetjmp(loop->place, 0) == 0) {
		hooks_leave(&loop->side, &co->side);
		siglongjmp(co->place, 1);
	}
	hooks_arrive(&loop->side, &co->side);
}

/* Leaves the coroutine for the scheduler; returns when it is resumed. */
static void __attribute__((noinline)) leave(struct co *co)
{
	if (sigsetjmp(co->place, 0) == 0) {
		hooks_leave(&co->side, &co->loop->side);
		siglongjmp(co->loop->place, 1);
	}
	hooks_arrive(&co->side, &co->loop->side);
}

static void live_append(struct co *co)
{
	struct loop *loop = co->loop;
	co->older = loop->newest;
	co->newer = NULL;
	if (loop->newest)
		loop->newest->newer = co;
	loop->newest = co;
	if (++loop->stats.alive > loop->stats.alive_peak)
		loop->stats.alive_peak = loop->stats.alive;
}

static void live_remove(struct co *co)
{
	struct loop *loop = co->loop;
	if (co->newer)
		co->newer->older = co->older;
	else
		loop->newest = co->older;
	if (co->older)
		co->older->newer = co->newer;
	loop->stats.alive--;
}

/* A stack's whole life: it runs one function after the other, and rests in the pool between them. */
static void life(struct co *co)
{
	leave(co);
	for (;;) {
		co->function(co->argument);
		co->state = CO_DONE;
		leave(co);
	}
}

/* makecontext passes ints: a pointer travels as two. */
static void trampoline(unsigned high, unsigned low)
{
	struct co *co = (struct co *)(((uintptr_t)high << 32) | low);
	hooks_arrive(&co->side, &co->loop->side);
	life(co);
}

static void __attribute__((noinline)) birth_switch(struct loop *loop, struct co *co, ucontext_t *target)
{
	if (sigsetjmp(loop->place, 0) == 0) {
		hooks_leave(&loop->side, &co->side);
		setcontext(target);
	}
	hooks_arrive(&loop->side, &co->side);
}

static struct co *birth(struct loop *loop)
{
	ucontext_t context;
	struct co *co = must_calloc(1, sizeof(*co));
	if (getcontext(&context) != 0 || !co_stack_map(&co->stack, loop->options.stack_size)) {
		free(co);
		return NULL;
	}
	co->loop = loop;
	co->side = (struct co_side){.bottom = co->stack.bottom, .size = co->stack.size};
	hooks_birth(&co->side);
	context.uc_stack.ss_sp = co->stack.bottom;
	context.uc_stack.ss_size = co->stack.size;
	context.uc_link = NULL;
	makecontext(&context, (void (*)(void))(uintptr_t)trampoline, 2, (unsigned)((uintptr_t)co >> 32),
		    (unsigned)(uintptr_t)co);
	birth_switch(loop, co, &context);
	return co;
}

static struct co *take_pooled(struct loop *loop)
{
	struct co *co = loop->pool;
	if (!co)
		return NULL;
	loop->pool = co->next;
	loop->stats.stacks_pooled--;
	return co;
}

struct co *co_spawn(const char *name, void (*function)(void *argument), void *argument)
{
	struct loop *loop = loop_current();
	if (!loop)
		fatal("co_spawn(%s) on a thread without a loop", name);
	if (loop->stats.alive >= loop->options.max_coroutines)
		return NULL;
	struct co *co = take_pooled(loop);
	/* A new stack is born on the scheduler's: from inside a coroutine its place must be kept. */
	if (!co && loop->running) {
		sigjmp_buf place;
		struct co_side side = loop->side;
		memcpy(&place, &loop->place, sizeof(place));
		loop->side = loop->running->side;
		co = birth(loop);
		loop->running->side = loop->side;
		loop->side = side;
		memcpy(&loop->place, &place, sizeof(place));
	} else if (!co) {
		co = birth(loop);
	}
	if (!co)
		return NULL;
	co->name = name;
	co->function = function;
	co->argument = argument;
	co->result = CO_OK;
	co->cancelled = false;
	co->saved_errno = 0;
	co->ctx = NULL;
	co->waiting_on = "start";
	co->born = clock_monotonic();
	co->state = CO_WAITING;
	live_append(co);
	loop_make_ready(loop, co);
	return co;
}

void co_resume(struct co *co)
{
	struct loop *loop = co->loop;
	co->state = CO_RUNNING;
	loop->running = co;
	loop->stats.switches++;
	errno = co->saved_errno;
	enter(loop, co);
	loop->running = NULL;
	if (co->state != CO_DONE)
		return;
	live_remove(co);
	co->state = CO_POOLED;
	co->next = loop->pool;
	loop->pool = co;
	loop->stats.stacks_pooled++;
}

void co_pool_free(struct loop *loop)
{
	struct co *co;
	while ((co = take_pooled(loop))) {
		hooks_death(&co->side);
		co_stack_unmap(&co->stack);
		free(co);
	}
}

struct co *co_self(void)
{
	struct loop *loop = loop_current();
	return loop ? loop->running : NULL;
}

void co_set_context(struct context *ctx)
{
	co_self()->ctx = ctx;
}

static void suspend(struct co *co, const char *waiting_on)
{
	if (co->loop->forbidden > 0)
		fatal("coroutine %s suspends on %s where it may not", co->name, waiting_on);
	co->state = CO_WAITING;
	co->waiting_on = waiting_on;
	co->result = CO_OK;
	co->saved_errno = errno;
	leave(co);
}

enum co_result co_park(const char *waiting_on, int64_t deadline)
{
	struct co *co = co_self();
	if (!co)
		fatal("co_park(%s) outside a coroutine", waiting_on);
	if (co->cancelled)
		return CO_CANCELLED;
	if (deadline != DEADLINE_NEVER) {
		co->timer.deadline = deadline;
		heap_insert(&co->loop->deadlines, &co->timer);
		loop_arm_timer(co->loop);
	}
	suspend(co, waiting_on);
	heap_remove(&co->loop->deadlines, &co->timer);
	return co->cancelled ? CO_CANCELLED : co->result;
}

void co_park_uncancellable(const char *waiting_on)
{
	suspend(co_self(), waiting_on);
}

void co_wake(struct co *co)
{
	if (co->state == CO_READY)
		return;
	if (co->state != CO_WAITING)
		fatal("coroutine %s is woken while %s", co->name, state_names[co->state]);
	loop_make_ready(co->loop, co);
}

void co_cancel(struct co *co)
{
	co->cancelled = true;
	if (co->state == CO_WAITING)
		loop_make_ready(co->loop, co);
}

bool co_cancelled(void)
{
	return co_self()->cancelled;
}

void co_yield (void)
{
	struct co *co = co_self();
	loop_make_ready(co->loop, co);
	co->saved_errno = errno;
	leave(co);
}

void co_forbid_suspend(void)
{
	loop_current()->forbidden++;
}

void co_allow_suspend(void)
{
	loop_current()->forbidden--;
}

void co_dump(FILE *out)
{
	struct loop *loop = loop_current();
	int64_t now = clock_monotonic();
	for (struct co *co = loop ? loop->newest : NULL; co; co = co->older)
		fprintf(out, "coroutine %s %s on %s age_ms=%lld stack_touched=%zu request=%s\n", co->name,
			state_names[co->state], co->waiting_on, (long long)((now - co->born) / CLOCK_MILLISECOND),
			co_stack_touched(&co->stack), co->ctx ? co->ctx->request_id : "-");
}
