/*
 * Logging: one JSON line an event on standard output (or text for people).
 *
 * Purpose: what happened, with the ids of the request it happened in.
 * Invariants: library code does not log; the layer that decides what an error means logs it once. Values of fields
 * marked secret by name (password, token, secret, authorization, key) never appear. A line is written with one write().
 * Threads: safe from any.
 */
#ifndef EVENTLOOP_BASE_LOG_H
#define EVENTLOOP_BASE_LOG_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_JSON, LOG_TEXT };

/* Sets the daemon's name, the lowest level written and the format. Call once before threads start; level and format may
 * be changed later. */
void log_configure(const char *daemon, enum log_level level, enum log_format format);

/* True when the level is written. */
bool log_enabled(enum log_level level);

/* One field of a line: a name and exactly one value. Made by the LOG_FIELD_ macros. */
struct log_field {
	const char *name;
	const char *text; /* or NULL for a number */
	int64_t number;
};
#define LOG_STRING(name, value) ((struct log_field){(name), (value), 0})
#define LOG_NUMBER(name, value) ((struct log_field){(name), NULL, (value)})

/* Writes a line: message plus fields; ctx (or NULL) adds request id, trace id, method, user. fields end with a name of
 * NULL, which the macro adds. */
void log_write(enum log_level level, const struct context *ctx, const char *message, const struct log_field *fields);
#define log_event(level, ctx, message, ...) \
	log_write((level), (ctx), (message), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, NULL, 0}})

/* Writes the error of the context with its place and cause. */
void log_error_of(enum log_level level, const struct context *ctx, const char *message);

#endif
