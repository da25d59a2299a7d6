/* How one event becomes one line. Leaf of telemetry/log.h. */
#ifndef EVENTLOOP_TELEMETRY_LOG_LINE_H
#define EVENTLOOP_TELEMETRY_LOG_LINE_H

#include "base/buffer.h"
#include "telemetry/log.h"

/* An event. Everything borrowed for the call. */
struct log_line {
	int64_t wall;
	enum log_level level;
	const char *daemon;
	const struct context *ctx; /* or NULL */
	const char *message;
	const struct log_field *fields; /* ended by LOG_END; or NULL */
};

/* "debug", "info", "warning" or "error". Static. */
const char *log_level_word(enum log_level level);

/* Appends the line without its end, secrets masked. */
void log_line_render(struct buffer *out, const struct log_line *line, enum log_format format);

#endif
