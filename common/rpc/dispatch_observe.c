#include "rpc/dispatch_internal.h"

#include "base/clock.h"
#include "rpc/hangup.h"
#include "telemetry/log.h"

#include <string.h>

/* A long poll lasts as long as nothing happens: among the durations and in the log it would only be noise. */
static bool waits(const struct dispatch_entry *entry)
{
	return entry->method && entry->method->long_poll;
}

/* As metrics and the log call it. */
static const char *word_of(unsigned outcome)
{
	if (outcome == DISPATCH_CANCELLED)
		return "cancelled";
	return outcome == ERROR_NONE ? "ok" : error_word((enum error_code)outcome);
}

static void count(struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry, unsigned outcome, int64_t duration)
{
	struct metric **requests = &entry->requests[outcome];
	if (!*requests)
		*requests = metric_series(dispatcher->requests, (const char *const[]){entry->name, word_of(outcome)});
	metric_add(*requests, 1);
	if (waits(entry))
		return;
	if (!entry->duration)
		entry->duration = metric_series(dispatcher->durations, (const char *const[]){entry->name});
	metric_observe(entry->duration, duration);
}

static enum log_level level_of(unsigned outcome)
{
	switch (outcome) {
	case ERROR_INTERNAL:
		return LOG_ERROR;
	case ERROR_UNAVAILABLE:
	case ERROR_DEADLINE_EXCEEDED:
	case ERROR_OVERLOADED:
		return LOG_WARNING;
	default:
		return LOG_INFO;
	}
}

static const char *file_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	return slash ? slash + 1 : path;
}

/* Fields that have something to say. */
struct fields {
	struct log_field list[10];
	size_t count;
};

static void add_text(struct fields *fields, const char *name, const char *text)
{
	if (text && text[0] != '\0')
		fields->list[fields->count++] = LOG_STRING(name, text);
}

static void log_failure(enum log_level level, const struct context *ctx, unsigned outcome, int64_t duration)
{
	const struct error *error = &ctx->error;
	struct fields fields = {.count = 0};
	add_text(&fields, "outcome", word_of(outcome));
	add_text(&fields, "reason", error->reason);
	fields.list[fields.count++] = LOG_NUMBER("duration_us", duration);
	if (error->cause[0] != '\0' || level != LOG_INFO) {
		add_text(&fields, "text", error->message);
		add_text(&fields, "cause", error->cause);
		add_text(&fields, "sqlstate", error->sqlstate);
		add_text(&fields, "file", file_name(error->file));
		fields.list[fields.count++] = LOG_NUMBER("line", error->line);
	}
	fields.list[fields.count] = LOG_END;
	log_write(level, ctx, "call", fields.list);
}

void dispatch_observe(struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry, const struct context *ctx,
		      int64_t started)
{
	enum error_code code = ctx->error.code;
	int64_t duration = clock_monotonic() - started;
	unsigned outcome = rpc_hangup_caused(ctx) ? DISPATCH_CANCELLED : code;
	count(dispatcher, entry, outcome, duration);
	enum log_level level = code == ERROR_NONE && waits(entry) ? LOG_DEBUG : level_of(outcome);
	if (!log_enabled(level))
		return;
	if (code == ERROR_NONE)
		log_event(level, ctx, "call", LOG_STRING("outcome", "ok"), LOG_NUMBER("duration_us", duration));
	else
		log_failure(level, ctx, outcome, duration);
}
