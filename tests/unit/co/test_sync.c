/* Queues, semaphores and groups: first come first served, nothing lost, nobody left behind. */
#include "co/co_run.h"
#include "co/sync.h"

static void wait_and_say(struct co_queue *queue, const char *word)
{
	note(co_queue_wait(queue, "test", DEADLINE_NEVER) == CO_OK ? word : "no");
}

static void wait_a(void *argument)
{
	wait_and_say(argument, "a");
}

static void wait_b(void *argument)
{
	wait_and_say(argument, "b");
}

static void wait_c(void *argument)
{
	wait_and_say(argument, "c");
}

struct three {
	struct co_queue queue;
	struct co *a, *b, *c;
};

static void start_three(struct three *three)
{
	three->a = co_spawn("a", wait_a, &three->queue);
	three->b = co_spawn("b", wait_b, &three->queue);
	three->c = co_spawn("c", wait_c, &three->queue);
	co_yield ();
	assert_int_equal(three->queue.length, 3);
}

static void serve_in_turn(void *argument)
{
	struct three three = {0};
	(void)argument;
	assert_false(co_queue_wake_one(&three.queue));
	start_three(&three);
	assert_true(co_queue_wake_one(&three.queue));
	co_yield ();
	assert_string_equal(trace, "a ");
	co_queue_wake_all(&three.queue);
	assert_int_equal(three.queue.length, 0);
	co_yield ();
	assert_string_equal(trace, "a b c ");
}

static void test_a_queue_serves_in_turn(void **state)
{
	(void)state;
	run(serve_in_turn, NULL);
}

static void pass_on(void *argument)
{
	struct three three = {0};
	(void)argument;
	start_three(&three);
	assert_true(co_queue_wake_one(&three.queue));
	co_cancel(three.a);
	co_yield ();
	co_yield ();
	assert_string_equal(trace, "no b ");
	assert_int_equal(three.queue.length, 1);
	co_cancel(three.c);
	co_yield ();
	assert_int_equal(three.queue.length, 0);
	assert_null(three.queue.first);
	assert_null(three.queue.last);
}

static void test_an_unused_wake_goes_to_the_next(void **state)
{
	(void)state;
	run(pass_on, NULL);
	assert_string_equal(trace, "no b no ");
}

/* After co_queue_wake_all the queue may be freed though a waiter was cancelled meanwhile. */
static void free_after_all(void *argument)
{
	struct three *three = calloc(1, sizeof(*three));
	(void)argument;
	start_three(three);
	struct co *middle = three->b;
	co_queue_wake_all(&three->queue);
	co_cancel(middle);
	free(three);
	co_yield ();
}

static void test_a_queue_may_go_after_all_are_woken(void **state)
{
	(void)state;
	run(free_after_all, NULL);
	assert_string_equal(trace, "a no c ");
}

static void leave_from_the_middle(void *argument)
{
	struct three three = {0};
	(void)argument;
	start_three(&three);
	co_cancel(three.b);
	co_wake(three.a); /* a stray wake serves nobody */
	co_yield ();
	assert_string_equal(trace, "no ");
	assert_int_equal(three.queue.length, 2);
	co_queue_wake_all(&three.queue);
}

static void test_leaving_from_the_middle(void **state)
{
	(void)state;
	run(leave_from_the_middle, NULL);
	assert_string_equal(trace, "no a c ");
}

/* --- semaphore --- */

static void worker(void *argument)
{
	struct co_semaphore *semaphore = argument;
	assert_int_equal(co_semaphore_acquire(semaphore, DEADLINE_NEVER), CO_OK);
	note("in");
	co_yield ();
	assert_false(co_semaphore_try(semaphore));
	note("out");
	co_semaphore_release(semaphore);
}

static void test_a_semaphore_lets_in_one_at_a_time(void **state)
{
	(void)state;
	struct co_semaphore semaphore = {.available = 1};
	trace[0] = '\0';
	struct loop *loop = loop_new(NULL);
	for (int i = 0; i < 3; i++)
		assert_non_null(co_spawn("worker", worker, &semaphore));
	loop_run_until_idle(loop);
	loop_free(loop);
	assert_string_equal(trace, "in out in out in out ");
	assert_int_equal(semaphore.available, 1);
}

static void late_waiter(void *argument)
{
	struct co_semaphore *semaphore = argument;
	if (co_semaphore_acquire(semaphore, deadline_after(CLOCK_MILLISECOND)) == CO_OK)
		co_semaphore_release(semaphore);
}

/* A permit handed over in the moment the waiter's deadline passes is neither lost nor doubled. */
static void holder(void *argument)
{
	struct co_semaphore *semaphore = argument;
	assert_int_equal(co_semaphore_acquire(semaphore, DEADLINE_NEVER), CO_OK);
	for (int i = 0; i < 20; i++)
		assert_non_null(co_spawn("late", late_waiter, semaphore));
	co_yield ();
	int64_t until = clock_monotonic() + 2 * CLOCK_MILLISECOND;
	while (clock_monotonic() < until)
		continue;
	co_semaphore_release(semaphore);
}

static void test_a_permit_survives_timeouts(void **state)
{
	for (size_t budget = 1; budget < 4; budget++) {
		struct co_semaphore semaphore = {.available = 1};
		(void)state;
		struct loop *loop = loop_new(&(struct loop_options){.pass_budget = budget});
		assert_non_null(co_spawn("holder", holder, &semaphore));
		loop_run_until_idle(loop);
		loop_free(loop);
		assert_int_equal(semaphore.available, 1);
		assert_int_equal(semaphore.waiting.length, 0);
	}
}

static void cancelled_heir(void *argument)
{
	assert_int_equal(co_semaphore_acquire(argument, DEADLINE_NEVER), CO_CANCELLED);
}

static void hand_to_a_cancelled_one(void *argument)
{
	struct co_semaphore *semaphore = argument;
	assert_int_equal(co_semaphore_acquire(semaphore, DEADLINE_NEVER), CO_OK);
	struct co *heir = co_spawn("heir", cancelled_heir, semaphore);
	co_yield ();
	co_semaphore_release(semaphore);
	assert_int_equal(semaphore->available, 0);
	co_cancel(heir);
	co_yield ();
	assert_int_equal(semaphore->available, 1);
}

static void test_a_permit_survives_a_cancel(void **state)
{
	struct co_semaphore semaphore = {.available = 1};
	(void)state;
	run(hand_to_a_cancelled_one, &semaphore);
}

/* --- group --- */

static void nest(void *argument)
{
	intptr_t depth = (intptr_t)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	if (depth > 0) {
		assert_int_equal(co_group_start(group, "left", nest, (void *)(depth - 1)), 0);
		assert_int_equal(co_group_start(group, "right", nest, (void *)(depth - 1)), 0);
		assert_int_equal(co_group_wait_all(group, DEADLINE_NEVER), CO_OK);
	} else {
		note("leaf");
	}
	context_done(&ctx);
}

static void test_groups_nest(void **state)
{
	(void)state;
	run(nest, (void *)3);
	assert_string_equal(trace, "leaf leaf leaf leaf leaf leaf leaf leaf ");
}

static void hang(void *argument)
{
	assert_int_equal(co_park("hang", DEADLINE_NEVER), CO_CANCELLED);
	co_yield (); /* takes its time: the parent must wait for it all the same */
	co_yield ();
	note(argument);
}

static void hang_deep(void *argument)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	assert_int_equal(co_group_start(group, "grandchild", hang, argument), 0);
	assert_int_equal(co_group_wait_all(group, DEADLINE_NEVER), CO_CANCELLED);
	context_done(&ctx);
	note("child");
}

static void time_out_group(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	assert_int_equal(co_group_start(group, "deep", hang_deep, "grandchild"), 0);
	assert_int_equal(co_group_wait_all(group, deadline_after(CLOCK_MILLISECOND)), CO_TIMEOUT);
	note("parent");
	assert_int_equal(co_group_start(group, "again", nest, (void *)0), 0);
	assert_int_equal(co_group_wait_all(group, deadline_after(60 * CLOCK_SECOND)), CO_OK);
	assert_int_equal(co_group_wait_all(group, 0), CO_OK);
	context_done(&ctx);
}

static void test_a_late_group_is_cancelled_and_awaited(void **state)
{
	(void)state;
	run(time_out_group, NULL);
	assert_string_equal(trace, "grandchild child parent leaf ");
}

static void forget_group(void *argument)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	if (argument)
		co_cancel(co_self());
	assert_int_equal(co_group_start(group, "forgotten", hang, "child"), 0);
	assert_int_equal(co_group_start(group, "forgotten too", hang, "child"), 0);
	context_done(&ctx);
	note("parent");
}

static void test_the_end_of_the_context_ends_its_groups(void **state)
{
	(void)state;
	run(forget_group, NULL);
	assert_string_equal(trace, "child child parent ");
	run(forget_group, "cancelled");
	assert_string_equal(trace, "child child parent ");
}

static void at_the_cap(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	assert_int_equal(co_group_start(group, "one", hang, "one"), 0);
	assert_int_equal(co_group_start(group, "two", hang, "two"), -1);
	assert_int_equal(ctx.error.code, ERROR_OVERLOADED);
	context_done(&ctx);
}

static void test_a_group_at_the_cap(void **state)
{
	(void)state;
	trace[0] = '\0';
	struct loop *loop = loop_new(&(struct loop_options){.max_coroutines = 2});
	assert_non_null(co_spawn("parent", at_the_cap, NULL));
	loop_run_until_idle(loop);
	loop_free(loop);
	assert_string_equal(trace, "one ");
}

static void nothing(void *argument)
{
	(void)argument;
}

static void start_many(void *argument)
{
	(void)argument;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	size_t held = 0;
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(co_group_start(group, "short", nothing, NULL), 0);
		assert_int_equal(co_group_wait_all(group, DEADLINE_NEVER), CO_OK);
		if (i == 0)
			held = ctx.arena.total;
	}
	assert_int_equal(ctx.arena.total, held);
	context_done(&ctx);
}

static void test_a_lasting_group_does_not_grow(void **state)
{
	(void)state;
	run(start_many, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_queue_serves_in_turn),
	    cmocka_unit_test(test_an_unused_wake_goes_to_the_next),
	    cmocka_unit_test(test_a_queue_may_go_after_all_are_woken),
	    cmocka_unit_test(test_leaving_from_the_middle),
	    cmocka_unit_test(test_a_semaphore_lets_in_one_at_a_time),
	    cmocka_unit_test(test_a_permit_survives_timeouts),
	    cmocka_unit_test(test_a_permit_survives_a_cancel),
	    cmocka_unit_test(test_groups_nest),
	    cmocka_unit_test(test_a_late_group_is_cancelled_and_awaited),
	    cmocka_unit_test(test_the_end_of_the_context_ends_its_groups),
	    cmocka_unit_test(test_a_group_at_the_cap),
	    cmocka_unit_test(test_a_lasting_group_does_not_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
