/* Whose buckets a call is paid from. */
#include "limits/caller.h"
#include "unit.h"

#include <string.h>

#define USER "01932b5c-7a10-7000-8000-000000000001"
#define KEY "01932b5c-7a10-7000-8000-000000000002"
#define OTHER_KEY "01932b5c-7a10-7000-8000-000000000003"
#define COMPANY "01932b5c-7a10-7000-8000-000000000004"
#define OTHER_COMPANY "01932b5c-7a10-7000-8000-000000000005"

static struct ip_networks *exempt;

static struct caller at(const char *address, const struct identity *identity)
{
	struct caller caller;
	caller_find(&caller, exempt, address, identity);
	return caller;
}

/* Whoever has an address and no token. */
static uint64_t key_of(const char *address)
{
	struct caller caller = at(address, NULL);
	assert_in_range(caller.count, 1, 2);
	assert_int_equal(caller.payers[0].kind, PAYER_ADDRESS);
	return caller.payers[0].key;
}

static struct identity identity_of(enum identity_kind kind, const char *id)
{
	struct identity identity = {.kind = kind, .company_count = 1};
	(void)snprintf(identity.id, sizeof(identity.id), "%s", id);
	(void)snprintf(identity.companies[0].id, sizeof(identity.companies[0].id), COMPANY);
	return identity;
}

static void test_a_stranger_is_an_address(void **state)
{
	(void)state;
	assert_int_equal(key_of("192.0.2.1"), key_of("192.0.2.1"));
	assert_int_equal(key_of("192.0.2.1"), key_of("::ffff:192.0.2.1"));
	assert_int_not_equal(key_of("192.0.2.1"), key_of("192.0.2.2"));
	assert_int_not_equal(key_of("192.0.2.1"), key_of("192.0.3.1"));
}

static void test_a_64_of_ipv6_is_one(void **state)
{
	(void)state;
	assert_int_equal(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
	assert_int_equal(key_of("2001:db8:1:2::"), key_of("2001:DB8:1:2:0::9"));
	assert_int_not_equal(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:3::1"));
	assert_int_not_equal(key_of("::1"), key_of("::ffff:0.0.0.1"));
}

/* The site of an address of IPv6 pays besides; an address of IPv4 is its own site. */
static void test_a_48_of_ipv6_is_a_site(void **state)
{
	struct identity user = identity_of(IDENTITY_USER, USER);
	struct caller here = at("2001:db8:1:2::1", NULL), near = at("2001:db8:1:3::1", NULL);
	struct caller far = at("2001:db8:2:2::1", NULL), logged_in = at("2001:db8:1:4::1", &user);
	(void)state;
	assert_int_equal(here.count, 2);
	assert_int_equal(here.payers[1].kind, PAYER_SITE);
	assert_int_not_equal(here.payers[0].key, near.payers[0].key);
	assert_int_equal(here.payers[1].key, near.payers[1].key);
	assert_int_not_equal(here.payers[1].key, far.payers[1].key);
	assert_int_equal(logged_in.count, 3);
	assert_int_equal(logged_in.payers[2].kind, PAYER_SITE_LOGGED_IN);
	assert_int_not_equal(logged_in.payers[2].key, here.payers[1].key);
	assert_int_equal(at("192.0.2.1", NULL).count, 1);
	assert_int_equal(at("::ffff:192.0.2.1", NULL).count, 1);
}

static void test_a_user_pays_and_so_does_the_address_in_another_bucket(void **state)
{
	struct identity user = identity_of(IDENTITY_USER, USER);
	struct caller here = at("192.0.2.1", &user), there = at("192.0.2.2", &user);
	(void)state;
	assert_int_equal(here.count, 2);
	assert_int_equal(here.payers[0].kind, PAYER_TOKEN);
	assert_int_equal(here.payers[1].kind, PAYER_LOGGED_IN);
	assert_int_equal(here.payers[0].key, there.payers[0].key);
	assert_int_not_equal(here.payers[1].key, there.payers[1].key);
	assert_int_not_equal(here.payers[1].key, key_of("192.0.2.1"));
}

static void test_keys_of_a_company_have_one_bucket_besides(void **state)
{
	struct identity key = identity_of(IDENTITY_CLIENT, KEY), other = identity_of(IDENTITY_CLIENT, OTHER_KEY);
	struct caller one = at("192.0.2.1", &key), two = at("192.0.2.2", &other);
	(void)state;
	assert_int_equal(one.count, 3);
	assert_int_equal(one.payers[1].kind, PAYER_COMPANY);
	assert_int_not_equal(one.payers[0].key, two.payers[0].key);
	assert_int_equal(one.payers[1].key, two.payers[1].key);
	assert_int_not_equal(one.payers[2].key, two.payers[2].key);
}

static void test_keys_that_one_user_made_have_one_bucket_besides(void **state)
{
	struct identity key = identity_of(IDENTITY_CLIENT, KEY), other = identity_of(IDENTITY_CLIENT, OTHER_KEY);
	(void)state;
	(void)snprintf(other.companies[0].id, sizeof(other.companies[0].id), OTHER_COMPANY);
	(void)snprintf(key.created_by, sizeof(key.created_by), USER);
	(void)snprintf(other.created_by, sizeof(other.created_by), USER);
	struct identity user = identity_of(IDENTITY_USER, USER);
	struct caller one = at("192.0.2.1", &key), two = at("192.0.2.2", &other), maker = at("192.0.2.3", &user);
	assert_int_equal(one.count, 4);
	assert_int_equal(at("2001:db8::1", &key).count, CALLER_PAYERS);
	assert_int_equal(one.payers[2].kind, PAYER_KEY_MAKER);
	assert_int_equal(one.payers[3].kind, PAYER_LOGGED_IN);
	assert_int_not_equal(one.payers[1].key, two.payers[1].key);
	assert_int_equal(one.payers[2].key, two.payers[2].key);
	/* Whoever made them goes on working while they are refused. */
	assert_int_not_equal(one.payers[2].key, maker.payers[0].key);
}

static void test_nobody_pays_in_an_exempt_network(void **state)
{
	struct identity user = identity_of(IDENTITY_USER, USER);
	(void)state;
	assert_int_equal(at("10.1.2.3", NULL).count, 0);
	assert_int_equal(at("::ffff:10.1.2.3", &user).count, 0);
	assert_int_equal(at("11.1.2.3", NULL).count, 1);
}

/* Of a socket without an address all are one caller, and none is exempt. */
static void test_what_has_no_address_is_one(void **state)
{
	(void)state;
	assert_int_equal(key_of(""), key_of("unix"));
}

static int set_up(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	exempt = ip_networks_new(&ctx, "limit_exempt", "10.0.0.0/8");
	context_done(&ctx);
	return exempt ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	ip_networks_free(exempt);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_stranger_is_an_address),
	    cmocka_unit_test(test_a_64_of_ipv6_is_one),
	    cmocka_unit_test(test_a_48_of_ipv6_is_a_site),
	    cmocka_unit_test(test_a_user_pays_and_so_does_the_address_in_another_bucket),
	    cmocka_unit_test(test_keys_of_a_company_have_one_bucket_besides),
	    cmocka_unit_test(test_keys_that_one_user_made_have_one_bucket_besides),
	    cmocka_unit_test(test_nobody_pays_in_an_exempt_network),
	    cmocka_unit_test(test_what_has_no_address_is_one),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
