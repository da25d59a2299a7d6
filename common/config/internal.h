/* What a configuration keeps. Its parts: names (which settings there are), value (one value), pass (one run through the
 * sources), file, source (file, environment, flags), config (values in force, reload), print. */
#ifndef EVENTLOOP_CONFIG_INTERNAL_H
#define EVENTLOOP_CONFIG_INTERNAL_H

#include "config/option.h"
#include "config/pass.h"

#include <stdatomic.h>
#include <stddef.h>

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

#endif
