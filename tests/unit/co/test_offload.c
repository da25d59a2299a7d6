/* The offload pool. */
#include "base/clock.h"
#include "base/fault.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	int entered;
};

static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
static atomic_int worked, freed;
static struct offload_pool *pool;

static void gate_set(bool open)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = open;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void work_at_gate(void *argument)
{
	pthread_mutex_lock(&gate.lock);
	gate.entered++;
	pthread_cond_broadcast(&gate.changed);
	while (!gate.open)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	*(int *)argument += 1;
	atomic_fetch_add(&worked, 1);
}

static void await_entered(int count)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.entered < count)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void count_free(void *argument)
{
	(void)argument;
	atomic_fetch_add(&freed, 1);
}

static int setup(void **state)
{
	(void)state;
	atomic_store(&worked, 0);
	atomic_store(&freed, 0);
	gate.entered = 0;
	gate.open = true;
	return 0;
}

/* Runs the coroutine, then the pool's end, then the loop's. */
static void run(void (*function)(void *argument), size_t threads, size_t queue)
{
	struct loop *loop = loop_new(NULL);
	pool = offload_pool_new(threads, queue);
	assert_non_null(pool);
	assert_non_null(co_spawn("test", function, NULL));
	loop_run_until_idle(loop);
	gate_set(true);
	offload_pool_free(pool);
	pool = NULL;
	loop_free(loop);
}

static void use_result(void *argument)
{
	int value = 41;
	(void)argument;
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, &value, count_free), 0);
	assert_int_equal(value, 42);
	context_done(&ctx);
}

static void test_the_caller_has_its_argument_back(void **state)
{
	(void)state;
	run(use_result, 1, 4);
	assert_int_equal(atomic_load(&worked), 1);
	assert_int_equal(atomic_load(&freed), 0);
}

static void note_nice(void *argument)
{
	*(int *)argument = getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void compare_nice(void *argument)
{
	int own = getpriority(PRIO_PROCESS, (id_t)gettid()), first = 0, second = 0;
	(void)argument;
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	assert_int_equal(offload_run(&ctx, pool, note_nice, &first, NULL), 0);
	offload_pool_set_nice(pool, 3);
	assert_int_equal(offload_run(&ctx, pool, note_nice, &second, NULL), 0);
	assert_int_equal(first, own);
	assert_int_equal(second, own + 3 < 19 ? own + 3 : 19);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)gettid()), own);
	context_done(&ctx);
}

static void test_threads_are_as_urgent_as_told(void **state)
{
	(void)state;
	run(compare_nice, 1, 4);
}

/* Holds the loop until a thread works on the job, so that the deadline passes no sooner. */
static void hold_until_entered(void *argument)
{
	(void)argument;
	await_entered(1);
}

static int late_value;

static void leave_early(void *argument)
{
	(void)argument;
	gate_set(false);
	assert_non_null(co_spawn("hold", hold_until_entered, NULL));
	struct context ctx;
	context_init(&ctx, deadline_after(CLOCK_SECOND / 4));
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, &late_value, count_free), -1);
	assert_int_equal(ctx.error.code, ERROR_DEADLINE_EXCEEDED);
	assert_int_equal(atomic_load(&freed), 0);
	gate_set(true);
	while (atomic_load(&freed) == 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	context_done(&ctx);
}

static void test_a_job_outlives_its_caller_and_frees_its_argument_once(void **state)
{
	(void)state;
	run(leave_early, 1, 4);
	assert_int_equal(atomic_load(&worked), 1);
	assert_int_equal(atomic_load(&freed), 1);
}

static void occupy(void *argument)
{
	int value = 0;
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, &value, NULL), 0);
	context_done(&ctx);
	(void)argument;
}

static void overfill(void *argument)
{
	int value = 0;
	gate_set(false);
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	assert_non_null(co_spawn("running", occupy, NULL));
	co_yield ();
	await_entered(1);
	assert_non_null(co_spawn("queued", occupy, NULL));
	co_yield ();
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, &value, count_free), -1);
	assert_int_equal(ctx.error.code, ERROR_OVERLOADED);
	assert_int_equal(atomic_load(&freed), 1);
	gate_set(true);
	context_done(&ctx);
	(void)argument;
}

static void test_a_full_queue_is_refused_at_once(void **state)
{
	(void)state;
	run(overfill, 1, 1);
	assert_int_equal(atomic_load(&worked), 2);
}

static struct co *queued;

static void wait_in_queue(void *argument)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, argument, count_free), -1);
	assert_string_equal(ctx.error.reason, "cancelled");
	context_done(&ctx);
}

static void cancel_queued(void *argument)
{
	static int value;
	(void)argument;
	gate_set(false);
	assert_non_null(co_spawn("running", occupy, NULL));
	co_yield ();
	await_entered(1);
	queued = co_spawn("queued", wait_in_queue, &value);
	co_yield ();
	co_cancel(queued);
	co_yield ();
	assert_int_equal(atomic_load(&freed), 1);
	assert_int_equal(offload_queued(pool), 0);
	gate_set(true);
}

static void test_cancel_takes_a_job_out_of_the_queue(void **state)
{
	(void)state;
	run(cancel_queued, 1, 4);
	assert_int_equal(atomic_load(&worked), 1);
}

/* --- ends in every order --- */

static void be_stopped(void *argument)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, argument, count_free), -1);
	assert_int_equal(ctx.error.code, ERROR_UNAVAILABLE);
	assert_string_equal(ctx.error.reason, "stopping");
	context_done(&ctx);
}

static void *open_gate(void *argument)
{
	(void)argument;
	await_entered(1);
	gate_set(true);
	return NULL;
}

/* Opens it no sooner than the pool has dropped what was queued. */
static void *open_gate_after_drop(void *argument)
{
	while (offload_queued(argument) > 0)
		(void)sched_yield();
	return open_gate(NULL);
}

static void free_under_callers(void *argument)
{
	static int value;
	(void)argument;
	gate_set(false);
	assert_non_null(co_spawn("running", occupy, NULL));
	co_yield ();
	await_entered(1);
	assert_non_null(co_spawn("dropped", be_stopped, &value));
	struct co *leaver = co_spawn("dropped and cancelled", wait_in_queue, &value);
	co_yield ();
	assert_int_equal(offload_queued(pool), 2);
	pthread_t opener;
	assert_int_equal(pthread_create(&opener, NULL, open_gate_after_drop, pool), 0);
	offload_pool_free(pool);
	pool = NULL;
	co_cancel(leaver);
	assert_int_equal(pthread_join(opener, NULL), 0);
}

static void test_a_pool_may_end_under_its_callers(void **state)
{
	(void)state;
	run(free_under_callers, 1, 4);
	assert_int_equal(atomic_load(&worked), 1);
	assert_int_equal(atomic_load(&freed), 2);
}

static void cancel_running(void *argument)
{
	(void)argument;
	gate_set(false);
	struct co *running = co_spawn("running", wait_in_queue, &late_value);
	co_yield ();
	await_entered(1);
	co_cancel(running);
}

static void test_a_loop_awaits_the_jobs_it_started(void **state)
{
	(void)state;
	struct loop *loop = loop_new(NULL);
	pool = offload_pool_new(1, 0);
	assert_non_null(co_spawn("test", cancel_running, NULL));
	loop_run_until_idle(loop);
	assert_int_equal(atomic_load(&freed), 0);
	pthread_t opener;
	assert_int_equal(pthread_create(&opener, NULL, open_gate, NULL), 0);
	loop_free(loop);
	assert_int_equal(atomic_load(&worked), 1);
	assert_int_equal(atomic_load(&freed), 1);
	assert_int_equal(pthread_join(opener, NULL), 0);
	offload_pool_free(pool);
}

/* --- refusals --- */

static void ask_in_vain(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(offload_run(&ctx, NULL, work_at_gate, NULL, count_free), -1);
	assert_int_equal(ctx.error.code, ERROR_OVERLOADED);
	error_clear(&ctx.error);
	ctx.deadline = clock_monotonic();
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, NULL, count_free), -1);
	assert_int_equal(ctx.error.code, ERROR_DEADLINE_EXCEEDED);
	error_clear(&ctx.error);
	ctx.deadline = DEADLINE_NEVER;
#ifdef EVENTLOOP_FAULTS
	fault_arm("co.offload", 1);
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, NULL, NULL), -1);
	assert_int_equal(ctx.error.code, ERROR_OVERLOADED);
	error_clear(&ctx.error);
#endif
	co_cancel(co_self());
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, NULL, count_free), -1);
	assert_string_equal(ctx.error.reason, "cancelled");
	context_done(&ctx);
}

static void test_what_cannot_be_used_is_not_begun(void **state)
{
	(void)state;
	run(ask_in_vain, 1, 1);
	assert_int_equal(atomic_load(&worked), 0);
	assert_int_equal(atomic_load(&freed), 3);
	assert_int_equal(offload_queued(NULL), 0);
}

static void see_signals(void *argument)
{
	sigset_t blocked;
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	*(int *)argument = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
}

static void ask_for_signals(void *argument)
{
	int blocked = 0;
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(offload_run(&ctx, pool, see_signals, &blocked, NULL), 0);
	assert_int_equal(blocked, 1);
	context_done(&ctx);
}

static void test_signals_are_left_to_the_loop(void **state)
{
	(void)state;
	run(ask_for_signals, 1, 0);
	sigset_t blocked;
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
	assert_int_equal(sigismember(&blocked, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_the_caller_has_its_argument_back, setup),
	    cmocka_unit_test_setup(test_a_job_outlives_its_caller_and_frees_its_argument_once, setup),
	    cmocka_unit_test_setup(test_threads_are_as_urgent_as_told, setup),
	    cmocka_unit_test_setup(test_a_full_queue_is_refused_at_once, setup),
	    cmocka_unit_test_setup(test_cancel_takes_a_job_out_of_the_queue, setup),
	    cmocka_unit_test_setup(test_a_pool_may_end_under_its_callers, setup),
	    cmocka_unit_test_setup(test_a_loop_awaits_the_jobs_it_started, setup),
	    cmocka_unit_test_setup(test_what_cannot_be_used_is_not_begun, setup),
	    cmocka_unit_test_setup(test_signals_are_left_to_the_loop, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
