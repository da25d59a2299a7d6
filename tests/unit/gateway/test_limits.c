/* What limits answer, by their settings. */
#include "limits/limits.h"
#include "unit.h"

#include <string.h>

static const struct config_option options[] = {
    {.name = "limit_exempt", .type = CONFIG_TEXT, .fallback = "", .max = 100},
    {.name = "limit_point_rate", .type = CONFIG_INTEGER, .fallback = "1", .max = 1000000},
    {.name = "limit_point_burst", .type = CONFIG_INTEGER, .fallback = "2", .max = 1000000},
    {.name = "limit_lane_rate", .type = CONFIG_INTEGER, .fallback = "1", .max = 1000000},
    {.name = "limit_lane_burst", .type = CONFIG_INTEGER, .fallback = "1", .max = 1000000},
    {.name = "limit_write_rate", .type = CONFIG_INTEGER, .fallback = "0", .max = 1000000},
    {.name = "limit_write_burst", .type = CONFIG_INTEGER, .fallback = "1", .max = 1000000},
    {.name = "limit_shared", .type = CONFIG_INTEGER, .fallback = "2", .max = 1000},
    {.name = "limit_site", .type = CONFIG_INTEGER, .fallback = "3", .max = 1000},
    {.name = "limit_callers", .type = CONFIG_INTEGER, .fallback = "1024", .max = 1 << 20},
    {.name = NULL},
};

static struct limits *make(struct context *ctx, struct config **config, const char *exempt)
{
	char flag[100], *arguments[] = {"x", flag};
	(void)snprintf(flag, sizeof(flag), "--limit-exempt=%s", exempt);
	context_init(ctx, DEADLINE_NEVER);
	*config = config_new("gateway", options, NULL);
	assert_int_equal(config_load(*config, 2, arguments, stderr), 0);
	return limits_new(ctx, *config);
}

static void test_says_when_to_come_again(void **state)
{
	struct context ctx;
	struct config *config;
	struct limits *limits = make(&ctx, &config, "");
	const struct charge lane = {.bucket = BUCKET_LANE, .cost = 1}, write = {.cost = 1, .writes = true};
	(void)state;
	assert_non_null(limits);
	struct caller caller;
	limits_caller(limits, &caller, "192.0.2.1", NULL);
	/* Writes have no limit of their own here, but cost. */
	assert_int_equal(limits_charge(limits, &ctx, &caller, &write), 0);
	assert_int_equal(limits_charge(limits, &ctx, &caller, &write), 0);
	assert_int_equal(limits_charge(limits, &ctx, &caller, &write), -1);
	assert_int_equal(ctx.error.code, ERROR_RATE_LIMITED);
	assert_string_equal(ctx.error.reason, "point");
	assert_in_range(ctx.error.retry_after_ms, 1, 1000);
	error_clear(&ctx.error);
	assert_int_equal(limits_charge(limits, &ctx, &caller, &lane), 0);
	assert_int_equal(limits_charge(limits, &ctx, &caller, &lane), -1);
	assert_string_equal(ctx.error.reason, "lane");
	limits_free(limits);
	config_free(config);
	context_done(&ctx);
}

/* limit_site 3: as much as three addresses may take; of those who are logged in, limit_shared times that. */
static void test_all_of_a_site_share_what_is_wider(void **state)
{
	struct identity user = {.kind = IDENTITY_USER, .id = "01932b5c-7a10-7000-8000-000000000000"};
	struct config *config;
	struct context ctx;
	struct limits *limits = make(&ctx, &config, "");
	const struct charge two = {.cost = 2};
	(void)state;
	char address[40];
	struct caller caller;
	for (int i = 0; i < 4; i++) {
		(void)snprintf(address, sizeof(address), "2001:db8:1:%d::1", i);
		limits_caller(limits, &caller, address, NULL);
		assert_int_equal(limits_charge(limits, &ctx, &caller, &two), i < 3 ? 0 : -1);
	}
	for (int i = 0; i < 7; i++) {
		user.id[UUID_SIZE - 2] = (char)('0' + i);
		(void)snprintf(address, sizeof(address), "2001:db8:1:%d::1", i);
		error_clear(&ctx.error);
		limits_caller(limits, &caller, address, &user);
		assert_int_equal(limits_charge(limits, &ctx, &caller, &two), i < 6 ? 0 : -1);
	}
	error_clear(&ctx.error);
	limits_caller(limits, &caller, "2001:db8:2::1", NULL);
	assert_int_equal(limits_charge(limits, &ctx, &caller, &two), 0);
	limits_free(limits);
	config_free(config);
	context_done(&ctx);
}

static void test_names_a_setting_that_is_no_list_of_networks(void **state)
{
	(void)state;
	struct config *config;
	struct context ctx;
	assert_null(make(&ctx, &config, "10.0.0.0/8,here"));
	assert_non_null(strstr(ctx.error.cause, "limit_exempt: here is no network"));
	config_free(config);
	context_done(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_says_when_to_come_again),
	    cmocka_unit_test(test_all_of_a_site_share_what_is_wider),
	    cmocka_unit_test(test_names_a_setting_that_is_no_list_of_networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
