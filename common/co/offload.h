/*
 * A bounded pool of threads for work that would block the loop: password hashing, image codecs, name resolution.
 *
 * Invariants: the queue is bounded and a full one is refused at once; when the caller's deadline passes, the job goes
 * on without it, so a job owns its argument: what it needs is copied in, and exactly one of caller and pool frees it.
 * Threads: one pool a process, shared by its loops.
 */
#ifndef EVENTLOOP_CO_OFFLOAD_H
#define EVENTLOOP_CO_OFFLOAD_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>

struct offload_pool;

/* threads: at least 1; queue_limit: jobs waiting beyond those running. NULL when threads cannot be started. */
struct offload_pool *offload_pool_new(size_t threads, size_t queue_limit);

/* Waits for running jobs, drops queued ones (their done still runs), joins the threads. */
void offload_pool_free(struct offload_pool *pool);

/* Runs work(argument) on a thread while the coroutine waits. 0 when it has run: the caller has its argument back and
 * frees it. -1 with `overloaded` (queue full), `deadline_exceeded` or a cancel in ctx: the pool keeps the argument and
 * calls done(argument) (may be NULL) once, on this loop's thread, as soon as no thread works on it: at once when it was
 * never queued. pool NULL is `overloaded`. */
int offload_run(struct context *ctx, struct offload_pool *pool, void (*work)(void *argument), void *argument,
		void (*done)(void *argument)) MAY_SUSPEND MUST_CHECK;

/* The process-wide pool that the daemon made; NULL before. */
struct offload_pool *offload_default(void);
void offload_set_default(struct offload_pool *pool);

/* Jobs that no thread has begun. */
size_t offload_queued(const struct offload_pool *pool);

#endif
