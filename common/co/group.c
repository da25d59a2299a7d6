#include "co/co_internal.h"
#include "co/sync.h"

struct child {
	struct co_group *group;
	struct co *co;
	void (*function)(void *argument);
	void *argument;
	struct child *next;
};

struct co_group {
	struct context *ctx;
	struct child *children; /* those running */
	struct co *waiter;
};

static void forget(struct co_group *group, const struct child *child)
{
	struct child **link = &group->children;
	while (*link != child)
		link = &(*link)->next;
	*link = child->next;
}

static void run_child(void *argument)
{
	struct child *child = argument;
	struct co_group *group = child->group;
	child->function(child->argument);
	forget(group, child);
	if (!group->children && group->waiter)
		co_wake(group->waiter);
}

static void cancel_and_await(struct co_group *group)
{
	for (struct child *child = group->children; child; child = child->next)
		co_cancel(child->co);
	group->waiter = co_self();
	while (group->children)
		co_park_uncancellable("group");
	group->waiter = NULL;
}

static void end(void *argument)
{
	struct co_group *group = argument;
	if (group->children)
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
	struct child *child = arena_zalloc(&group->ctx->arena, sizeof(*child));
	*child = (struct child){.group = group, .function = function, .argument = argument};
	child->co = co_spawn(name, run_child, child);
	if (!child->co)
		return context_fail(group->ctx, ERROR_OVERLOADED, "coroutines", NULL);
	child->next = group->children;
	group->children = child;
	return 0;
}

enum co_result co_group_wait_all(struct co_group *group, int64_t deadline)
{
	enum co_result result = CO_OK;
	group->waiter = co_self();
	while (group->children && result == CO_OK)
		result = co_park("group", deadline);
	group->waiter = NULL;
	if (!group->children)
		return CO_OK;
	cancel_and_await(group);
	return result;
}
