/*
 * Logging: one JSON line an event on standard output (or text for people).
 *
 * Purpose: what happened, with the ids of the request it happened in.
 * Line: {"time","level","daemon","request_id","trace_id","method","user","actor","message", then the fields}; unknown
 * values are left out, and no name appears twice: a field with a name above, or that of an earlier field, is left out
 * too (builds with fault points end there). Invariants: library code does not log; the layer that decides what an error
 * means logs it once. Values that base/mask.h takes for secrets or personal data never appear. A line is one write()
 * and at most LOG_LINE_MAX bytes; when standard output takes none, it is dropped and counted
 * (eventloop_log_lines_dropped_total).
 *
 * Threads: safe from any.
 */
#ifndef EVENTLOOP_TELEMETRY_LOG_H
#define EVENTLOOP_TELEMETRY_LOG_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 65536 /* bytes of a line; a longer one is replaced by one that says so */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

/* Sets the daemon's name, the lowest level written and the format. Call once before threads start; level and format may
 * be changed later. From then on the last line of a process that ends by fatal() is one of the log's too: an error
 * whose only field is the message, on standard error. */
void log_configure(const char *daemon, enum log_level level, enum log_format format);

/* Reads "debug", "info", "warning" or "error"; false for another word. */
bool log_level_parse(const char *word, enum log_level *ret_level) MUST_CHECK;

/* Has the lines written to the descriptor (standard output at first); -1 for nowhere. */
void log_set_output(int descriptor);

/* Hands every line to sink(line, length, argument) as well, always as JSON, without the line's end; NULL ends that. The
 * sink runs in the thread that logs, several at once; it must not log, block or keep the line. What it refers to must
 * outlive the threads that log. */
void log_set_sink(void (*sink)(const char *line, size_t length, void *argument), void *argument);

/* True when the level is written. */
bool log_enabled(enum log_level level);

enum log_field_kind { LOG_FIELD_TEXT, LOG_FIELD_NUMBER };

/* One field of a line: a name (a constant without quotes or backslashes) and a value. Made by the macros below; a text
 * of NULL leaves the field out. */
struct log_field {
	const char *name;
	const char *text;
	int64_t number;
	enum log_field_kind kind;
};
#define LOG_STRING(name, value) ((struct log_field){(name), (value), 0, LOG_FIELD_TEXT})
#define LOG_NUMBER(name, value) ((struct log_field){(name), NULL, (value), LOG_FIELD_NUMBER})
#define LOG_END ((struct log_field){NULL, NULL, 0, LOG_FIELD_TEXT})

/* Writes a line: message plus fields; ctx (or NULL) adds request id, trace id, method, user. fields end with LOG_END,
 * which the macro adds. Leaves errno as it was. */
void log_write(enum log_level level, const struct context *ctx, const char *message, const struct log_field *fields);
#define log_event(level, ctx, message, ...) \
	log_write((level), (ctx), (message), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ) LOG_END})

/* Writes each line of a text that was made for people as a line of its own; empty ones are left out. */
void log_each_line(enum log_level level, const char *text);

/* Writes the error of the context with its place and cause. ctx must not be NULL. */
void log_error_of(enum log_level level, const struct context *ctx, const char *message);

#endif
