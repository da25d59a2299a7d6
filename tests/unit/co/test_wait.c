/* Waiting: deadlines, descriptors, cancels at every kind of wait, and which of them wins. */
#include "co/co_run.h"
#include "co/sync.h"

#include <sys/socket.h>

#include <event2/event.h>

static struct co *victim;
static enum co_result seen;

static void park_for_ever(void *argument)
{
	(void)argument;
	seen = co_park("test", DEADLINE_NEVER);
	if (seen == CO_CANCELLED) {
		assert_int_equal(co_park("again", DEADLINE_NEVER), CO_CANCELLED);
		assert_int_equal(co_sleep_until(DEADLINE_NEVER), CO_CANCELLED);
		co_yield ();
		assert_true(co_cancelled());
	}
}

static void sleep_long(void *argument)
{
	(void)argument;
	seen = co_sleep_until(deadline_after(60 * CLOCK_SECOND));
}

static void wait_fd(void *argument)
{
	short ready = 7;
	seen = co_wait_fd(*(int *)argument, EV_READ, DEADLINE_NEVER, &ready);
	assert_int_equal(ready, 7);
}

static void wait_queue(void *argument)
{
	seen = co_queue_wait(argument, "test", DEADLINE_NEVER);
}

static void wait_semaphore(void *argument)
{
	seen = co_semaphore_acquire(argument, DEADLINE_NEVER);
}

static void hang(void *argument)
{
	(void)argument;
	assert_int_equal(co_park("hang", DEADLINE_NEVER), CO_CANCELLED);
	co_yield ();
	note("child");
}

static void wait_group(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	assert_int_equal(co_group_start(group, "child", hang, NULL), 0);
	seen = co_group_wait_all(group, DEADLINE_NEVER);
	note("parent");
	context_done(&ctx);
}

struct attempt {
	void (*function)(void *argument);
	void *argument;
};

static void cancel_it(void *argument)
{
	struct attempt *attempt = argument;
	victim = co_spawn("victim", attempt->function, attempt->argument);
	co_yield ();
	co_yield ();
	co_cancel(victim);
	co_cancel(victim);
}

static void cancel_before_start(void *argument)
{
	struct attempt *attempt = argument;
	co_cancel(co_spawn("victim", attempt->function, attempt->argument));
}

static void assert_cancellable(void (*function)(void *argument), void *argument)
{
	struct attempt attempt = {function, argument};
	seen = CO_OK;
	run(cancel_before_start, &attempt);
	assert_int_equal(seen, CO_CANCELLED);
	seen = CO_OK;
	run(cancel_it, &attempt);
	assert_int_equal(seen, CO_CANCELLED);
}

static void test_cancel_at_every_wait(void **state)
{
	struct co_queue queue = {0};
	struct co_semaphore semaphore = {0};
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_cancellable(park_for_ever, NULL);
	assert_cancellable(sleep_long, NULL);
	assert_cancellable(wait_fd, &pair[0]);
	assert_cancellable(wait_queue, &queue);
	assert_int_equal(queue.length, 0);
	assert_null(queue.first);
	assert_cancellable(wait_semaphore, &semaphore);
	assert_int_equal(semaphore.waiting.length, 0);
	assert_cancellable(wait_group, NULL);
	assert_string_equal(trace, "child parent ");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void take_permit_cancelled(void *argument)
{
	struct co_semaphore *semaphore = argument;
	co_cancel(co_self());
	assert_int_equal(co_semaphore_acquire(semaphore, DEADLINE_NEVER), CO_CANCELLED);
}

static void test_a_cancelled_coroutine_takes_no_permit(void **state)
{
	struct co_semaphore semaphore = {.available = 1};
	(void)state;
	run(take_permit_cancelled, &semaphore);
	assert_int_equal(semaphore.available, 1);
	assert_int_equal(semaphore.waiting.length, 0);
}

static void time_out(void *argument)
{
	(void)argument;
	int64_t before = clock_monotonic();
	assert_int_equal(co_park("test", deadline_after(5 * CLOCK_MILLISECOND)), CO_TIMEOUT);
	assert_true(clock_monotonic() - before >= 5 * CLOCK_MILLISECOND);
	assert_int_equal(co_park("past", clock_monotonic() - 1), CO_TIMEOUT);
	assert_int_equal(co_park("long past", 0), CO_TIMEOUT);
	assert_int_equal(co_park("before time", INT64_MIN), CO_TIMEOUT);
}

static void test_deadlines_are_never_early(void **state)
{
	(void)state;
	run(time_out, NULL);
}

/* Deadlines given in the order 5, 1, 4, 2, 3 ... end in the order of their times. */
static int64_t last_end;
static size_t ended;

static void sleep_for(void *argument)
{
	int64_t deadline = *(int64_t *)argument;
	assert_int_equal(co_sleep_until(deadline), CO_TIMEOUT);
	assert_true(deadline >= last_end);
	assert_true(clock_monotonic() >= deadline);
	last_end = deadline;
	ended++;
}

static void test_deadlines_come_in_order(void **state)
{
	enum { SLEEPERS = 200 };
	static int64_t deadlines[SLEEPERS];
	(void)state;
	struct loop *loop = loop_new(NULL);
	int64_t start = clock_monotonic();
	last_end = 0;
	ended = 0;
	for (size_t i = 0; i < SLEEPERS; i++) {
		deadlines[i] = start + (int64_t)(i * 7919 % SLEEPERS) * 100;
		assert_non_null(co_spawn("sleeper", sleep_for, &deadlines[i]));
	}
	loop_run_until_idle(loop);
	assert_int_equal(ended, SLEEPERS);
	loop_free(loop);
}

/* --- what wins --- */

static void busy_until(int64_t instant)
{
	while (clock_monotonic() < instant)
		continue;
}

static void park_short(void *argument)
{
	seen = co_park("short", *(int64_t *)argument);
}

static void cb_wake_late(int fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	busy_until(*(int64_t *)argument + CLOCK_MILLISECOND);
	co_wake(victim);
	co_wake(victim);
}

static void test_a_double_wake_is_one(void **state)
{
	int64_t deadline = DEADLINE_NEVER;
	(void)state;
	seen = CO_TIMEOUT;
	struct loop *loop = loop_new(NULL);
	victim = co_spawn("victim", park_short, &deadline);
	for (int i = 0; i < 2; i++) {
		struct loop_stats stats;
		loop_stats(loop, &stats);
		assert_int_equal(stats.ready, 1);
		co_wake(victim);
	}
	assert_int_equal(
	    event_base_once(loop_base(loop), -1, EV_TIMEOUT, cb_wake_late, &(int64_t){0}, &(struct timeval){0, 1000}),
	    0);
	loop_run_until_idle(loop);
	assert_int_equal(seen, CO_OK);
	loop_free(loop);
}

/* The waker runs the processor past the victim's deadline, then wakes it. The victim, woken, is not resumed before the
 * loop looked at the deadlines, since its turn comes a pass later: the deadline wins. */
static void wake_after_deadline(void *argument)
{
	int64_t deadline = deadline_after(CLOCK_MILLISECOND);
	(void)argument;
	victim = co_spawn("victim", park_short, &deadline);
	co_yield ();
	busy_until(deadline + 20 * CLOCK_MILLISECOND);
	co_wake(victim);
	assert_int_equal(co_sleep_until(deadline_after(CLOCK_MILLISECOND)), CO_TIMEOUT);
}

static void run_one_a_pass(void (*function)(void *argument))
{
	struct loop *loop = loop_new(&(struct loop_options){.pass_budget = 1});
	assert_non_null(co_spawn("test", function, NULL));
	loop_run_until_idle(loop);
	loop_free(loop);
}

static void test_a_deadline_wins_over_a_wake(void **state)
{
	(void)state;
	seen = CO_OK;
	run_one_a_pass(wake_after_deadline);
	assert_int_equal(seen, CO_TIMEOUT);
}

static void wake_then_cancel(void *argument)
{
	int64_t deadline = DEADLINE_NEVER;
	(void)argument;
	victim = co_spawn("victim", park_short, &deadline);
	co_yield ();
	co_wake(victim);
	co_cancel(victim);
	co_yield ();
}

static void test_a_cancel_wins_over_a_wake(void **state)
{
	(void)state;
	seen = CO_OK;
	run(wake_then_cancel, NULL);
	assert_int_equal(seen, CO_CANCELLED);
}

static void cancel_after_deadline(void *argument)
{
	int64_t deadline = deadline_after(CLOCK_MILLISECOND);
	(void)argument;
	victim = co_spawn("victim", park_short, &deadline);
	co_yield ();
	busy_until(deadline + 20 * CLOCK_MILLISECOND);
	co_cancel(victim);
	co_wake(victim);
	co_yield ();
}

static void test_a_cancel_wins_over_a_deadline(void **state)
{
	(void)state;
	seen = CO_OK;
	run_one_a_pass(cancel_after_deadline);
	assert_int_equal(seen, CO_CANCELLED);
}

/* --- descriptors --- */

static void read_when_ready(void *argument)
{
	short ready = 0;
	int *pair = argument;
	assert_int_equal(co_wait_fd(pair[0], EV_READ | EV_WRITE, DEADLINE_NEVER, &ready), CO_OK);
	assert_int_equal(ready, EV_WRITE);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(co_wait_fd(pair[0], EV_READ, deadline_after(10 * CLOCK_SECOND), &ready), CO_OK);
	assert_int_equal(ready, EV_READ);
	char byte;
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_int_equal(co_wait_fd(pair[0], EV_READ, deadline_after(CLOCK_MILLISECOND), &ready), CO_TIMEOUT);
	(void)shutdown(pair[1], SHUT_WR);
	assert_int_equal(co_wait_fd(pair[0], EV_READ, DEADLINE_NEVER, NULL), CO_OK);
}

static void test_descriptors(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	run(read_when_ready, pair);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void wait_both(void *argument)
{
	assert_int_equal(co_wait_fd(*(int *)argument, EV_READ, DEADLINE_NEVER, NULL), CO_OK);
	note("read");
}

static void stray_wakes(void *argument)
{
	int *pair = argument;
	struct co *co = co_spawn("reader", wait_both, &pair[0]);
	for (int i = 0; i < 3; i++) {
		co_yield ();
		co_wake(co);
	}
	co_yield ();
	assert_string_equal(trace, "");
	assert_int_equal(write(pair[1], "x", 1), 1);
}

static void test_a_stray_wake_is_no_data(void **state)
{
	(void)state;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	run(stray_wakes, pair);
	assert_string_equal(trace, "read ");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void check_results(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(co_check(&ctx, CO_OK), 0);
	assert_int_equal(ctx.error.code, ERROR_NONE);
	assert_int_equal(co_check(&ctx, CO_TIMEOUT), -1);
	assert_int_equal(ctx.error.code, ERROR_DEADLINE_EXCEEDED);
	error_clear(&ctx.error);
	assert_int_equal(co_check(&ctx, CO_CANCELLED), -1);
	assert_int_equal(ctx.error.code, ERROR_UNAVAILABLE);
	assert_string_equal(ctx.error.reason, "cancelled");
	context_done(&ctx);
}

static void test_results_become_errors(void **state)
{
	(void)state;
	run(check_results, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cancel_at_every_wait),
	    cmocka_unit_test(test_a_cancelled_coroutine_takes_no_permit),
	    cmocka_unit_test(test_deadlines_are_never_early),
	    cmocka_unit_test(test_deadlines_come_in_order),
	    cmocka_unit_test(test_a_double_wake_is_one),
	    cmocka_unit_test(test_a_deadline_wins_over_a_wake),
	    cmocka_unit_test(test_a_cancel_wins_over_a_wake),
	    cmocka_unit_test(test_a_cancel_wins_over_a_deadline),
	    cmocka_unit_test(test_descriptors),
	    cmocka_unit_test(test_a_stray_wake_is_no_data),
	    cmocka_unit_test(test_results_become_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
