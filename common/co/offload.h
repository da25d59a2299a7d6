/*
 * A bounded pool of threads for work that would block the loop: password hashing, image codecs, name resolution.
 *
 * Invariants: the queue is bounded and a full one is refused at once; when the caller's deadline passes, the job goes
 * on without it. So a job owns its argument, which holds copies of all it needs; either the caller or the pool frees
 * it, never both.
 * Ownership: see offload_run; a pool may be freed while callers wait and before the loops that use it.
 * Threads: one pool a process, shared by its loops.
 */
#ifndef EVENTLOOP_CO_OFFLOAD_H
#define EVENTLOOP_CO_OFFLOAD_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>

struct offload_pool;

/* threads: at least 1; queue_limit: jobs waiting beyond those running, may be 0. Signals are blocked on the threads.
 * NULL when threads cannot be started. */
struct offload_pool *offload_pool_new(size_t threads, size_t queue_limit);

/* Makes the threads less urgent than the one that started them, by 0 (so they begin) to 19 (nice(2)), from their next
 * job on: so that long jobs leave the cores to the loops. */
void offload_pool_set_nice(struct offload_pool *pool, int nice);

/* Waits for running jobs, drops queued ones (callers get `unavailable`, reason "stopping"), joins the threads. What the
 * jobs own is freed by the loops they came from, at their next pass or in loop_free. Accepts NULL. */
void offload_pool_free(struct offload_pool *pool);

/* Runs work(argument) on a thread while the coroutine waits until ctx's deadline.
 * 0: work has run; the caller has its argument back, uses the results and frees them; done is not called.
 * -1: with `overloaded` (queue full, or pool NULL), `deadline_exceeded`, `unavailable` (reason "cancelled" or
 * "stopping") in ctx: the caller must not touch the argument any more. done(argument) (or NULL) is then called exactly
 * once, on this thread, when the job no longer uses the argument: before this returns if work never began or is over,
 * else later by the loop. work runs on another thread: it touches nothing but its argument. done must not suspend. */
int offload_run(struct context *ctx, struct offload_pool *pool, void (*work)(void *argument), void *argument,
		void (*done)(void *argument)) MAY_SUSPEND MUST_CHECK;

/* The process-wide pool that the daemon made; NULL before. */
struct offload_pool *offload_default(void);
void offload_set_default(struct offload_pool *pool);

/* Jobs that no thread has taken yet. 0 for NULL. From any thread. */
size_t offload_queued(struct offload_pool *pool);

#endif
