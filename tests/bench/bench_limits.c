/* What a call pays for being limited, in CPU: finding who pays and taking the charge. Prints one line for each kind of
 * caller, `name value unit`. */
#include "base/clock.h"
#include "base/fatal.h"
#include "limits/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum { CALLS = 20000, REPEATS = 50 };

#define IPV4 "203.0.113.77"
#define IPV6 "2001:db8:a:b::77"

#define NUMBER(setting, value)                                                                    \
	{                                                                                         \
		.name = (setting), .type = CONFIG_INTEGER, .fallback = (value), .max = 1000000000 \
	}

static const struct config_option options[] = {
    {.name = "limit_exempt", .type = CONFIG_TEXT, .fallback = "", .max = 100},
    NUMBER("limit_point_rate", "1000000"),
    NUMBER("limit_point_burst", "1000000000"),
    NUMBER("limit_lane_rate", "1000000"),
    NUMBER("limit_lane_burst", "1000000"),
    NUMBER("limit_write_rate", "1000000"),
    NUMBER("limit_write_burst", "1000000"),
    NUMBER("limit_shared", "5"),
    NUMBER("limit_site", "10"),
    NUMBER("limit_callers", "65536"),
    {.name = NULL},
};

static void pay(struct limits *limits, struct context *ctx, const char *address, const struct identity *identity)
{
	struct caller caller;
	limits_caller(limits, &caller, address, identity);
	if (limits_charge(limits, ctx, &caller, &LIMITS_CHEAP))
		fatal("refused: the burst is too small");
}

/* The best of many repeats: others may be at work. */
static void measure(struct limits *limits, struct context *ctx, const char *name, const char *address,
		    const struct identity *identity)
{
	int64_t best = INT64_MAX;
	for (int repeat = 0; repeat < REPEATS; repeat++) {
		int64_t started = clock_monotonic();
		for (int i = 0; i < CALLS; i++)
			pay(limits, ctx, address, identity);
		int64_t took = clock_monotonic() - started;
		best = took < best ? took : best;
	}
	(void)printf("%s %.0f ns\n", name, (double)best * 1000 / CALLS);
}

int main(void)
{
	struct identity user = {.kind = IDENTITY_USER, .id = "01932b5c-7a10-7000-8000-000000000001"};
	struct identity program = {.kind = IDENTITY_CLIENT, .id = "01932b5c-7a10-7000-8000-000000000002"};
	program.company_count = 1;
	(void)snprintf(program.companies[0].id, sizeof(program.companies[0].id), "%s", user.id);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct config *config = config_new("gateway", options, NULL);
	struct limits *limits = limits_new(&ctx, config);
	if (!limits)
		return EXIT_FAILURE;
	measure(limits, &ctx, "stranger", IPV4, NULL);
	measure(limits, &ctx, "user", IPV4, &user);
	measure(limits, &ctx, "integration", IPV4, &program);
	measure(limits, &ctx, "stranger_ipv6", IPV6, NULL);
	measure(limits, &ctx, "user_ipv6", IPV6, &user);
	limits_free(limits);
	config_free(config);
	context_done(&ctx);
	return EXIT_SUCCESS;
}
