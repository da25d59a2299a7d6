#include "routes/observer.h"

#include "base/fatal.h"
#include "gateway.h"
#include "rpc/hangup.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#include <stdlib.h>

#define CANCELLED (ERROR_OVERLOADED + 1) /* an outcome of its own: the client has gone */
#define OUTCOMES (CANCELLED + 1)

struct observer {
	struct metric_family *requests, *durations;
	struct metric *by_code[GATEWAY_DAEMONS + 1][OUTCOMES];
	struct metric *duration[GATEWAY_DAEMONS + 1];
};

struct observer *observer_new(void)
{
	struct observer *observer = must_calloc(1, sizeof(*observer));
	observer->requests = metric_register(METRIC_COUNTER, "eventloop_gateway_calls_total",
					     "Calls by daemon and outcome.", "daemon,code");
	observer->durations = metric_register(METRIC_HISTOGRAM, "eventloop_gateway_call_duration_seconds",
					      "How long calls took, by daemon.", "daemon");
	return observer;
}

void observer_free(struct observer *observer)
{
	free(observer);
}

static size_t index_of(const char *daemon)
{
	for (size_t i = 0; i < GATEWAY_DAEMONS; i++)
		if (daemon == gateway_daemons[i])
			return i;
	return GATEWAY_DAEMONS;
}

static const char *word_of(unsigned outcome)
{
	if (outcome == CANCELLED)
		return "cancelled";
	return outcome == ERROR_NONE ? "ok" : error_word((enum error_code)outcome);
}

static void count(struct observer *observer, size_t index, unsigned outcome, int64_t duration)
{
	const char *daemon = index < GATEWAY_DAEMONS ? gateway_daemons[index] : "none";
	if (!observer->by_code[index][outcome])
		observer->by_code[index][outcome] =
		    metric_series(observer->requests, (const char *const[]){daemon, word_of(outcome)});
	if (!observer->duration[index])
		observer->duration[index] = metric_series(observer->durations, (const char *const[]){daemon});
	metric_add(observer->by_code[index][outcome], 1);
	metric_observe(observer->duration[index], duration);
}

void observer_note(struct observer *observer, const struct context *ctx, const char *daemon, int64_t started)
{
	unsigned outcome = rpc_hangup_caused(ctx) ? CANCELLED : ctx->error.code;
	int64_t duration = clock_monotonic() - started;
	count(observer, index_of(daemon), outcome, duration);
	if (outcome == ERROR_RATE_LIMITED) /* limits.c logs these, at most one line a second */
		return;
	enum log_level level = outcome == ERROR_UNAVAILABLE || outcome == ERROR_OVERLOADED ? LOG_WARNING : LOG_INFO;
	if (log_enabled(level))
		log_event(level, ctx, "forward", LOG_STRING("target", daemon), LOG_STRING("outcome", word_of(outcome)),
			  LOG_NUMBER("duration_us", duration), LOG_STRING("cause", ctx->error.cause));
}
