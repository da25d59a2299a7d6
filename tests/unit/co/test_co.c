/* Coroutines and their loop: who runs when, whose errno it is, what is counted. */
#include "co/co_run.h"

#include "base/fault.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include <event2/event.h>

static void say(void *argument)
{
	note(argument);
	co_yield ();
	note(argument);
}

static void spawn_two(void *argument)
{
	(void)argument;
	note("parent");
	assert_non_null(co_spawn("a", say, "a"));
	assert_non_null(co_spawn("b", say, "b"));
	note("spawned");
}

static void test_spawn_runs_later_and_in_turn(void **state)
{
	(void)state;
	run(spawn_two, NULL);
	assert_string_equal(trace, "parent spawned a b a b ");
}

static void descend(void *argument)
{
	intptr_t depth = (intptr_t)argument;
	note("down");
	if (depth > 0)
		assert_non_null(co_spawn("deeper", descend, (void *)(depth - 1)));
	co_yield ();
	note("up");
}

static void test_spawn_nests(void **state)
{
	(void)state;
	run(descend, (void *)2);
	assert_string_equal(trace, "down down up down up up ");
}

static void spoil_errno(void *argument)
{
	assert_int_equal(errno, 0);
	errno = *(int *)argument;
	for (int i = 0; i < 3; i++) {
		co_yield ();
		assert_int_equal(errno, *(int *)argument);
	}
}

static void keep_errno(void *argument)
{
	static int numbers[] = {5, 6, 7};
	(void)argument;
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
			assert_non_null(co_spawn("spoil", spoil_errno, &numbers[i]));
		errno = 77;
		assert_int_equal(co_sleep_until(deadline_after(CLOCK_MILLISECOND)), CO_TIMEOUT);
		assert_int_equal(errno, 77);
	}
}

static void test_errno_belongs_to_the_coroutine(void **state)
{
	(void)state;
	run(keep_errno, NULL);
}

static void leave_scope(char **word)
{
	note(*word);
}

static void clean_up(void *argument)
{
	__attribute__((cleanup(leave_scope))) char *word = argument;
	assert_non_null(word);
	co_cancel(co_self());
	assert_int_equal(co_park("nothing", DEADLINE_NEVER), CO_CANCELLED);
}

static void test_cleanups_run_in_a_cancelled_coroutine(void **state)
{
	(void)state;
	run(clean_up, "cleaned");
	assert_string_equal(trace, "cleaned ");
}

static void test_cap_on_coroutines(void **state)
{
	(void)state;
	trace[0] = '\0';
	struct loop *loop = loop_new(&(struct loop_options){.max_coroutines = 2});
	assert_non_null(co_spawn("a", say, "a"));
	assert_non_null(co_spawn("b", say, "b"));
	assert_null(co_spawn("c", say, "c"));
	loop_run_until_idle(loop);
	assert_non_null(co_spawn("c", say, "c"));
	loop_run_until_idle(loop);
	assert_string_equal(trace, "a b a b c c ");
	struct loop_stats stats;
	loop_stats(loop, &stats);
	assert_int_equal(stats.alive, 0);
	assert_int_equal(stats.ready, 0);
	assert_int_equal(stats.alive_peak, 2);
	assert_int_equal(stats.stacks_pooled, 2);
	assert_int_equal(stats.switches, 6);
	loop_free(loop);
}

static void test_no_stack_is_no_coroutine(void **state)
{
	(void)state;
	struct loop *loop = loop_new(&(struct loop_options){.stack_size = SIZE_MAX / 4});
	assert_null(co_spawn("huge", say, "x"));
	loop_free(loop);
#ifdef EVENTLOOP_FAULTS
	loop = loop_new(NULL);
	fault_arm("co.stack", 1);
	assert_null(co_spawn("refused", say, "x"));
	assert_non_null(co_spawn("allowed", say, "x"));
	loop_run_until_idle(loop);
	loop_free(loop);
#endif
}

/* Two that only yield never let the ready list run dry; a socket and a deadline have their turn all the same. */
static bool stop_yielding;

static void yield_for_ever(void *argument)
{
	(void)argument;
	while (!stop_yielding)
		co_yield ();
}

static void wait_beside(void *argument)
{
	int *pair = argument;
	assert_int_equal(co_sleep_until(deadline_after(CLOCK_MILLISECOND)), CO_TIMEOUT);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(co_wait_fd(pair[0], EV_READ, DEADLINE_NEVER, NULL), CO_OK);
	stop_yielding = true;
}

static void test_the_ready_never_starve_the_sockets(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	stop_yielding = false;
	struct loop *loop = loop_new(&(struct loop_options){.pass_budget = 8});
	assert_non_null(co_spawn("busy", yield_for_ever, NULL));
	assert_non_null(co_spawn("busy too", yield_for_ever, NULL));
	assert_non_null(co_spawn("beside", wait_beside, pair));
	loop_run_until_idle(loop);
	loop_free(loop);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static struct loop_hook *hooks[3];

static void hook_first(void *argument)
{
	(void)argument;
	assert_null(co_self());
	note("hook");
	loop_hook_free(hooks[0]);
	loop_hook_free(hooks[1]);
}

static void count_pass(void *argument)
{
	++*(int *)argument;
}

static void test_hooks_run_once_a_pass_and_may_free_each_other(void **state)
{
	int passes = 0, never = 0;
	(void)state;
	trace[0] = '\0';
	struct loop *loop = loop_new(&(struct loop_options){.pass_budget = 1});
	hooks[2] = loop_at_pass_end(loop, count_pass, &passes);
	hooks[1] = loop_at_pass_end(loop, count_pass, &never);
	hooks[0] = loop_at_pass_end(loop, hook_first, NULL);
	assert_non_null(co_spawn("a", say, "a"));
	loop_run_until_idle(loop);
	assert_string_equal(trace, "a hook a ");
	assert_int_equal(never, 0);
	assert_int_equal(passes, 2);
	loop_free(loop);
}

static void hang(void *argument)
{
	(void)argument;
	assert_int_equal(co_park("nothing", deadline_after(60 * CLOCK_SECOND)), CO_CANCELLED);
	assert_true(co_cancelled());
	note("ended");
}

static void stop_loop(void *argument)
{
	(void)argument;
	loop_stop(loop_current());
}

static void test_a_loop_stops_and_cancels_all(void **state)
{
	(void)state;
	trace[0] = '\0';
	struct loop *loop = loop_new(NULL);
	assert_non_null(co_spawn("a", hang, NULL));
	assert_non_null(co_spawn("b", hang, NULL));
	assert_non_null(co_spawn("stop", stop_loop, NULL));
	loop_run(loop);
	struct loop_stats stats;
	loop_stats(loop, &stats);
	assert_int_equal(stats.alive, 2);
	loop_cancel_all(loop);
	loop_run_until_idle(loop);
	assert_string_equal(trace, "ended ended ");
	loop_free(loop);
}

static void be_dumped(void *argument)
{
	char *text = NULL;
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	co_set_context(&ctx);
	struct co *waiting = co_spawn("waiting one", hang, NULL);
	co_yield ();
	size_t size;
	FILE *out = open_memstream(&text, &size);
	co_dump(out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "coroutine waiting one waiting on nothing age_ms="));
	assert_non_null(strstr(text, "coroutine test running"));
	assert_non_null(strstr(text, ctx.request_id));
	assert_null(strstr(text, "stack_touched=0 "));
	free(text);
	co_cancel(waiting);
	co_set_context(NULL);
	context_done(&ctx);
}

static void test_dump_names_all(void **state)
{
	(void)state;
	run(be_dumped, NULL);
}

static void ask_for_dump(void *argument)
{
	(void)argument;
	assert_true(loop_dump_on_signal(loop_current(), SIGUSR1));
	assert_int_equal(raise(SIGUSR1), 0);
	(void)co_sleep_until(deadline_after(10 * CLOCK_MILLISECOND));
}

static void test_dump_comes_by_signal(void **state)
{
	(void)state;
	char message[4096];
	assert_int_equal(death(ask_for_dump, message, sizeof(message)), 0);
	assert_non_null(strstr(message, "coroutine test waiting on sleep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spawn_runs_later_and_in_turn),
	    cmocka_unit_test(test_spawn_nests),
	    cmocka_unit_test(test_errno_belongs_to_the_coroutine),
	    cmocka_unit_test(test_cleanups_run_in_a_cancelled_coroutine),
	    cmocka_unit_test(test_cap_on_coroutines),
	    cmocka_unit_test(test_no_stack_is_no_coroutine),
	    cmocka_unit_test(test_the_ready_never_starve_the_sockets),
	    cmocka_unit_test(test_hooks_run_once_a_pass_and_may_free_each_other),
	    cmocka_unit_test(test_a_loop_stops_and_cancels_all),
	    cmocka_unit_test(test_dump_names_all),
	    cmocka_unit_test(test_dump_comes_by_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
