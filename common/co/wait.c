#include "base/fatal.h"
#include "co/co.h"
#include "co/internal.h"

#include <event2/event_struct.h>

enum co_result co_sleep_until(int64_t deadline)
{
	return co_park("sleep", deadline);
}

/* Lives on the waiter's stack, which is there as long as the event is. */
struct fd_wait {
	struct event event;
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
	struct fd_wait wait = {.co = co_self()};
	if (!wait.co)
		fatal("co_wait_fd outside a coroutine");
	if (fd < 0 || event_assign(&wait.event, wait.co->loop->base, fd, events, fd_ready, &wait) != 0 ||
	    event_add(&wait.event, NULL) != 0)
		fatal("coroutine %s cannot wait for descriptor %d", wait.co->name, fd);
	enum co_result result;
	do
		result = co_park("fd", deadline);
	while (result == CO_OK && wait.ready == 0);
	(void)event_del(&wait.event);
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
