/* Loops of several threads: they share an offload pool, and post to one another. */
#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"
#include "unit.h"

#include <pthread.h>

static struct offload_pool *pool;

/* --- loops that share a pool --- */

enum { CALLERS = 8, CALLS = 50 };

static void add_one(void *argument)
{
	++*(int *)argument;
}

static void call_many(void *argument)
{
	int value = 0;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	for (int i = 0; i < CALLS; i++)
		assert_int_equal(offload_run(&ctx, pool, add_one, &value, NULL), 0);
	*(int *)argument += value;
	context_done(&ctx);
}

static void *run_loop(void *argument)
{
	struct loop *loop = loop_new(NULL);
	for (int i = 0; i < CALLERS; i++)
		assert_non_null(co_spawn("caller", call_many, argument));
	loop_run_until_idle(loop);
	loop_free(loop);
	return NULL;
}

static void test_loops_share_a_pool(void **state)
{
	int sums[2] = {0, 0};
	(void)state;
	pool = offload_pool_new(2, 2 * (size_t)CALLERS);
	offload_set_default(pool);
	assert_ptr_equal(offload_default(), pool);
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_loop, &sums[i]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(sums[0], CALLERS * CALLS);
	assert_int_equal(sums[1], CALLERS * CALLS);
	offload_set_default(NULL);
	offload_pool_free(pool);
}

/* --- posts --- */

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
	(void)argument;
	collector = co_self();
	pthread_t threads[POSTERS];
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
	struct loop *loop = loop_new(NULL);
	assert_non_null(co_spawn("collector", collect, NULL));
	loop_run_until_idle(loop);
	loop_free(loop);
	assert_int_equal(posted, POSTERS * POSTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_loops_share_a_pool),
	    cmocka_unit_test(test_posts_from_many_threads_all_arrive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
