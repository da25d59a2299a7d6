/* What config/config.h keeps, shared by its parts: config.c (table, getters, reload), value.c (one value),
 * source.c (file, environment, flags), file.c (the file's lines), print.c. */
#ifndef EVENTLOOP_CONFIG_INTERNAL_H
#define EVENTLOOP_CONFIG_INTERNAL_H

#include "config/config.h"

#include <stdatomic.h>
#include <stddef.h>

#define CONFIG_MAX_NAME 64

/* Later ones win. */
enum config_source { CONFIG_FROM_DEFAULT, CONFIG_FROM_FILE, CONFIG_FROM_ENVIRONMENT, CONFIG_FROM_FLAG };

/* A value as read but not yet in force. */
struct config_reading {
	char *text; /* owned */
	int64_t number;
	enum config_source source;
	bool given; /* at this source; twice is an error */
};

/* One run through all sources. */
struct config_pass {
	struct config *config;
	struct config_reading *readings; /* one an option */
	FILE *errors;
	int faults;
};

/* A text that was in force; kept because somebody may still hold it. */
struct config_old_text {
	struct config_old_text *older;
	char *text;
};

/* A value in force. */
struct config_value {
	_Atomic(char *) text; /* as it was written */
	_Atomic int64_t number;
	enum config_source source;
};

struct config {
	const char *daemon;
	const struct config_option *options[CONFIG_MAX_OPTIONS];
	struct config_value values[CONFIG_MAX_OPTIONS];
	int count;
	int slots[2 * CONFIG_MAX_OPTIONS]; /* option index + 1 by hash of name; 0: free */
	struct config_old_text *old_texts;
	int argc;
	char *const *argv;
	char **operands;
	int operand_count;
};

/* The index of the option, or -1. The name may be written with dashes or in capitals; length bytes of it count. */
int config_find(const struct config *config, const char *name, size_t length);

/* Notes a fault: "events: " and the formatted line. */
void config_fault(struct config_pass *pass, const char *format, ...) PRINTF(2, 3);

/* Reads text as the option's type into *ret_number (texts: 0). NULL, or what is wrong with it: "is not a duration". */
const char *config_parse(const struct config_option *option, const char *text, int64_t *ret_number);

/* Gives the option a value that came from origin ("flag --port"); notes a fault when it is bad or given twice there. */
void config_give(struct config_pass *pass, int index, const char *text, enum config_source source, const char *origin);

/* The same for NAME_FILE: the value is what stands in the file. */
void config_give_from_file(struct config_pass *pass, int index, const char *path, enum config_source source,
			   const char *origin);

/* Gives by a name that may be a setting's or a secret's with "_file"; false when it is neither. */
bool config_give_named(struct config_pass *pass, const char *name, size_t length, const char *text,
		       enum config_source source, const char *origin);

/* Reads the three sources in their order. */
void config_read_sources(struct config_pass *pass);

/* Reads the lines of the file. */
void config_read_file(struct config_pass *pass, const char *path);

/* Reads a whole file of at most CONFIG_MAX_VALUE bytes into owned text; NULL, with *ret_fault, otherwise. */
char *config_slurp(const char *path, const char **ret_fault);

/* Writes the setting's name as flag ("database-url") or as variable ("EVENTS_DATABASE_URL"). */
void config_flag_name(const struct config_option *option, char name[static CONFIG_MAX_NAME]);
void config_variable_name(const char *prefix, const struct config_option *option,
			  char name[static 2 * CONFIG_MAX_NAME]);

#endif
