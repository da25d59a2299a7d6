/*
 * A setting: one row of the tables that a configuration is made from (config/config.h).
 *
 * Ownership: tables and their texts are static; a configuration borrows them.
 */
#ifndef EVENTLOOP_CONFIG_OPTION_H
#define EVENTLOOP_CONFIG_OPTION_H

#include <stdint.h>

#define CONFIG_MAX_OPTIONS 256
#define CONFIG_MAX_VALUE 65536 /* bytes of a value, and of a file that holds a secret */

enum config_type { CONFIG_TEXT, CONFIG_INTEGER, CONFIG_BOOLEAN, CONFIG_DURATION, CONFIG_SIZE, CONFIG_CHOICE };

enum config_flags {
	CONFIG_SECRET = 1,     /* masked wherever it is shown; NAME_FILE accepted */
	CONFIG_RELOADABLE = 2, /* SIGHUP takes the new value */
	CONFIG_REQUIRED = 4,   /* no start without a value */
};

/* One row of the table. Durations read "250ms", "10s", "5m", "48h", "14d" (or "30us", or "0") into microseconds; sizes
 * "512", "16KiB", "1MiB", "2GiB" into bytes; booleans true, yes, on, 1 and false, no, off, 0. min and max bound
 * numbers, durations and sizes (both 0: unbounded) and the length of texts in bytes (an unset text may be shorter). */
struct config_option {
	const char *name;
	enum config_type type;
	const char *fallback; /* default, as in a file; NULL for none */
	int64_t min, max;
	unsigned flags;
	const char *choices; /* "json|text" for CONFIG_CHOICE */
	const char *help;
	const char *environment; /* a further variable, by a name that is usual elsewhere
				    ("OTEL_EXPORTER_OTLP_ENDPOINT"); NULL: none */
};

#endif
