/* Whom the gateway believes about a client's address, and how far. */
#include "base/context.h"
#include "trusted_proxies.h"
#include "unit.h"

#include <string.h>

#define PROXIES "10.0.0.0/8, 192.0.2.7,2001:db8:1::/48  ::1"

static void assert_client(const char *setting, const char *peer, const char *forwarded, const char *expected)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct trusted_proxies *proxies = trusted_proxies_new(&ctx, setting);
	assert_non_null(proxies);
	const char *client = trusted_proxies_client(proxies, &ctx.arena, peer, forwarded);
	if (strcmp(client, expected) != 0)
		fail_msg("%s from %s (%s): %s instead of %s", forwarded, peer, setting, client, expected);
	trusted_proxies_free(proxies);
	context_done(&ctx);
}

static void test_believes_nobody_by_default(void **state)
{
	(void)state;
	assert_client("", "127.0.0.1", "203.0.113.9", "127.0.0.1");
	assert_client(" , ,", "127.0.0.1", "203.0.113.9", "127.0.0.1");
	assert_client("", "10.1.2.3", NULL, "10.1.2.3");
}

static void test_believes_no_stranger(void **state)
{
	(void)state;
	assert_client(PROXIES, "203.0.113.1", "198.51.100.1", "203.0.113.1");
	assert_client(PROXIES, "11.0.0.1", "198.51.100.1", "11.0.0.1");
	assert_client(PROXIES, "192.0.2.8", "198.51.100.1", "192.0.2.8");
	assert_client(PROXIES, "2001:db8:2::1", "198.51.100.1", "2001:db8:2::1");
	assert_client(PROXIES, "::ffff:203.0.113.1", "198.51.100.1", "::ffff:203.0.113.1");
	assert_client(PROXIES, "", "198.51.100.1", "");
	assert_client(PROXIES, "unix", "198.51.100.1", "unix");
}

static void test_takes_the_client_of_a_proxy(void **state)
{
	(void)state;
	assert_client(PROXIES, "10.255.255.255", "198.51.100.1", "198.51.100.1");
	assert_client(PROXIES, "192.0.2.7", "198.51.100.1", "198.51.100.1");
	assert_client(PROXIES, "::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1");
	assert_client(PROXIES, "::1", "2001:DB8:0:0::5", "2001:db8::5");
	assert_client(PROXIES, "2001:db8:1:ffff::9", "::ffff:198.51.100.1", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", "[::ffff:198.51.100.1]:443", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", NULL, "10.0.0.1");
	assert_client(PROXIES, "10.0.0.1", "", "10.0.0.1");
}

/* What a client writes in front of its own address counts for nothing. */
static void test_takes_the_right_most_stranger(void **state)
{
	(void)state;
	assert_client(PROXIES, "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", "10.9.9.9,198.51.100.1", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", "198.51.100.1,::ffff:10.0.0.2", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", "1.1.1.1,198.51.100.1 ,\t10.0.0.2, 192.0.2.7", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", "1.1.1.1,2001:db8:2::1,2001:db8:1::1", "2001:db8:2::1");
	/* Proxies all the way: the first of them. */
	assert_client(PROXIES, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3");
}

static void test_takes_ports_and_brackets_off(void **state)
{
	(void)state;
	assert_client(PROXIES, "10.0.0.1", "198.51.100.1:4711", "198.51.100.1");
	assert_client(PROXIES, "10.0.0.1", "[2001:db8:2::1]:443", "2001:db8:2::1");
	assert_client(PROXIES, "10.0.0.1", "[2001:db8:2::1]", "2001:db8:2::1");
	assert_client(PROXIES, "10.0.0.1", "198.51.100.1, 10.0.0.2:80", "198.51.100.1");
}

/* Behind what is no address nothing is believed. */
static void test_stops_at_garbage(void **state)
{
	static const char *const garbage[] = {"unknown",
					      "_hidden",
					      "1.2.3",
					      "1.2.3.4.5",
					      "256.1.1.1",
					      "0x7f.1",
					      "1.2.3.4 5",
					      "fe80::1%eth0",
					      "[::1",
					      "[::1]x",
					      "[1.2.3.4",
					      "::g",
					      ":",
					      "for=1.2.3.4",
					      "\"1.2.3.4\"",
					      "1.2.3.4;",
					      "'; DROP TABLE session; --",
					      "<script>",
					      "\xff\xfe"};
	(void)state;
	char list[200];
	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		assert_client(PROXIES, "10.0.0.1", garbage[i], "10.0.0.1");
		(void)snprintf(list, sizeof(list), "1.1.1.1, %s, 10.0.0.2", garbage[i]);
		assert_client(PROXIES, "10.0.0.1", list, "10.0.0.2");
	}
	assert_client(PROXIES, "10.0.0.1", ",", "10.0.0.1");
	assert_client(PROXIES, "10.0.0.1", "198.51.100.1,", "10.0.0.1");
	assert_client(PROXIES, "10.0.0.1", ",,,198.51.100.1", "198.51.100.1");
}

static void test_bears_long_lists(void **state)
{
	static char list[60000];
	size_t length = 0;
	(void)state;
	while (length < sizeof(list) - 40)
		length += (size_t)snprintf(list + length, 40, "1.1.1.1,");
	(void)snprintf(list + length, 40, "198.51.100.1,10.0.0.9");
	assert_client(PROXIES, "10.0.0.1", list, "198.51.100.1");
	memset(list, '1', sizeof(list) - 1);
	assert_client(PROXIES, "10.0.0.1", list, "10.0.0.1");
}

static void test_counts_bits(void **state)
{
	(void)state;
	assert_client("10.1.0.0/15", "10.0.255.1", "198.51.100.1", "198.51.100.1");
	assert_client("10.1.0.0/15", "10.2.0.1", "198.51.100.1", "10.2.0.1");
	assert_client("10.128.0.0/9", "10.127.0.1", "198.51.100.1", "10.127.0.1");
	assert_client("192.0.2.6/31", "192.0.2.7", "198.51.100.1", "198.51.100.1");
	assert_client("192.0.2.6/32", "192.0.2.7", "198.51.100.1", "192.0.2.7");
	assert_client("0.0.0.0/0", "203.0.113.4", "2001:db8::1", "2001:db8::1");
	assert_client("0.0.0.0/0", "2001:db8::1", "198.51.100.1", "2001:db8::1"); /* all of IPv4, none of IPv6 */
	assert_client("::ffff:10.0.0.0/104", "10.0.0.1", "198.51.100.1", "198.51.100.1");
	assert_client("::ffff:10.0.0.0/104", "11.0.0.1", "198.51.100.1", "11.0.0.1");
	assert_client("2001:db8::/33", "2001:db8:8000::1", "198.51.100.1", "2001:db8:8000::1");
	assert_client("2001:db8::/33", "2001:db8:7fff::1", "198.51.100.1", "198.51.100.1");
}

static void test_refuses_bad_settings(void **state)
{
	static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/",	"10.0.0.0/-1", "10.0.0.0/8x",
					  "10.0.0/8",	 "localhost",	"::/129",      "::1/ 8",
					  "10.0.0.0/ 8", "/8",		"10.0.0.1 x",  "10.0.0.1//8",
					  "fe80::1%lo",	 "10.0.0.1:80", "10.0.0.0/+8", "10.0.0.0;::1"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct context ctx;
		context_init(&ctx, DEADLINE_NEVER);
		if (trusted_proxies_new(&ctx, bad[i]))
			fail_msg("%s was taken", bad[i]);
		assert_non_null(strstr(ctx.error.cause, "trusted_proxies"));
		context_done(&ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_believes_nobody_by_default),
	    cmocka_unit_test(test_believes_no_stranger),
	    cmocka_unit_test(test_takes_the_client_of_a_proxy),
	    cmocka_unit_test(test_takes_the_right_most_stranger),
	    cmocka_unit_test(test_takes_ports_and_brackets_off),
	    cmocka_unit_test(test_stops_at_garbage),
	    cmocka_unit_test(test_bears_long_lists),
	    cmocka_unit_test(test_counts_bits),
	    cmocka_unit_test(test_refuses_bad_settings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
