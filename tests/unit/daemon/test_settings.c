/* What follows from the settings that every daemon has. */
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"
#include "unit.h"

static const struct daemon_spec spec = {.name = "toy", .port = 7999};

static void assert_rpc_url(const char *address, const char *port, const char *expected)
{
	const char *const arguments[] = {
	    "--link-secret=the link's secret, the same for all", "--listen-address", address, "--port", port,
	};
	struct config *config = config_new("toy", settings_table(&spec), NULL);
	assert_int_equal(config_load(config, ARRAY_SIZE(arguments), (char *const *)(uintptr_t)arguments, stderr), 0);
	char url[100];
	settings_rpc_url(config, url, sizeof(url));
	assert_string_equal(url, expected);
	config_free(config);
}

/* OpenRPC documents name it as the server. */
static void test_calls_are_posted_to_the_address_that_is_listened_on(void **state)
{
	(void)state;
	assert_rpc_url("192.0.2.7", "7002", "http://192.0.2.7:7002/rpc");
	assert_rpc_url("2001:db8::7", "7002", "http://[2001:db8::7]:7002/rpc");
	assert_rpc_url("192.0.2.7", "0", "");
}

static void test_calls_are_posted_to_loopback_when_all_addresses_are_listened_on(void **state)
{
	(void)state;
	assert_rpc_url("", "7002", "http://127.0.0.1:7002/rpc");
	assert_rpc_url("0.0.0.0", "7002", "http://127.0.0.1:7002/rpc");
	assert_rpc_url("::", "7002", "http://127.0.0.1:7002/rpc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_calls_are_posted_to_the_address_that_is_listened_on),
	    cmocka_unit_test(test_calls_are_posted_to_loopback_when_all_addresses_are_listened_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
