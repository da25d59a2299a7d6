#include "limits/limits.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "co/co.h"
#include "telemetry/log.h"
#include "telemetry/log_pause.h"
#include "telemetry/metrics.h"

#include <limits.h>
#include <stdlib.h>

#define MICROSECOND INT64_C(1000) /* in nanoseconds */
#define MILLISECOND INT64_C(1000000)
#define SETTINGS_AGE CLOCK_SECOND
#define REST (50 * CLOCK_MILLISECOND)
#define REST_MAX 64			/* requests at once: they keep what a request takes */
#define BYTES_A_UNIT ((size_t)64 << 10) /* read, copied and sent in some 100 us */

struct limits {
	const struct config *config;
	struct ip_networks *exempt;
	struct bucket_rules rules;
	int64_t rules_until; /* monotonic microseconds: then the settings are read again */
	struct log_pause pause;
	size_t resting; /* requests */
	struct metric_family *refused;
};

static const struct {
	const char *name, *rate, *burst, *message;
} buckets[BUCKETS] = {
    [BUCKET_POINT] = {"point", "limit_point_rate", "limit_point_burst", "too many calls; come back later"},
    [BUCKET_LANE] = {"lane", "limit_lane_rate", "limit_lane_burst", "too many searches; come back later"},
    [BUCKET_WRITE] = {"write", "limit_write_rate", "limit_write_burst", "too many changes; come back later"},
};

/* How many callers share such a bucket. */
static int64_t width_of(enum payer_kind kind, int64_t shared, int64_t site)
{
	switch (kind) {
	case PAYER_COMPANY:
	case PAYER_KEY_MAKER:
	case PAYER_LOGGED_IN:
		return shared;
	case PAYER_SITE:
		return site;
	case PAYER_SITE_LOGGED_IN:
		return shared * site;
	case PAYER_ADDRESS:
	case PAYER_TOKEN:
		break;
	}
	return 1;
}

static void read_rules(struct limits *limits, int64_t now)
{
	const struct config *config = limits->config;
	int64_t shared = config_integer(config, "limit_shared"), site = config_integer(config, "limit_site");
	for (int kind = 0; kind < PAYER_KINDS; kind++)
		for (int bucket = 0; bucket < BUCKETS; bucket++)
			limits->rules.of[kind][bucket] = bucket_rule_of(config_integer(config, buckets[bucket].rate),
									config_integer(config, buckets[bucket].burst),
									width_of((enum payer_kind)kind, shared, site));
	limits->rules_until = now + SETTINGS_AGE;
}

struct limits *limits_new(struct context *ctx, const struct config *config)
{
	struct ip_networks *exempt = ip_networks_new(ctx, "limit_exempt", config_text(config, "limit_exempt"));
	if (!exempt)
		return NULL;
	struct limits *limits = must_calloc(1, sizeof(*limits));
	limits->config = config;
	limits->exempt = exempt;
	limits->refused =
	    metric_register(METRIC_COUNTER, "eventloop_gateway_rate_limited_total",
			    "Calls refused because a bucket was empty, by bucket and whose it was.", "bucket,payer");
	buckets_open((size_t)config_integer(config, "limit_callers"));
	return limits;
}

void limits_free(struct limits *limits)
{
	if (!limits)
		return;
	buckets_close();
	ip_networks_free(limits->exempt);
	free(limits);
}

void limits_caller(const struct limits *limits, struct caller *caller, const char *address,
		   const struct identity *identity)
{
	caller_find(caller, limits->exempt, address, identity);
}

static void log_refusal(struct limits *limits, const struct context *ctx, const char *bucket, const char *payer)
{
	int64_t count = log_pause_count(&limits->pause);
	if (count > 0)
		log_event(LOG_INFO, ctx, "rate limited", LOG_STRING("reason", bucket), LOG_STRING("for", payer),
			  LOG_NUMBER("count", count));
}

static int refuse(struct limits *limits, struct context *ctx, const struct bucket_refusal *refusal)
{
	const char *bucket = buckets[refusal->bucket].name, *payer = payer_kind_name(refusal->payer);
	int64_t milliseconds = (refusal->wait + MILLISECOND - 1) / MILLISECOND;
	metric_add(metric_series(limits->refused, (const char *const[]){bucket, payer}), 1);
	(void)context_fail(ctx, ERROR_RATE_LIMITED, bucket, "%s", buckets[refusal->bucket].message);
	ctx->error.retry_after_ms = milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
	log_refusal(limits, ctx, bucket, payer);
	return -1;
}

int limits_charge(struct limits *limits, struct context *ctx, const struct caller *caller, const struct charge *charge)
{
	if (caller->count == 0)
		return 0;
	int64_t now = clock_monotonic();
	if (now >= limits->rules_until)
		read_rules(limits, now);
	struct bucket_refusal refusal;
	if (buckets_charge(caller, &limits->rules, charge, now * MICROSECOND, &refusal))
		return 0;
	return refuse(limits, ctx, &refusal);
}

void limits_rest(struct limits *limits)
{
	if (limits->resting >= REST_MAX)
		return;
	limits->resting++;
	(void)co_sleep_until(deadline_after(REST));
	limits->resting--;
}

int64_t limits_cost_of_bytes(size_t bytes)
{
	return (int64_t)(bytes / BYTES_A_UNIT);
}

void limits_charge_later(struct limits *limits, const struct caller *caller, int64_t cost)
{
	const struct charge charge = {.cost = cost};
	if (caller->count > 0 && cost > 0)
		buckets_charge_later(caller, &limits->rules, &charge, clock_monotonic() * MICROSECOND);
}
