/* What the tests of coroutines share: a loop around one coroutine, a trace of what ran, a look at how a process dies.
 */
#ifndef EVENTLOOP_TESTS_UNIT_CO_CO_RUN_H
#define EVENTLOOP_TESTS_UNIT_CO_CO_RUN_H

#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char trace[256];

static inline void note(const char *word)
{
	size_t length = strlen(trace);
	(void)snprintf(trace + length, sizeof(trace) - length, "%s ", word);
}

/* Runs function(argument) as a coroutine until none is alive. */
static inline void run(void (*function)(void *argument), void *argument)
{
	trace[0] = '\0';
	struct loop *loop = loop_new(NULL);
	assert_non_null(loop);
	assert_non_null(co_spawn("test", function, argument));
	loop_run_until_idle(loop);
	loop_free(loop);
}

/* Runs function(NULL) as a coroutine in a child process; returns how that ended, and what it said on standard error. */
static inline int death(void (*function)(void *argument), char *message, size_t size)
{
	int out[2], status = 0;
	assert_int_equal(pipe(out), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(out[1], 2);
		run(function, NULL);
		_exit(0);
	}
	(void)close(out[1]);
	size_t used = 0;
	ssize_t got;
	while ((got = read(out[0], message + used, size - 1 - used)) > 0)
		used += (size_t)got;
	message[used] = '\0';
	(void)close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

#endif
