#include "co/loop.h"

#include "base/fatal.h"
#include "co/co_internal.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#if defined(CO_ASAN) || defined(CO_TSAN)
#define DEFAULT_STACK (256 * 1024)
#else
#define DEFAULT_STACK (128 * 1024)
#endif
#define DEFAULT_COROUTINES 16000
#define DEFAULT_BUDGET 256

static _Thread_local struct loop *current;

/* Shadow stacks forbid what co.c does; glibc of Debian 12 does not switch them on, and neither do we. */
static bool shadow_stack_active(void)
{
#ifdef __x86_64__
	unsigned long pointer = 0;
	__asm__ volatile("rdsspq %0" : "+r"(pointer));
	return pointer != 0;
#else
	return false;
#endif
}

/* Resumes what was ready when it began, within the budget; the rest has its turn after the next look at the sockets. */
static void drain(int fd, short what, void *argument)
{
	static const struct timeval soon = {0, 0};
	struct loop *loop = argument;
	size_t budget = loop->options.pass_budget;
	(void)fd;
	(void)what;
	while (loop->ready_first && budget-- > 0) {
		struct co *co = loop->ready_first;
		loop->ready_first = co->next;
		if (!loop->ready_first)
			loop->ready_last = NULL;
		loop->stats.ready--;
		co_resume(co);
	}
	if (loop->ready_first)
		(void)event_add(loop->drain, &soon);
}

void loop_make_ready(struct loop *loop, struct co *co)
{
	bool idle = !loop->ready_first;
	co->state = CO_READY;
	co->next = NULL;
	if (loop->ready_last)
		loop->ready_last->next = co;
	else
		loop->ready_first = co;
	loop->ready_last = co;
	loop->stats.ready++;
	if (idle)
		event_active(loop->drain, EV_TIMEOUT, 0);
}

static void expire(int fd, short what, void *argument)
{
	struct loop *loop = argument;
	struct heap_entry *entry;
	int64_t now = clock_monotonic();
	(void)fd;
	(void)what;
	loop->timer_at = 0;
	while ((entry = heap_first(&loop->deadlines)) && entry->deadline <= now) {
		struct co *co = (struct co *)((char *)entry - offsetof(struct co, timer));
		heap_remove(&loop->deadlines, entry);
		if (co->state == CO_WAITING) {
			co->result = CO_TIMEOUT;
			loop_make_ready(loop, co);
		}
	}
	loop_arm_timer(loop);
}

void loop_arm_timer(struct loop *loop)
{
	const struct heap_entry *entry = heap_first(&loop->deadlines);
	if (!entry || (loop->timer_at != 0 && loop->timer_at <= entry->deadline))
		return;
	int64_t left = deadline_left(entry->deadline);
	struct timeval delay = {.tv_sec = left / CLOCK_SECOND, .tv_usec = left % CLOCK_SECOND};
	loop->timer_at = entry->deadline;
	(void)event_add(loop->timer, &delay);
}

static void take_posted(int fd, short what, void *argument)
{
	struct loop *loop = argument;
	uint64_t count;
	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	(void)pthread_mutex_lock(&loop->lock);
	struct posted *posted = loop->posted_first;
	loop->posted_first = loop->posted_last = NULL;
	(void)pthread_mutex_unlock(&loop->lock);
	while (posted) {
		struct posted *next = posted->next;
		posted->function(posted->argument);
		free(posted);
		posted = next;
	}
}

void loop_post(struct loop *loop, void (*function)(void *argument), void *argument)
{
	const uint64_t one = 1;
	struct posted *posted = must_calloc(1, sizeof(*posted));
	posted->function = function;
	posted->argument = argument;
	(void)pthread_mutex_lock(&loop->lock);
	if (loop->posted_last)
		loop->posted_last->next = posted;
	else
		loop->posted_first = posted;
	loop->posted_last = posted;
	if (write(loop->wakeup_fd, &one, sizeof(one)) < 0)
		fatal("cannot wake the loop");
	(void)pthread_mutex_unlock(&loop->lock);
}

static bool make_events(struct loop *loop)
{
	struct event_config *config = event_config_new();
	if (!config)
		return false;
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_PRECISE_TIMER);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	loop->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!loop->base || loop->wakeup_fd < 0)
		return false;
	loop->drain = event_new(loop->base, -1, 0, drain, loop);
	loop->timer = event_new(loop->base, -1, 0, expire, loop);
	loop->wakeup = event_new(loop->base, loop->wakeup_fd, EV_READ | EV_PERSIST, take_posted, loop);
	return loop->drain && loop->timer && loop->wakeup && event_add(loop->wakeup, NULL) == 0;
}

struct loop *loop_new(const struct loop_options *options)
{
	if (current)
		fatal("this thread has a loop");
	if (shadow_stack_active())
		fatal("shadow stacks are on: coroutines cannot switch");
	struct loop *loop = must_calloc(1, sizeof(*loop));
	loop->options = options ? *options : (struct loop_options){0};
	if (loop->options.stack_size == 0)
		loop->options.stack_size = DEFAULT_STACK;
	if (loop->options.max_coroutines == 0)
		loop->options.max_coroutines = DEFAULT_COROUTINES;
	if (loop->options.pass_budget == 0)
		loop->options.pass_budget = DEFAULT_BUDGET;
	(void)pthread_mutex_init(&loop->lock, NULL);
	hooks_thread(&loop->side);
	if (!make_events(loop)) {
		loop_free(loop);
		return NULL;
	}
	current = loop;
	return loop;
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->stats.alive > 0)
		fatal("the loop is freed with %zu coroutines alive, the newest %s", loop->stats.alive,
		      loop->newest->name);
	co_pool_free(loop);
	while (loop->hooks)
		loop_hook_free(loop->hooks);
	free_event(loop->drain);
	free_event(loop->timer);
	free_event(loop->wakeup);
	if (loop->wakeup_fd >= 0)
		(void)close(loop->wakeup_fd);
	if (loop->base)
		event_base_free(loop->base);
	heap_done(&loop->deadlines);
	(void)pthread_mutex_destroy(&loop->lock);
	if (current == loop)
		current = NULL;
	free(loop);
}

struct loop *loop_current(void)
{
	return current;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

static void pass(struct loop *loop)
{
	(void)event_base_loop(loop->base, EVLOOP_ONCE);
	for (struct loop_hook *hook = loop->hooks, *next; hook; hook = next) {
		next = hook->next;
		hook->function(hook->argument);
	}
}

void loop_run(struct loop *loop)
{
	loop->stop = false;
	while (!loop->stop)
		pass(loop);
}

void loop_run_until_idle(struct loop *loop)
{
	while (loop->stats.alive > 0)
		pass(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

struct loop_hook *loop_at_pass_end(struct loop *loop, void (*function)(void *argument), void *argument)
{
	struct loop_hook *hook = must_calloc(1, sizeof(*hook));
	*hook = (struct loop_hook){.loop = loop, .function = function, .argument = argument, .next = loop->hooks};
	loop->hooks = hook;
	return hook;
}

void loop_hook_free(struct loop_hook *hook)
{
	if (!hook)
		return;
	struct loop_hook **link = &hook->loop->hooks;
	while (*link != hook)
		link = &(*link)->next;
	*link = hook->next;
	free(hook);
}

void loop_stats(const struct loop *loop, struct loop_stats *ret)
{
	*ret = loop->stats;
}
