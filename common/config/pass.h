/*
 * One run through all sources: what it has read so far, and the faults that it found.
 *
 * Its values come into force only after a run without a fault. Ownership: the caller that reads the sources owns the
 * pass and its readings; the configuration and the stream of faults are borrowed.
 */
#ifndef EVENTLOOP_CONFIG_PASS_H
#define EVENTLOOP_CONFIG_PASS_H

#include "base/macros.h"
#include "config/option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct config;

/* Later ones win. */
enum config_source { CONFIG_FROM_DEFAULT, CONFIG_FROM_FILE, CONFIG_FROM_ENVIRONMENT, CONFIG_FROM_FLAG };

/* A value as read but not yet in force. */
struct config_reading {
	char *text; /* owned */
	int64_t number;
	enum config_source source;
	bool given; /* at this source; twice is an error */
};

struct config_pass {
	struct config *config;
	struct config_reading *readings; /* one an option */
	FILE *errors;
	int faults;
};

/* Notes a fault: "events: " and the formatted line. */
void config_fault(struct config_pass *pass, const char *format, ...) PRINTF(2, 3);

/* Gives the option a value that came from origin ("flag --port"); notes a fault when it is bad or given twice there. */
void config_give(struct config_pass *pass, int index, const char *text, enum config_source source, const char *origin);

/* The same for NAME_FILE: the value is what stands in the file. */
void config_give_from_file(struct config_pass *pass, int index, const char *path, enum config_source source,
			   const char *origin);

/* Gives by a name that may be a setting's or a secret's with "_file"; false when it is neither. */
bool config_give_named(struct config_pass *pass, const char *name, size_t length, const char *text,
		       enum config_source source, const char *origin);

/* Reads a whole file of at most CONFIG_MAX_VALUE bytes into owned text; NULL, with *ret_fault, otherwise. */
char *config_read_text(const char *path, const char **ret_fault) MUST_CHECK;

#endif
