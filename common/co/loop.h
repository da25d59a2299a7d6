/*
 * The event loop of a thread, and the coroutines that run on it.
 *
 * Purpose: libevent callbacks only make coroutines ready; they run after the callbacks of a pass, from one place and
 * with a budget a pass, so that nothing nests and sockets are never starved. Ownership: whoever calls loop_new frees it
 * with loop_free after loop_run returned. One loop a thread; a coroutine never changes thread. Invariants: a coroutine
 * is exactly one of READY, RUNNING, WAITING, DONE; waking one that is READY already does nothing, waking a RUNNING or
 * DONE one ends the process with both names. At most `max_coroutines` are alive. Stacks of ended coroutines are pooled;
 * those not needed for a second are given back. Time: timers and deadlines are as fine as a millisecond, never early.
 * Use: run it with loop_run, never with libevent's own functions: coroutines would not run.
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
	size_t stack_size;     /* usable bytes a coroutine; 0: 128 KiB, 256 KiB unoptimised or under sanitizers */
	size_t max_coroutines; /* 0: 16000 (a guarded stack takes two of the kernel's 65530 mappings) */
	size_t pass_budget;    /* coroutine resumes a pass of the loop; 0: 256 */
};

/* Makes the calling thread's loop (epoll, changelist on: a descriptor that is watched must not be dup()ed). options:
 * NULL for the defaults. NULL when the system refuses; ends the process when the kernel enforces shadow stacks. */
struct loop *loop_new(const struct loop_options *options);

/* Frees it, after waiting for the offloaded jobs that were started here and running what was posted. A coroutine alive
 * ends the process with its name. Accepts NULL. */
void loop_free(struct loop *loop);

/* The calling thread's loop, or NULL. */
struct loop *loop_current(void);

/* libevent's base under the loop, to register events of one's own; borrowed. */
struct event_base *loop_base(struct loop *loop);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);

/* Runs until the last coroutine is done (tests, command-line commands). */
void loop_run_until_idle(struct loop *loop);

/* Asks loop_run to return after this pass. From this thread only. */
void loop_stop(struct loop *loop);

/* Cancels every coroutine alive: the end of a shutdown's grace. */
void loop_cancel_all(struct loop *loop);

/* Has co_dump write to standard error whenever the signal (SIGUSR1) comes. One loop a process may ask for a signal. */
bool loop_dump_on_signal(struct loop *loop, int signal) MUST_CHECK;

/* Runs function(argument) on the loop's thread at its next pass, in the order of the posts. The one call here that any
 * thread may make; the loop must outlive it. */
void loop_post(struct loop *loop, void (*function)(void *argument), void *argument);

struct loop_hook;
/* Registers function(argument) to run once at the end of every pass (to coalesce writes), outside any coroutine. */
struct loop_hook *loop_at_pass_end(struct loop *loop, void (*function)(void *argument), void *argument);
/* Ends that, also from inside a hook. Accepts NULL. */
void loop_hook_free(struct loop_hook *hook);

struct loop_stats {
	size_t alive, ready, stacks_pooled, alive_peak;
	uint64_t switches; /* coroutines resumed */
};
/* The figures of now, for metrics. */
void loop_stats(const struct loop *loop, struct loop_stats *ret);

#endif
