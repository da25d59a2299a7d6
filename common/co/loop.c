#include "co/loop.h"

#include "base/fatal.h"
#include "co/internal.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Without optimisation or with instrumentation frames are several times larger. */
#if defined(CO_ASAN) || defined(CO_TSAN) || !defined(__OPTIMIZE__)
#define DEFAULT_STACK ((size_t)256 * 1024)
#else
#define DEFAULT_STACK ((size_t)128 * 1024)
#endif
#define DEFAULT_COROUTINES 16000
#define DEFAULT_BUDGET 256
#define POOL_KEEP 64
#define TRIM_SECONDS 1

static _Thread_local struct loop *current;

void loop_append_ready(struct loop *loop, struct co *co)
{
	co->next = NULL;
	if (loop->ready_last)
		loop->ready_last->next = co;
	else
		loop->ready_first = co;
	loop->ready_last = co;
	loop->stats.ready++;
}

static void drain(struct loop *loop)
{
	for (size_t budget = loop->options.pass_budget; loop->ready_first && budget > 0; budget--) {
		struct co *co = loop->ready_first;
		loop->ready_first = co->next;
		if (!loop->ready_first)
			loop->ready_last = NULL;
		loop->stats.ready--;
		co_resume(co);
	}
}

/* A hook may free itself or another one: loop_hook_free moves hook_next on. */
static void run_hooks(struct loop *loop)
{
	loop->hook_next = loop->hooks;
	while (loop->hook_next) {
		struct loop_hook *hook = loop->hook_next;
		loop->hook_next = hook->next;
		hook->function(hook->argument);
	}
}

static void trim(int fd, short what, void *argument)
{
	struct loop *loop = argument;
	(void)fd;
	(void)what;
	loop->trim_set = false;
	(void)co_pool_trim(loop, POOL_KEEP);
}

static void plan_trim(struct loop *loop)
{
	static const struct timeval later = {TRIM_SECONDS, 0};
	if (loop->trim_set || loop->stats.stacks_pooled <= POOL_KEEP)
		return;
	loop->trim_set = event_add(loop->trim, &later) == 0;
}

/* Callbacks of libevent only make coroutines ready; they run here, from one place, so that nothing nests. */
static void pass(struct loop *loop)
{
	if (loop->running)
		fatal("the loop is run inside coroutine %s", loop->running->name);
	/* NONBLOCK alone goes on for as long as any socket has something: coroutines and hooks would never have a turn.
	 */
	(void)event_base_loop(loop->base, loop->ready_first ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
	drain(loop);
	run_hooks(loop);
	plan_trim(loop);
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

/* --- deadlines: one timer for the earliest of the heap --- */

static void expire(int fd, short what, void *argument)
{
	struct loop *loop = argument;
	int64_t now = clock_monotonic();
	(void)fd;
	(void)what;
	loop->timer_at = DEADLINE_NEVER;
	struct heap_entry *entry;
	while ((entry = heap_first(&loop->deadlines)) && entry->deadline <= now) {
		heap_remove(&loop->deadlines, entry);
		co_expire((struct co *)((char *)entry - offsetof(struct co, timer)));
	}
	loop_arm_timer(loop);
}

/* Removing a deadline does not change the timer: firing for nothing costs less than setting the timer at every wait. */
void loop_arm_timer(struct loop *loop)
{
	const struct heap_entry *entry = heap_first(&loop->deadlines);
	if (!entry || loop->timer_at <= entry->deadline)
		return;
	int64_t left = deadline_left(entry->deadline);
	struct timeval delay = {.tv_sec = left / CLOCK_SECOND, .tv_usec = left % CLOCK_SECOND};
	if (event_add(loop->timer, &delay) != 0)
		fatal("cannot set the timer");
	loop->timer_at = entry->deadline;
}

/* --- posts of other threads --- */

static void run_posted(struct loop *loop)
{
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

static void take_posted(int fd, short what, void *argument)
{
	(void)what;
	uint64_t count;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	run_posted(argument);
}

void loop_post(struct loop *loop, void (*function)(void *argument), void *argument)
{
	const uint64_t one = 1;
	struct posted *posted = must_calloc(1, sizeof(*posted));
	posted->function = function;
	posted->argument = argument;
	(void)pthread_mutex_lock(&loop->lock);
	bool first = !loop->posted_first;
	if (first)
		loop->posted_first = posted;
	else
		loop->posted_last->next = posted;
	loop->posted_last = posted;
	/* Inside the lock: once the loop has taken the post, it may be freed. */
	if (first && write(loop->wakeup_fd, &one, sizeof(one)) < 0)
		fatal("cannot wake the loop");
	(void)pthread_mutex_unlock(&loop->lock);
}

void loop_owe(struct loop *loop)
{
	loop->owed++;
}

void loop_paid(struct loop *loop)
{
	loop->owed--;
}

/* --- a loop's life --- */

static bool make_events(struct loop *loop)
{
	struct event_config *config = event_config_new();
	if (!config)
		return false;
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	loop->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!loop->base || loop->wakeup_fd < 0)
		return false;
	loop->timer = event_new(loop->base, -1, 0, expire, loop);
	loop->trim = event_new(loop->base, -1, 0, trim, loop);
	loop->wakeup = event_new(loop->base, loop->wakeup_fd, EV_READ | EV_PERSIST, take_posted, loop);
	return loop->timer && loop->trim && loop->wakeup && event_add(loop->wakeup, NULL) == 0;
}

static void set_options(struct loop *loop, const struct loop_options *options)
{
	loop->options = options ? *options : (struct loop_options){0};
	if (loop->options.stack_size == 0)
		loop->options.stack_size = DEFAULT_STACK;
	if (loop->options.max_coroutines == 0)
		loop->options.max_coroutines = DEFAULT_COROUTINES;
	if (loop->options.pass_budget == 0)
		loop->options.pass_budget = DEFAULT_BUDGET;
}

struct loop *loop_new(const struct loop_options *options)
{
	if (current)
		fatal("this thread has a loop");
	if (fiber_forbidden())
		fatal("shadow stacks are on: coroutines cannot switch");
	struct loop *loop = must_calloc(1, sizeof(*loop));
	set_options(loop, options);
	loop->timer_at = DEADLINE_NEVER;
	loop->wakeup_fd = -1;
	(void)pthread_mutex_init(&loop->lock, NULL);
	fiber_of_thread(&loop->fiber);
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

static void free_events(struct loop *loop)
{
	free_event(loop->timer);
	free_event(loop->trim);
	free_event(loop->wakeup);
	free_event(loop->dump);
	if (loop->wakeup_fd >= 0)
		(void)close(loop->wakeup_fd);
	if (loop->base)
		event_base_free(loop->base);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->stats.alive > 0)
		fatal("the loop is freed with %zu coroutines alive, the newest %s waiting on %s", loop->stats.alive,
		      loop->newest->name, loop->newest->waiting_on);
	while (loop->owed > 0)
		(void)event_base_loop(loop->base, EVLOOP_ONCE);
	run_posted(loop);
	loop->pool_low = loop->stats.stacks_pooled;
	(void)co_pool_trim(loop, 0);
	while (loop->hooks)
		loop_hook_free(loop->hooks);
	free_events(loop);
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

void loop_cancel_all(struct loop *loop)
{
	for (struct co *co = loop->newest; co; co = co->older)
		co_cancel(co);
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
	struct loop *loop = hook->loop;
	struct loop_hook **link = &loop->hooks;
	while (*link != hook)
		link = &(*link)->next;
	*link = hook->next;
	if (loop->hook_next == hook)
		loop->hook_next = hook->next;
	free(hook);
}

static void dump(int signal, short what, void *argument)
{
	(void)signal;
	(void)what;
	(void)argument;
	co_dump(stderr);
}

bool loop_dump_on_signal(struct loop *loop, int signal)
{
	free_event(loop->dump);
	loop->dump = event_new(loop->base, signal, EV_SIGNAL | EV_PERSIST, dump, loop);
	return loop->dump && event_add(loop->dump, NULL) == 0;
}

void loop_stats(const struct loop *loop, struct loop_stats *ret)
{
	*ret = loop->stats;
}
