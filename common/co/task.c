#include "co/task.h"

#include "base/fatal.h"

#include <stdlib.h>

struct co_task {
	const char *name;
	void (*function)(void *argument);
	void *argument;
	struct co *co; /* NULL once the function has returned */
	bool resting, woken;
};

static void run(void *argument)
{
	struct co_task *task = argument;
	task->function(task->argument);
	task->co = NULL;
}

struct co_task *co_task_start(const char *name, void (*function)(void *argument), void *argument)
{
	struct co_task *task = must_calloc(1, sizeof(*task));
	task->name = name;
	task->function = function;
	task->argument = argument;
	task->co = co_spawn(name, run, task);
	if (task->co)
		return task;
	free(task);
	return NULL;
}

enum co_result co_task_rest(struct co_task *task, int64_t deadline)
{
	enum co_result result = CO_OK;
	task->resting = true;
	while (!task->woken && result == CO_OK)
		result = co_park(task->name, deadline);
	task->resting = false;
	task->woken = false;
	return co_cancelled() ? CO_CANCELLED : result;
}

void co_task_wake(struct co_task *task)
{
	if (!task)
		return;
	task->woken = true;
	if (task->resting && task->co)
		co_wake(task->co);
}

void co_task_stop(struct co_task *task)
{
	if (!task)
		return;
	if (task->co)
		co_cancel(task->co);
	while (task->co)
		co_yield ();
	free(task);
}
