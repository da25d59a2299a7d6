/*
 * Configuration: one table in code describes every setting; it is read from defaults < file < environment < flags.
 *
 * Purpose: --help, --print-config, checks, reload and the values themselves from one table.
 * Ownership: struct config owns the values; getters return borrowed pointers that live until the next config_reload.
 * Invariants: an unknown key or a bad value stops the start with its name; secrets are never printed.
 * Names: a setting `database_url` of the daemon `events` is the flag --database-url, the environment variable
 * EVENTS_DATABASE_URL or else EVENTLOOP_DATABASE_URL (the own one wins), and `database_url = ...` in the file. A secret
 * may come from a file instead: EVENTS_DATABASE_URL_FILE. A name that begins with EVENTLOOP_ in `environment` overrides
 * the derived one.
 */
#ifndef EVENTLOOP_BASE_CONFIG_H
#define EVENTLOOP_BASE_CONFIG_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum config_type { CONFIG_TEXT, CONFIG_INTEGER, CONFIG_BOOLEAN, CONFIG_DURATION, CONFIG_SIZE, CONFIG_CHOICE };

enum config_flags {
	CONFIG_SECRET = 1,     /* masked wherever it is shown; NAME_FILE accepted */
	CONFIG_RELOADABLE = 2, /* SIGHUP takes the new value */
	CONFIG_REQUIRED = 4,   /* no start without a value */
};

/* One row of the table. Durations read "250ms", "10s", "5m", "48h", "14d" into microseconds; sizes "512", "16KiB",
 * "1MiB" into bytes. min and max bound numbers, durations and sizes (both 0: unbounded) and the length of texts. */
struct config_option {
	const char *name;
	enum config_type type;
	const char *fallback; /* default, as one would write it; NULL for none */
	int64_t min, max;
	unsigned flags;
	const char *choices; /* "json|text" for CONFIG_CHOICE */
	const char *help;
};

struct config;

/* Makes a configuration for daemon from two tables (common's and the daemon's; each ended by a NULL name). */
struct config *config_new(const char *daemon, const struct config_option *common, const struct config_option *own);
void config_free(struct config *config);

/* Reads file (--config in argv), environment and flags. argv: what follows the command. On a fault writes one line
 * naming the setting to `errors` and returns -1. */
int config_load(struct config *config, int argc, char *const *argv, FILE *errors) MUST_CHECK;

/* Reads again and takes over the reloadable settings; keeps everything and returns -1 when any value is bad. */
int config_reload(struct config *config, FILE *errors) MUST_CHECK;

/* Getters; a name that is not in the table, or of another type, ends the process: it is a programming error. */
const char *config_text(const struct config *config, const char *name); /* "" when unset */
int64_t config_integer(const struct config *config, const char *name);	/* integers, durations (us), sizes (bytes) */
bool config_boolean(const struct config *config, const char *name);

/* Writes the table for --help, and the effective values for --print-config (secrets as ***). */
void config_print_help(const struct config *config, FILE *out);
void config_print(const struct config *config, FILE *out);

#endif
