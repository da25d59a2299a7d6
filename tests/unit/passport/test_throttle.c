/* What of a client's address counts as one network. */
#include "credentials/throttle.h"
#include "unit.h"

static void assert_network(const char *peer, const char *network)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const struct rpc_call call = {.ctx = &ctx, .peer = peer};
	assert_string_equal(throttle_network(&call), network);
	context_done(&ctx);
}

static void test_an_ipv4_address_is_one(void **state)
{
	(void)state;
	assert_network("192.0.2.7", "192.0.2.7");
	assert_network("192.0.2.8", "192.0.2.8");
	assert_network("::ffff:192.0.2.7", "192.0.2.7");
}

static void test_of_ipv6_the_first_64_bits_are(void **state)
{
	(void)state;
	assert_network("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
	assert_network("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::");
	assert_network("2001:db8:1:3::1", "2001:db8:1:3::");
	assert_network("::1", "::");
}

static void test_what_is_no_address_is_a_network_of_its_own(void **state)
{
	(void)state;
	assert_network("", "");
	assert_network("unknown", "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_ipv4_address_is_one),
	    cmocka_unit_test(test_of_ipv6_the_first_64_bits_are),
	    cmocka_unit_test(test_what_is_no_address_is_a_network_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
