#include "rpc/dispatch_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

static void count(struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry, enum error_code code,
		  int64_t duration)
{
	struct metric **requests = &entry->requests[code];
	if (*requests == NULL) {
		const char *word = code == ERROR_NONE ? "ok" : error_word(code);
		*requests = metric_series(dispatcher->requests, (const char *const[]){entry->name, word});
	}
	if (entry->duration == NULL)
		entry->duration = metric_series(dispatcher->durations, (const char *const[]){entry->name});
	metric_add(*requests, 1);
	metric_observe(entry->duration, duration);
}

static enum log_level level_of(enum error_code code)
{
	switch (code) {
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
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	return slash != NULL ? slash + 1 : path;
}

static void log_failure(enum log_level level, const struct context *ctx, int64_t duration)
{
	const struct error *error = &ctx->error;
	if (error->cause[0] == '\0' && level == LOG_INFO)
		log_event(level, ctx, "call", LOG_STRING("outcome", error_word(error->code)),
			  LOG_STRING("reason", error->reason), LOG_NUMBER("duration_us", duration));
	else
		log_event(level, ctx, "call", LOG_STRING("outcome", error_word(error->code)),
			  LOG_STRING("reason", error->reason), LOG_NUMBER("duration_us", duration),
			  LOG_STRING("message", error->message), LOG_STRING("cause", error->cause),
			  LOG_STRING("sqlstate", error->sqlstate), LOG_STRING("file", file_name(error->file)),
			  LOG_NUMBER("line", error->line));
}

void dispatch_observe(struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry, const struct context *ctx,
		      int64_t started)
{
	enum error_code code = ctx->error.code;
	int64_t duration = clock_monotonic() - started;
	count(dispatcher, entry, code, duration);
	enum log_level level = level_of(code);
	if (!log_enabled(level))
		return;
	if (code == ERROR_NONE)
		log_event(level, ctx, "call", LOG_STRING("outcome", "ok"), LOG_NUMBER("duration_us", duration));
	else
		log_failure(level, ctx, duration);
}
