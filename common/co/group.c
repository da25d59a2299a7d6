#include "base/fatal.h"
#include "co/internal.h"
#include "co/sync.h"

struct child {
	struct co_group *group;
	struct co *co;
	void (*function)(void *argument);
	void *argument;
	struct child *next, *before;
};

struct co_group {
	struct context *ctx;
	struct child *running;
	struct child *ended; /* records to use again: a group may live as long as the process */
	struct co *waiter;
};

static void enlist(struct co_group *group, struct child *child)
{
	child->before = NULL;
	child->next = group->running;
	if (group->running)
		group->running->before = child;
	group->running = child;
}

static void retire(struct co_group *group, struct child *child)
{
	if (child->before)
		child->before->next = child->next;
	else
		group->running = child->next;
	if (child->next)
		child->next->before = child->before;
	child->next = group->ended;
	group->ended = child;
}

static void run_child(void *argument)
{
	struct child *child = argument;
	struct co_group *group = child->group;
	child->function(child->argument);
	retire(group, child);
	if (!group->running && group->waiter)
		co_wake(group->waiter);
}

static void cancel_and_await(struct co_group *group)
{
	for (struct child *child = group->running; child; child = child->next)
		co_cancel(child->co);
	group->waiter = co_self();
	while (group->running)
		co_park_uncancellable("group");
	group->waiter = NULL;
}

static void end(void *argument)
{
	struct co_group *group = argument;
	if (group->running)
		cancel_and_await(group);
}

struct co_group *co_group_new(struct context *ctx)
{
	struct co_group *group = arena_zalloc(&ctx->arena, sizeof(*group));
	group->ctx = ctx;
	context_defer(ctx, end, group);
	return group;
}

int co_group_start(struct co_group *group, const char *name, void (*function)(void *argument), void *argument)
{
	struct child *child = group->ended;
	if (child)
		group->ended = child->next;
	else
		child = arena_zalloc(&group->ctx->arena, sizeof(*child));
	*child = (struct child){.group = group, .function = function, .argument = argument};
	child->co = co_spawn(name, run_child, child);
	if (!child->co) {
		child->next = group->ended;
		group->ended = child;
		return context_fail(group->ctx, ERROR_OVERLOADED, "coroutines", NULL);
	}
	enlist(group, child);
	return 0;
}

enum co_result co_group_wait_all(struct co_group *group, int64_t deadline)
{
	enum co_result result = co_cancelled() ? CO_CANCELLED : CO_OK;
	if (group->waiter)
		fatal("coroutine %s waits for a group that %s waits for", co_self()->name, group->waiter->name);
	group->waiter = co_self();
	while (group->running && result == CO_OK)
		result = co_park("group", deadline);
	group->waiter = NULL;
	if (result == CO_TIMEOUT && !group->running)
		return CO_OK;
	if (result != CO_OK)
		cancel_and_await(group);
	return result;
}
