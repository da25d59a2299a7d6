#include "co/sync.h"

enum serving { NOT_SERVED, SERVED_ALONE, SERVED_WITH_ALL };

/* On the waiter's stack. Whoever wakes it takes it out of the queue and marks it. */
struct co_waiter {
	struct co *co;
	struct co_waiter *next, *before;
	enum serving served;
};

static void append(struct co_queue *queue, struct co_waiter *waiter)
{
	waiter->before = queue->last;
	if (queue->last)
		queue->last->next = waiter;
	else
		queue->first = waiter;
	queue->last = waiter;
	queue->length++;
}

static void take_out(struct co_queue *queue, const struct co_waiter *waiter)
{
	if (waiter->before)
		waiter->before->next = waiter->next;
	else
		queue->first = waiter->next;
	if (waiter->next)
		waiter->next->before = waiter->before;
	else
		queue->last = waiter->before;
	queue->length--;
}

/* ret_unused: it was woken alone, but a cancel or its deadline came before it ran: pass the wake to the next waiter. */
static enum co_result wait_in(struct co_queue *queue, const char *waiting_on, int64_t deadline, bool *ret_unused)
{
	struct co_waiter waiter = {.co = co_self()};
	append(queue, &waiter);
	enum co_result result;
	do
		result = co_park(waiting_on, deadline);
	while (result == CO_OK && waiter.served == NOT_SERVED);
	if (waiter.served == NOT_SERVED)
		take_out(queue, &waiter);
	*ret_unused = result != CO_OK && waiter.served == SERVED_ALONE;
	return result;
}

static bool serve(struct co_queue *queue, enum serving how)
{
	struct co_waiter *waiter = queue->first;
	if (!waiter)
		return false;
	take_out(queue, waiter);
	waiter->served = how;
	co_wake(waiter->co);
	return true;
}

enum co_result co_queue_wait(struct co_queue *queue, const char *waiting_on, int64_t deadline)
{
	bool unused;
	enum co_result result = wait_in(queue, waiting_on, deadline, &unused);
	if (unused)
		(void)serve(queue, SERVED_ALONE);
	return result;
}

bool co_queue_wake_one(struct co_queue *queue)
{
	return serve(queue, SERVED_ALONE);
}

void co_queue_wake_all(struct co_queue *queue)
{
	while (serve(queue, SERVED_WITH_ALL))
		continue;
}

/* A released permit goes directly to a waiter, so none is available while somebody waits. */
bool co_semaphore_try(struct co_semaphore *semaphore)
{
	if (semaphore->available == 0)
		return false;
	semaphore->available--;
	return true;
}

enum co_result co_semaphore_acquire(struct co_semaphore *semaphore, int64_t deadline)
{
	if (!co_cancelled() && co_semaphore_try(semaphore))
		return CO_OK;
	bool unused;
	enum co_result result = wait_in(&semaphore->waiting, "semaphore", deadline, &unused);
	if (unused)
		co_semaphore_release(semaphore);
	return result;
}

void co_semaphore_release(struct co_semaphore *semaphore)
{
	if (!serve(&semaphore->waiting, SERVED_ALONE))
		semaphore->available++;
}
