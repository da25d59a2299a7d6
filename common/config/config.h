/*
 * Configuration: one table in code describes every setting; it is read from defaults < file < environment < flags.
 *
 * Purpose: --help, --print-config, checks, reload and the values themselves from one table.
 * Ownership: struct config owns the values; what getters return lives until config_free, also over a reload.
 * Invariants: an unknown key or a bad value stops the start with its name; secrets are never printed. Getters may be
 * called from any thread, also while another one reloads.
 * Names: a setting `database_url` of the daemon `events` is the flag --database-url, the environment variable
 * EVENTS_DATABASE_URL or else EVENTLOOP_DATABASE_URL (the own one wins) or else the one that its row names, and
 * `database_url = ...` in the file. A secret may come from a file instead: EVENTS_DATABASE_URL_FILE,
 * --database-url-file, `database_url_file = ...`; one line end at its end is not part of it.
 * File: lines `name = value` or `name = "value"` (\" and \\ inside), # begins a comment at the start of a line, after
 * white space or after the closing quote.
 * Flags: --name=value or --name value; of a boolean --name alone is true. "--" ends them. What is no flag is an
 * operand. A variable EVENTS_... that is no setting is an error, except those that Kubernetes makes for a service named
 * events.
 */
#ifndef EVENTLOOP_CONFIG_CONFIG_H
#define EVENTLOOP_CONFIG_CONFIG_H

#include "base/macros.h"
#include "config/option.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct config;

/* Makes a configuration for daemon from two tables (common's and the daemon's; each ended by a NULL name; own may be
 * NULL). Where both have a name, the row of own counts. Tables and names are borrowed. Values are the defaults. */
struct config *config_new(const char *daemon, const struct config_option *common, const struct config_option *own);

/* Frees it and all values; NULL is fine. */
void config_free(struct config *config);

/* Reads file (--config in argv), environment and flags. argv: what follows the command; borrowed until config_free. On
 * faults writes a line naming the setting to `errors` for each and returns -1. */
int config_load(struct config *config, int argc, char *const *argv, FILE *errors) MUST_CHECK;

/* Reads again and takes over the reloadable settings; keeps everything and returns -1 when any value is bad. Names on
 * `errors` the settings that changed but need a restart. */
int config_reload(struct config *config, FILE *errors) MUST_CHECK;

/* Getters; a name that is not in the table, or of another type, ends the process: it is a programming error. */

/* A text or choice; "" when unset. */
const char *config_text(const struct config *config, const char *name);

/* An integer, a duration in microseconds, a size in bytes; 0 when unset. */
int64_t config_integer(const struct config *config, const char *name);

/* A boolean; false when unset. */
bool config_boolean(const struct config *config, const char *name);

/* The arguments that were not settings, in their order; *ret_count of them. */
char *const *config_operands(const struct config *config, int *ret_count);

/* Writes the table for --help. */
void config_print_help(const struct config *config, FILE *out);

/* Writes the effective values for --print-config, in the form of the file, each with where it came from; secrets as
 * ***, and so are passwords within URLs. */
void config_print(const struct config *config, FILE *out);

#endif
