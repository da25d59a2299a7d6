/*
 * The names of settings: finding one, and how it is spelt as flag, variable and in the file.
 *
 * A setting is written with _ in the table and in the file, with - as a flag, in capitals as a variable; all three find
 * it.
 */
#ifndef EVENTLOOP_CONFIG_NAMES_H
#define EVENTLOOP_CONFIG_NAMES_H

#include "config/option.h"

#include <stddef.h>

#define CONFIG_MAX_NAME 64

struct config;

/* Adds a row of a table, or puts it in the place of the one that has its name. Ends the process when there are too
 * many. */
void config_add(struct config *config, const struct config_option *option);

/* The index of the option, or -1. The name may be written with dashes or in capitals; length bytes of it count. */
int config_find(const struct config *config, const char *name, size_t length);

/* "database_url_file" of the secret database_url: the secret's index, or -1. */
int config_find_secret_file(const struct config *config, const char *name, size_t length);

/* Writes the setting's name as flag ("database-url") or as variable ("EVENTS_DATABASE_URL"). */
void config_flag_name(const struct config_option *option, char name[static CONFIG_MAX_NAME]);
void config_variable_name(const char *prefix, const struct config_option *option,
			  char name[static 2 * CONFIG_MAX_NAME]);

#endif
