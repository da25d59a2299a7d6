/* The ways in which misuse must end: in a child process, by a signal, with the names in the message. */
#include "co/co_run.h"
#include "co/hooks.h"

#include <signal.h>

static void assert_dies(void (*function)(void *argument), const char *message)
{
	static char said[8192];
	int status = death(function, said, sizeof(said));
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	if (!strstr(said, message))
		fail_msg("\"%s\" is not in: %s", message, said);
}

static void nothing(void *argument)
{
	(void)argument;
}

static struct co *finished;

static void finish_one(void)
{
	finished = co_spawn("short", nothing, NULL);
	co_yield ();
}

static void wake_finished(void *argument)
{
	(void)argument;
	finish_one();
	co_wake(finished);
}

static void cancel_finished(void *argument)
{
	(void)argument;
	finish_one();
	co_cancel(finished);
}

static void wake_self(void *argument)
{
	(void)argument;
	co_wake(co_self());
}

static void test_wakes_that_come_too_late(void **state)
{
	(void)state;
	assert_dies(wake_finished, "coroutine short is woken while done, by test");
	assert_dies(cancel_finished, "coroutine short is cancelled while done");
	assert_dies(wake_self, "coroutine test is woken while running, by test");
}

static void sleep_forbidden(void *argument)
{
	(void)argument;
	co_forbid_suspend();
	co_forbid_suspend();
	co_allow_suspend();
	(void)co_sleep_until(deadline_after(1));
}

static void yield_forbidden(void *argument)
{
	(void)argument;
	co_forbid_suspend();
	co_yield ();
}

static void end_forbidden(void *argument)
{
	(void)argument;
	co_forbid_suspend();
}

static void allow_twice(void *argument)
{
	(void)argument;
	co_forbid_suspend();
	co_allow_suspend();
	co_yield ();
	co_allow_suspend();
}

static void test_suspends_where_it_may_not(void **state)
{
	(void)state;
	assert_dies(sleep_forbidden, "coroutine test suspends on sleep where it may not");
	assert_dies(yield_forbidden, "coroutine test suspends on yield where it may not");
	assert_dies(end_forbidden, "coroutine test ended without co_allow_suspend");
	assert_dies(allow_twice, "co_allow_suspend without co_forbid_suspend");
}

static void park_outside(void *argument)
{
	(void)argument;
	assert_int_equal(co_park("somewhere", DEADLINE_NEVER), CO_OK);
}

static void post_a_park(void *argument)
{
	(void)argument;
	loop_post(loop_current(), park_outside, NULL);
	(void)co_sleep_until(deadline_after(10 * CLOCK_SECOND));
}

static void run_inside(void *argument)
{
	(void)argument;
	loop_run(loop_current());
}

static void free_with_one_alive(void *argument)
{
	(void)argument;
	loop_free(loop_current());
}

static void second_loop(void *argument)
{
	(void)argument;
	(void)loop_new(NULL);
}

static void wait_for_no_descriptor(void *argument)
{
	(void)argument;
	assert_int_equal(co_wait_fd(-1, 2, DEADLINE_NEVER, NULL), CO_OK);
}

static void test_misuse_of_the_loop(void **state)
{
	(void)state;
	assert_dies(post_a_park, "somewhere outside a coroutine");
	assert_dies(run_inside, "the loop is run inside coroutine test");
	assert_dies(free_with_one_alive, "freed with 1 coroutines alive, the newest test");
	assert_dies(second_loop, "this thread has a loop");
	assert_dies(wait_for_no_descriptor, "coroutine test cannot wait for descriptor -1");
}

/* --- overflow --- */

static volatile int depth_reached;

static int dig(volatile char *above)
{
	volatile char frame[1024];
	frame[0] = above[0];
	if (depth_reached++ < 0)
		return 0;
	return dig(frame) + frame[0];
}

static void overflow(void *argument)
{
	volatile char top[1] = {0};
	(void)argument;
	depth_reached = dig(top);
}

static void test_overflow_dies_in_the_guard_page(void **state)
{
	static char message[8192];
	(void)state;
	int status = death(overflow, message, sizeof(message));
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
	bool reported = WIFEXITED(status) && WEXITSTATUS(status) != 0 &&
			(strstr(message, "stack-overflow") || strstr(message, "SEGV"));
	assert_true(killed || reported);
}

/* --- hardening: the flags are on, and the switch lives with them --- */

#if defined(__OPTIMIZE__) && !defined(CO_ASAN) && !defined(CO_TSAN)
#define HARDENED 1
#endif

#ifdef HARDENED
static void overrun_buffer(void *argument)
{
	char small[8];
	volatile size_t size = sizeof(small) + 1;
	(void)argument;
	memset(small, 'x', size);
	note(small);
}
#endif

static void test_hardening_is_on(void **state)
{
	(void)state;
#ifdef HARDENED
	assert_true(_FORTIFY_SOURCE >= 2);
	assert_dies(overrun_buffer, "buffer overflow detected");
#else
	skip();
#endif
}

/* Deep on its stack, shallow on it, from the loop and back: fortified longjmp died on the first of these. */
static void climb(int depth)
{
	volatile char frame[256];
	frame[0] = (char)depth;
	if (depth > 0)
		climb(depth - 1);
	co_yield ();
	assert_int_equal(frame[0], (char)depth);
}

static void climber(void *argument)
{
	climb(*(int *)argument);
}

static void test_switches_from_every_depth(void **state)
{
	static int depths[] = {40, 1, 20, 0, 60};
	(void)state;
	struct loop *loop = loop_new(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++)
		assert_non_null(co_spawn("climber", climber, &depths[i]));
	loop_run_until_idle(loop);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wakes_that_come_too_late), cmocka_unit_test(test_suspends_where_it_may_not),
	    cmocka_unit_test(test_misuse_of_the_loop),	     cmocka_unit_test(test_overflow_dies_in_the_guard_page),
	    cmocka_unit_test(test_hardening_is_on),	     cmocka_unit_test(test_switches_from_every_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
