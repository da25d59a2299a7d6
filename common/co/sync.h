/*
 * Synchronisation between coroutines of one thread. First come, first served; every wait has a deadline and is
 * cancellable. Nothing here is thread-safe.
 */
#ifndef EVENTLOOP_CO_SYNC_H
#define EVENTLOOP_CO_SYNC_H

#include "co/co.h"

#include <stddef.h>

struct co_waiter;

/* A queue of waiting coroutines. Zero-initialised is empty. It must live until its waiters have returned from
 * co_queue_wait, unless co_queue_wake_all woke them. */
struct co_queue {
	struct co_waiter *first, *last;
	size_t length;
};

/* Waits at the end of the queue until woken. If the woken waiter is cancelled or its deadline passes before it runs,
 * the wake goes to the next waiter: so check again what you waited for. */
enum co_result co_queue_wait(struct co_queue *queue, const char *waiting_on, int64_t deadline) MAY_SUSPEND MUST_CHECK;
/* Wakes the first waiter; false when nobody waits. */
bool co_queue_wake_one(struct co_queue *queue);
/* Wakes all; afterwards nobody touches the queue. */
void co_queue_wake_all(struct co_queue *queue);

/* A counting semaphore. Set `available` to begin with. A released permit goes directly to the first waiter, so nobody
 * overtakes; when that one is cancelled or late, the next one gets it. */
struct co_semaphore {
	size_t available;
	struct co_queue waiting;
};
/* Takes a permit; CO_OK means that it is held. */
enum co_result co_semaphore_acquire(struct co_semaphore *semaphore, int64_t deadline) MAY_SUSPEND MUST_CHECK;
/* Takes a permit if that needs no waiting. */
bool co_semaphore_try(struct co_semaphore *semaphore) MUST_CHECK;
/* Gives a permit back. From callbacks too. */
void co_semaphore_release(struct co_semaphore *semaphore);

/* A group of child coroutines that one parent starts and awaits: the only way to fan out. */
struct co_group;

/* Makes a group owned by ctx; children still running when ctx ends are cancelled and awaited, so context_done may
 * suspend, also in a cancelled coroutine. */
struct co_group *co_group_new(struct context *ctx);
/* Starts function(argument) as a child; -1 with `overloaded` in the context at the coroutine cap. The argument must
 * live until the group is awaited; a child has no context but what it makes itself. */
int co_group_start(struct co_group *group, const char *name, void (*function)(void *argument),
		   void *argument) MUST_CHECK;
/* Waits for all children. On deadline or cancel the rest is cancelled and awaited, then the result is returned. CO_OK:
 * all ended by themselves. Children may be started again afterwards. */
enum co_result co_group_wait_all(struct co_group *group, int64_t deadline) MAY_SUSPEND MUST_CHECK;

#endif
