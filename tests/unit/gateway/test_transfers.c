/* Places for pictures that pass through: one address has a quarter of them. */
#include "transfers.h"

#include "base/context.h"
#include "co/co_run.h"

static void share_of_an_address(void *argument)
{
	struct transfers *transfers = transfers_new(8);
	struct context mine[3], other;
	(void)argument;
	for (int i = 0; i < 3; i++)
		context_init(&mine[i], deadline_after(20 * CLOCK_MILLISECOND));
	context_init(&other, deadline_after(20 * CLOCK_MILLISECOND));
	assert_int_equal(transfers_enter(&mine[0], transfers, "2001:db8::1"), 0);
	assert_int_equal(transfers_enter(&mine[1], transfers, "2001:db8::2"), 0);
	assert_int_equal(transfers_enter(&mine[2], transfers, "2001:db8::3"), -1);
	assert_int_equal(mine[2].error.code, ERROR_OVERLOADED);
	assert_int_equal(transfers_enter(&other, transfers, "192.0.2.7"), 0);
	context_done(&mine[0]);
	error_clear(&mine[2].error);
	mine[2].deadline = deadline_after(CLOCK_SECOND);
	assert_int_equal(transfers_enter(&mine[2], transfers, "2001:db8::4"), 0);
	context_done(&mine[1]);
	context_done(&mine[2]);
	context_done(&other);
	transfers_free(transfers);
}

static void places_of_all(void *argument)
{
	struct transfers *transfers = transfers_new(4);
	struct context all[5];
	static const char *const addresses[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"};
	(void)argument;
	for (int i = 0; i < 5; i++) {
		context_init(&all[i], deadline_after(20 * CLOCK_MILLISECOND));
		assert_int_equal(transfers_enter(&all[i], transfers, addresses[i]), i < 4 ? 0 : -1);
	}
	for (int i = 0; i < 5; i++)
		context_done(&all[i]);
	transfers_free(transfers);
}

static void an_address_has_its_share(void **state)
{
	(void)state;
	run(share_of_an_address, NULL);
}

static void all_have_so_many(void **state)
{
	(void)state;
	run(places_of_all, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_has_its_share),
	    cmocka_unit_test(all_have_so_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
