/* One spelling of each address. */
#include "base/ip_address.h"
#include "unit.h"

#include <string.h>

static void assert_plain(const char *text, const char *expected)
{
	struct arena arena;
	arena_init(&arena);
	assert_string_equal(ip_address_plain(&arena, text), expected);
	arena_done(&arena);
}

static void test_ipv4_is_written_as_ipv4(void **state)
{
	(void)state;
	assert_plain("192.0.2.7", "192.0.2.7");
	assert_plain("::ffff:192.0.2.7", "192.0.2.7");
	assert_plain("::FFFF:c000:0207", "192.0.2.7");
	assert_plain("0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7");
	assert_plain("::ffff:0.0.0.0", "0.0.0.0");
}

static void test_ipv6_is_written_short(void **state)
{
	(void)state;
	assert_plain("2001:DB8:0:0::0005", "2001:db8::5");
	assert_plain("2001:db8::5", "2001:db8::5");
	assert_plain("::", "::");
	/* Neither is mapped: one bit less, and the form that RFC 4291 gave up. */
	assert_plain("::fffe:c000:207", "::fffe:c000:207");
	assert_plain("1::ffff:192.0.2.7", "1::ffff:c000:207");
}

static void test_what_is_no_address_stays(void **state)
{
	(void)state;
	static const char *const texts[] = {"",		 "unknown",	 "::g",
					    "1.2.3",	 "::ffff:1.2.3", "[::1]",
					    ":",	 "fe80::1%eth0", "::ffff:1.2.3.256",
					    "010.0.0.1", "192.0.2.7:80"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_plain(texts[i], texts[i]);
}

static void test_both_kinds_are_read_as_one(void **state)
{
	(void)state;
	struct in6_addr dotted, mapped;
	assert_true(ip_address_read("192.0.2.7", &dotted));
	assert_true(ip_address_read("::ffff:192.0.2.7", &mapped));
	assert_memory_equal(&dotted, &mapped, sizeof(dotted));
	assert_false(ip_address_read("192.0.2", &dotted));
}

static void assert_network(const char *text, const char *wanted)
{
	struct in6_addr address;
	assert_true(ip_address_read(text, &address));
	struct in6_addr network = ip_address_network(&address);
	char written[IP_ADDRESS_SIZE];
	ip_address_write(&network, written);
	assert_string_equal(written, wanted);
	struct arena arena;
	arena_init(&arena);
	assert_string_equal(ip_address_network_text(&arena, text), wanted);
	assert_string_equal(ip_address_network_text(&arena, "nobody"), "nobody");
	arena_done(&arena);
}

static void test_a_network_is_one_for_limits(void **state)
{
	(void)state;
	assert_network("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
	assert_network("2001:db8:1:2::1", "2001:db8:1:2::");
	assert_network("2001:db8:1:3::1", "2001:db8:1:3::");
	assert_network("::1", "::");
	assert_network("192.0.2.7", "192.0.2.7");
	assert_network("::ffff:192.0.2.8", "192.0.2.8");
}

static void assert_site(const char *text, const char *wanted)
{
	struct in6_addr address;
	assert_true(ip_address_read(text, &address));
	struct in6_addr site = ip_address_site(&address);
	char written[IP_ADDRESS_SIZE];
	ip_address_write(&site, written);
	assert_string_equal(written, wanted);
	struct arena arena;
	arena_init(&arena);
	assert_string_equal(ip_address_site_text(&arena, text), wanted);
	assert_string_equal(ip_address_site_text(&arena, "nobody"), "nobody");
	arena_done(&arena);
}

static void test_a_site_is_what_a_customer_is_given(void **state)
{
	(void)state;
	assert_site("2001:db8:1:2:3:4:5:6", "2001:db8:1::");
	assert_site("2001:db8:1:ffff::1", "2001:db8:1::");
	assert_site("2001:db8:2:2::1", "2001:db8:2::");
	assert_site("192.0.2.7", "192.0.2.7");
	assert_site("::ffff:192.0.2.8", "192.0.2.8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ipv4_is_written_as_ipv4),
	    cmocka_unit_test(test_ipv6_is_written_short),
	    cmocka_unit_test(test_what_is_no_address_stays),
	    cmocka_unit_test(test_both_kinds_are_read_as_one),
	    cmocka_unit_test(test_a_network_is_one_for_limits),
	    cmocka_unit_test(test_a_site_is_what_a_customer_is_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
