#include "co/co.h"

#include "co/co_internal.h"

enum co_result co_sleep_until(int64_t deadline)
{
	return co_park("sleep", deadline);
}

/* Lives on the waiter's stack, which is there as long as the event is. */
struct fd_wait {
	struct co *co;
	short ready;
};

static void fd_ready(int fd, short what, void *argument)
{
	struct fd_wait *wait = argument;
	(void)fd;
	wait->ready = what;
	co_wake(wait->co);
}

enum co_result co_wait_fd(int fd, short events, int64_t deadline, short *ret_ready)
{
	struct loop *loop = loop_current();
	struct fd_wait wait = {.co = co_self()};
	struct event *event = event_new(loop->base, fd, events, fd_ready, &wait);
	if (!event || event_add(event, NULL) != 0) {
		if (event)
			event_free(event);
		return CO_CANCELLED;
	}
	enum co_result result = co_park("fd", deadline);
	event_free(event);
	if (result == CO_OK && ret_ready)
		*ret_ready = wait.ready;
	return result;
}

int co_check(struct context *ctx, enum co_result result)
{
	if (result == CO_TIMEOUT)
		return context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
	if (result == CO_CANCELLED)
		return context_fail(ctx, ERROR_UNAVAILABLE, "cancelled", NULL);
	return 0;
}
