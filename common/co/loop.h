/*
 * The event loop of a thread, and the coroutines that run on it.
 *
 * Purpose: libevent callbacks only mark coroutines ready; one deferred event drains the ready list, with a budget a
 * pass, so that nothing nests. Ownership: whoever calls loop_new frees it with loop_free after loop_run returned. One
 * loop a thread; a coroutine never changes thread. Invariants: a coroutine is exactly one of READY, RUNNING, WAITING,
 * DONE; waking one that is READY already does nothing, waking a RUNNING or DONE one ends the process with both names.
 * At most `max_coroutines` are alive.
 */
#ifndef EVENTLOOP_CO_LOOP_H
#define EVENTLOOP_CO_LOOP_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct loop;

struct loop_options {
	size_t stack_size;     /* usable bytes a coroutine; 0: 128 KiB, 256 KiB under sanitizers */
	size_t max_coroutines; /* 0: 16000 (a guarded stack takes two of the kernel's 65530 mappings) */
	size_t pass_budget;    /* coroutine resumes a pass of the loop; 0: 256 */
};

/* Makes the calling thread's loop (epoll, changelist on). NULL when the system refuses. */
struct loop *loop_new(const struct loop_options *options);

/* Frees it. No coroutine may be alive. */
void loop_free(struct loop *loop);

/* The calling thread's loop, or NULL. */
struct loop *loop_current(void);

/* libevent's base under the loop; borrowed. */
struct event_base *loop_base(struct loop *loop);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);

/* Runs until the last coroutine is done (tests, command-line commands). */
void loop_run_until_idle(struct loop *loop);

/* Asks loop_run to return after this pass. From this thread only. */
void loop_stop(struct loop *loop);

/* Runs function(argument) on the loop's thread at its next pass. The one call here that any thread may make. */
void loop_post(struct loop *loop, void (*function)(void *argument), void *argument);

/* Registers function(argument) to run once at the end of every pass (to coalesce writes). Returns a handle. */
struct loop_hook;
struct loop_hook *loop_at_pass_end(struct loop *loop, void (*function)(void *argument), void *argument);
void loop_hook_free(struct loop_hook *hook);

struct loop_stats {
	size_t alive, ready, stacks_pooled, alive_peak;
	uint64_t switches;
};
/* Copies the figures as they are now. */
void loop_stats(const struct loop *loop, struct loop_stats *ret);

#endif
