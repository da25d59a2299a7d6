/*
 * Linked into every unit program: EVENTLOOP_TEST='test_a_*' chooses tests by name, and what failed stands at the end of
 * the output, below whatever the tests logged.
 *
 * CMocka prints a failure where it happens. This vprint_error takes the place of CMocka's own (its calls go through the
 * dynamic linker), keeps what says an assertion and its place, and repeats it when the program ends.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char failures[8192];
static pid_t program;

__attribute__((constructor)) static void choose(void)
{
	const char *pattern = getenv("EVENTLOOP_TEST");
	if (pattern)
		cmocka_set_test_filter(pattern);
}

static void keep(const char *text)
{
	size_t length = strlen(failures);
	if (program == 0)
		program = getpid();
	(void)snprintf(failures + length, sizeof(failures) - length, "%s", text);
}

void vprint_error(const char *const format, va_list arguments)
{
	char text[2048];
	(void)vsnprintf(text, sizeof(text), format, arguments);
	(void)fputs(text, stderr);
	(void)fflush(stderr);
	if (strncmp(text, "[  ERROR", 8) == 0)
		keep(text);
}

/* Children that a test made may end here too: the failures are the parent's to tell. */
__attribute__((destructor)) static void repeat(void)
{
	if (program != 0 && getpid() == program)
		(void)fprintf(stderr, "\nfailed:\n%s", failures);
}
