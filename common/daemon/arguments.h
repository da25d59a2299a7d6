/*
 * The command line: the command, the settings among its arguments, and the rest.
 */
#ifndef EVENTLOOP_DAEMON_ARGUMENTS_H
#define EVENTLOOP_DAEMON_ARGUMENTS_H

#include <stdbool.h>

struct daemon_spec;

struct arguments {
	const char *command; /* "serve" when none is named */
	bool help, version, print_config;
	int setting_count;
	char **settings; /* flags of settings, with their values */
	int rest_count;
	char **rest; /* what is no setting, in its order; ended by NULL */
};

/* Takes argv apart. Unknown flags go to `settings`, where they are refused, for the commands of the library, and to
 * `rest` for a command of the daemon. Borrows the texts of argv. */
void arguments_read(struct arguments *arguments, const struct daemon_spec *spec, int argc, char **argv);

/* Frees the lists, not the texts. */
void arguments_free(struct arguments *arguments);

#endif
