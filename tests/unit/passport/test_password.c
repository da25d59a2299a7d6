/* The work that a password costs. Argon2 is replaced by functions that note what they were asked to do. */
#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"
#include "credentials/password.h"
#include "unit.h"

#include <argon2.h>
#include <string.h>

struct work {
	unsigned memory, passes, lanes;
	int runs;
};

static struct work done;

int argon2_ctx(argon2_context *context, argon2_type type)
{
	assert_int_equal(type, Argon2_id);
	done = (struct work){context->m_cost, context->t_cost, context->lanes, done.runs + 1};
	memset(context->out, context->pwdlen > 0 ? context->pwd[0] : 0, context->outlen);
	return ARGON2_OK;
}

static struct work work_of_verifying(struct context *ctx, const char *password, const char *phc, bool expected)
{
	bool match = !expected;
	done = (struct work){0};
	assert_int_equal(password_verify(ctx, password, phc, &match), 0);
	assert_int_equal(match, expected);
	return done;
}

static void compare_work(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	const char *phc = password_hash(&ctx, "something");
	assert_non_null(phc);
	assert_false(password_outdated(phc));
	const struct work known = work_of_verifying(&ctx, "something", phc, true);
	const struct work unknown = work_of_verifying(&ctx, "something", NULL, false);
	const struct work empty = work_of_verifying(&ctx, "", phc, false);
	const struct work neither = work_of_verifying(&ctx, "", NULL, false);
	assert_int_equal(known.runs, 1);
	assert_memory_equal(&unknown, &known, sizeof(known));
	assert_memory_equal(&empty, &known, sizeof(known));
	assert_memory_equal(&neither, &known, sizeof(known));
	context_done(&ctx);
}

static void test_no_account_and_no_password_cost_what_others_do(void **state)
{
	(void)state;
	struct loop *loop = loop_new(NULL);
	struct offload_pool *pool = offload_pool_new(1, 4);
	offload_set_default(pool);
	assert_non_null(co_spawn("test", compare_work, NULL));
	loop_run_until_idle(loop);
	offload_pool_free(pool);
	offload_set_default(NULL);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_account_and_no_password_cost_what_others_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
