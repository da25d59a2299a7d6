/* The errors that handlers give: what a client reads in message and data. */
#include "base/context.h"
#include "base/text.h"
#include "rpc/call.h"
#include "unit.h"

#include <string.h>

static struct context ctx;
static struct rpc_call call = {.ctx = &ctx};

static int set_up(void **state)
{
	(void)state;
	context_init(&ctx, DEADLINE_NEVER);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	context_done(&ctx);
	return 0;
}

static void test_a_precondition_names_its_rule(void **state)
{
	(void)state;
	assert_int_equal(rpc_precondition(&call, "max_keys", "\"maximum\":3", "no more than %d", 3), -1);
	assert_string_equal(ctx.error.message, "no more than 3 (max_keys)");
	assert_string_equal(ctx.error.details, "{\"rule\":\"max_keys\",\"maximum\":3}");
}

static void test_a_wrong_parameter_is_a_sentence_and_a_field(void **state)
{
	(void)state;
	assert_int_equal(rpc_invalid(&call, "/params/period/to", "after", "\"/params/period/from\""), -1);
	assert_int_equal(ctx.error.code, ERROR_INVALID_PARAMS);
	assert_string_equal(ctx.error.message, "params/period/to: must be after from");
	assert_string_equal(ctx.error.details, "{\"fields\":[{\"path\":\"/params/period/to\",\"rule\":\"after\","
					       "\"expected\":\"/params/period/from\"}]}");
}

/* A message that is too long is cut between characters, at whatever byte the limit falls. */
static void test_long_messages_stay_whole_characters(void **state)
{
	(void)state;
	char text[600];
	for (size_t shift = 0; shift < 3; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 4 <= sizeof(text); i += 3)
			memcpy(text + i, "\xE2\x82\xAC", 4);
		error_clear(&ctx.error);
		assert_int_equal(rpc_conflict(&call, "taken", "%s", text), -1);
		assert_true(text_valid_utf8(ctx.error.message, strlen(ctx.error.message)));
		assert_in_range(strlen(ctx.error.message), 197, 199);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_precondition_names_its_rule, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_wrong_parameter_is_a_sentence_and_a_field, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_long_messages_stay_whole_characters, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
