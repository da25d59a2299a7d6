#include "base/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef EVENTLOOP_FAULTS

static void test_environment_arms_points(void **state)
{
	(void)state;
	assert_true(FAULT("test.twice"));
	assert_true(FAULT("test.twice"));
	assert_false(FAULT("test.twice"));
	for (int i = 0; i < 5; i++)
		assert_true(FAULT("test.always"));
	fault_arm("test.always", 0);
	assert_false(FAULT("test.always"));
	assert_false(FAULT("test.never"));
	assert_false(FAULT("test"));
	assert_false(FAULT("test.twice:2"));
}

static void test_points_are_armed_and_disarmed(void **state)
{
	(void)state;
	assert_false(FAULT("test.own"));
	fault_arm("test.own", 1);
	assert_true(FAULT("test.own"));
	assert_false(FAULT("test.own"));
	fault_arm("test.own", -1);
	assert_true(FAULT("test.own"));
	assert_true(FAULT("test.own"));
	fault_arm("test.own", 0);
	assert_false(FAULT("test.own"));
}

#else

static void test_points_are_compiled_out(void **state)
{
	(void)state;
	assert_false(FAULT("test.always"));
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef EVENTLOOP_FAULTS
	    cmocka_unit_test(test_environment_arms_points),
	    cmocka_unit_test(test_points_are_armed_and_disarmed),
#else
	    cmocka_unit_test(test_points_are_compiled_out),
#endif
	};
	if (setenv("EVENTLOOP_FAULTS", "test.twice:2,test.always,,test.never:0", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
