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

/* Takes argv apart. Flags that are no settings are in settings too, to be refused there, when the command is the
 * library's own; a command of the daemon gets them in rest. Borrows the texts of argv. */
void arguments_read(struct arguments *arguments, const struct daemon_spec *spec, int argc, char **argv);

/* Frees the lists, not the texts. */
void arguments_free(struct arguments *arguments);

#endif
