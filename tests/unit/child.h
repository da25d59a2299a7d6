/* What a function does that ends the process, or writes where a test can not look: in a child. */
#ifndef EVENTLOOP_TESTS_CHILD_H
#define EVENTLOOP_TESTS_CHILD_H

#include "unit.h"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child ends as the function does; what it wrote to standard error is put into text. Returns its status, as
 * waitpid() gives it. */
static inline int said_by_child(void (*function)(void), char *text, size_t size)
{
	int ends[2], status = 0;
	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		function();
		_exit(0);
	}
	(void)close(ends[1]);
	size_t length = 0;
	for (ssize_t got = 1; got > 0 && length < size - 1; length += (size_t)got)
		got = read(ends[0], text + length, size - 1 - length);
	text[length] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

#endif
