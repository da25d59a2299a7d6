/* The offload pool and posts from other threads. */
#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
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

/* Runs the coroutine, then the pool's end, then what the pool posted. */
static void run(void (*function)(void *argument), size_t threads, size_t queue)
{
	struct loop *loop = loop_new(NULL);
	pool = offload_pool_new(threads, queue);
	assert_non_null(pool);
	assert_non_null(co_spawn("test", function, NULL));
	loop_run_until_idle(loop);
	gate_set(true);
	offload_pool_free(pool);
	assert_non_null(co_spawn("settle", count_free, NULL));
	loop_run_until_idle(loop);
	atomic_fetch_sub(&freed, 1);
	loop_free(loop);
}

static void use_result(void *argument)
{
	int value = 41;
	struct context ctx;
	(void)argument;
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

static int late_value;

static void leave_early(void *argument)
{
	struct context ctx;
	(void)argument;
	gate_set(false);
	context_init(&ctx, deadline_after(5 * CLOCK_MILLISECOND));
	assert_int_equal(offload_run(&ctx, pool, work_at_gate, &late_value, count_free), -1);
	assert_int_equal(ctx.error.code, ERROR_DEADLINE_EXCEEDED);
	await_entered(1);
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
	struct context ctx;
	gate_set(false);
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

enum { POSTERS = 4, POSTS = 1000 };
static int posted;
static struct co *collector;

static void count_post(void *argument)
{
	(void)argument;
	if (++posted == POSTERS * POSTS)
		co_wake(collector);
}

static void *post_many(void *argument)
{
	for (int i = 0; i < POSTS; i++)
		loop_post(argument, count_post, NULL);
	return NULL;
}

static void collect(void *argument)
{
	pthread_t threads[POSTERS];
	(void)argument;
	collector = co_self();
	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, loop_current()), 0);
	assert_int_equal(co_park("posts", deadline_after(30 * CLOCK_SECOND)), CO_OK);
	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void test_posts_from_many_threads_all_arrive(void **state)
{
	(void)state;
	posted = 0;
	run(collect, 1, 1);
	assert_int_equal(posted, POSTERS * POSTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_the_caller_has_its_argument_back, setup),
	    cmocka_unit_test_setup(test_a_job_outlives_its_caller_and_frees_its_argument_once, setup),
	    cmocka_unit_test_setup(test_a_full_queue_is_refused_at_once, setup),
	    cmocka_unit_test_setup(test_cancel_takes_a_job_out_of_the_queue, setup),
	    cmocka_unit_test_setup(test_posts_from_many_threads_all_arrive, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
