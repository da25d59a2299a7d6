#include "co/co.h"

#include "base/fatal.h"
#include "base/fault.h"
#include "co/internal.h"

#include <stdlib.h>

static const char *const state_names[] = {"ready", "running", "waiting", "done"};

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
static void live(void *argument)
{
	struct co *co = argument;
	for (;;) {
		co->function(co->argument);
		co->state = CO_DONE;
		fiber_switch(&co->fiber, &co->loop->fiber);
	}
}

static struct co *birth(struct loop *loop)
{
	struct co *co = must_calloc(1, sizeof(*co));
	struct fiber *parent = loop->running ? &loop->running->fiber : &loop->fiber;
	co->loop = loop;
	if (FAULT("co.stack") || !co_stack_map(&co->stack, loop->options.stack_size)) {
		free(co);
		return NULL;
	}
	if (!fiber_birth(&co->fiber, parent, &co->stack, live, co)) {
		co_stack_unmap(&co->stack);
		free(co);
		return NULL;
	}
	return co;
}

static struct co *take_pooled(struct loop *loop)
{
	struct co *co = loop->pool;
	if (!co)
		return NULL;
	loop->pool = co->next;
	if (--loop->stats.stacks_pooled < loop->pool_low)
		loop->pool_low = loop->stats.stacks_pooled;
	return co;
}

static void give_to_pool(struct co *co)
{
	struct loop *loop = co->loop;
	fiber_rest(&co->fiber);
	co->next = loop->pool;
	loop->pool = co;
	loop->stats.stacks_pooled++;
}

size_t co_pool_trim(struct loop *loop, size_t keep)
{
	size_t spare = loop->pool_low;
	for (struct co *co; spare > 0 && loop->stats.stacks_pooled > keep && (co = take_pooled(loop)); spare--) {
		fiber_death(&co->fiber);
		co_stack_unmap(&co->stack);
		free(co);
	}
	return loop->pool_low = loop->stats.stacks_pooled;
}

struct co *co_spawn(const char *name, void (*function)(void *argument), void *argument)
{
	struct loop *loop = loop_current();
	if (!loop)
		fatal("co_spawn(%s) on a thread without a loop", name);
	if (loop->stats.alive >= loop->options.max_coroutines)
		return NULL;
	struct co *co = take_pooled(loop);
	if (!co && !(co = birth(loop)))
		return NULL;
	co->name = name;
	co->function = function;
	co->argument = argument;
	co->result = CO_OK;
	co->cancelled = false;
	co->fiber.saved_errno = 0;
	co->ctx = NULL;
	co->waiting_on = "start";
	co->born = clock_monotonic();
	co->state = CO_READY;
	live_append(co);
	loop_append_ready(loop, co);
	return co;
}

void co_resume(struct co *co)
{
	struct loop *loop = co->loop;
	co->state = CO_RUNNING;
	loop->running = co;
	loop->stats.switches++;
	fiber_switch(&loop->fiber, &co->fiber);
	loop->running = NULL;
	if (co->state != CO_DONE)
		return;
	if (loop->forbidden > 0)
		fatal("coroutine %s ended without co_allow_suspend", co->name);
	live_remove(co);
	give_to_pool(co);
}

struct co *co_self(void)
{
	struct loop *loop = loop_current();
	return loop ? loop->running : NULL;
}

static struct co *self_or_die(const char *what)
{
	struct co *co = co_self();
	if (!co)
		fatal("%s outside a coroutine", what);
	return co;
}

void co_set_context(struct context *ctx)
{
	self_or_die("co_set_context")->ctx = ctx;
}

/* Leaves the processor; the state says whether somebody must wake it. */
static void suspend(struct co *co, enum co_state state, const char *waiting_on)
{
	if (co->loop->forbidden > 0)
		fatal("coroutine %s suspends on %s where it may not", co->name, waiting_on);
	co->waiting_on = waiting_on;
	co->result = CO_OK;
	co->state = state;
	if (state == CO_READY)
		loop_append_ready(co->loop, co);
	fiber_switch(&co->fiber, &co->loop->fiber);
}

enum co_result co_park(const char *waiting_on, int64_t deadline)
{
	struct co *co = self_or_die(waiting_on);
	if (co->cancelled)
		return CO_CANCELLED;
	if (deadline != DEADLINE_NEVER) {
		co->timer.deadline = deadline;
		heap_insert(&co->loop->deadlines, &co->timer);
		loop_arm_timer(co->loop);
	}
	suspend(co, CO_WAITING, waiting_on);
	heap_remove(&co->loop->deadlines, &co->timer);
	return co->cancelled ? CO_CANCELLED : co->result;
}

void co_park_uncancellable(const char *waiting_on)
{
	suspend(self_or_die(waiting_on), CO_WAITING, waiting_on);
}

void co_yield (void)
{
	suspend(self_or_die("co_yield"), CO_READY, "yield");
}

static void make_ready(struct co *co)
{
	co->state = CO_READY;
	loop_append_ready(co->loop, co);
}

void co_wake(struct co *co)
{
	if (co->state == CO_READY)
		return;
	if (co->state != CO_WAITING) {
		const struct co *waker = co_self();
		fatal("coroutine %s is woken while %s, by %s", co->name, state_names[co->state],
		      waker ? waker->name : "the loop");
	}
	make_ready(co);
}

/* Also for one that was woken and has not run since: a deadline wins over a wake. */
void co_expire(struct co *co)
{
	co->result = CO_TIMEOUT;
	if (co->state == CO_WAITING)
		make_ready(co);
}

void co_cancel(struct co *co)
{
	if (co->state == CO_DONE)
		fatal("coroutine %s is cancelled while done", co->name);
	co->cancelled = true;
	if (co->state == CO_WAITING)
		make_ready(co);
}

bool co_cancelled(void)
{
	return self_or_die("co_cancelled")->cancelled;
}

void co_forbid_suspend(void)
{
	loop_current()->forbidden++;
}

void co_allow_suspend(void)
{
	struct loop *loop = loop_current();
	if (loop->forbidden == 0)
		fatal("co_allow_suspend without co_forbid_suspend");
	loop->forbidden--;
}

void co_dump(FILE *out)
{
	struct loop *loop = loop_current();
	int64_t now = clock_monotonic();
	for (struct co *co = loop ? loop->newest : NULL; co; co = co->older)
		(void)fprintf(out, "coroutine %s %s on %s age_ms=%lld stack_touched=%zu request=%s%s\n", co->name,
			      state_names[co->state], co->waiting_on, (long long)((now - co->born) / CLOCK_MILLISECOND),
			      co_stack_touched(&co->stack), co->ctx ? co->ctx->request_id : "-",
			      co->cancelled ? " cancelled" : "");
}
