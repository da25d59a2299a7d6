#include "co/sync.h"

/* On the waiter's stack. Whoever wakes it takes it out of the queue and marks it, so that a wake that meets a timeout
 * is not lost: a marked waiter was served. */
struct co_waiter {
	struct co *co;
	struct co_waiter *next;
	bool served;
};

static void append(struct co_queue *queue, struct co_waiter *waiter)
{
	if (queue->last)
		queue->last->next = waiter;
	else
		queue->first = waiter;
	queue->last = waiter;
	queue->length++;
}

static void remove_waiter(struct co_queue *queue, const struct co_waiter *waiter)
{
	struct co_waiter *before = NULL;
	struct co_waiter *at = queue->first;
	while (at != waiter) {
		before = at;
		at = at->next;
	}
	if (before)
		before->next = at->next;
	else
		queue->first = at->next;
	if (queue->last == at)
		queue->last = before;
	queue->length--;
}

enum co_result co_queue_wait(struct co_queue *queue, const char *waiting_on, int64_t deadline)
{
	struct co_waiter waiter = {.co = co_self()};
	append(queue, &waiter);
	enum co_result result = co_park(waiting_on, deadline);
	if (waiter.served)
		return CO_OK;
	remove_waiter(queue, &waiter);
	return result;
}

bool co_queue_wake_one(struct co_queue *queue)
{
	struct co_waiter *waiter = queue->first;
	if (!waiter)
		return false;
	remove_waiter(queue, waiter);
	waiter->served = true;
	co_wake(waiter->co);
	return true;
}

void co_queue_wake_all(struct co_queue *queue)
{
	while (co_queue_wake_one(queue))
		continue;
}

bool co_semaphore_try(struct co_semaphore *semaphore)
{
	if (semaphore->available == 0)
		return false;
	semaphore->available--;
	return true;
}

enum co_result co_semaphore_acquire(struct co_semaphore *semaphore, int64_t deadline)
{
	if (semaphore->waiting.length == 0 && co_semaphore_try(semaphore))
		return CO_OK;
	return co_queue_wait(&semaphore->waiting, "semaphore", deadline);
}

/* A permit goes from hand to hand: who waits first has it before anybody else can try. */
void co_semaphore_release(struct co_semaphore *semaphore)
{
	if (!co_queue_wake_one(&semaphore->waiting))
		semaphore->available++;
}
