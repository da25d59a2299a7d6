/* Background work: it rests, is woken, loses no wake, and is gone when it has been stopped. */
#include "co/co_run.h"
#include "co/task.h"

struct worker {
	struct co_task *task;
	int rounds;
	bool wake_self; /* as if something came while it worked */
};

static void work(void *argument)
{
	struct worker *worker = argument;
	enum co_result result;
	do {
		worker->rounds++;
		if (worker->wake_self)
			co_task_wake(worker->task);
		worker->wake_self = false;
		result = co_task_rest(worker->task, deadline_after(60 * CLOCK_SECOND));
		note(result == CO_OK ? "woken" : result == CO_TIMEOUT ? "late" : "stopped");
	} while (result != CO_CANCELLED);
	note("ended");
}

static void start(struct worker *worker)
{
	worker->task = co_task_start("worker", work, worker);
	assert_non_null(worker->task);
	assert_int_equal(worker->rounds, 0); /* not inside the call */
	co_yield ();
	co_yield ();
}

static void wake_and_stop(void *unused)
{
	struct worker worker = {0};
	(void)unused;
	start(&worker);
	assert_int_equal(worker.rounds, 1);
	co_task_wake(worker.task);
	co_task_wake(worker.task); /* several are as one */
	co_yield ();
	co_yield ();
	assert_int_equal(worker.rounds, 2);
	co_task_stop(worker.task);
	note("freed");
}

static void test_wakes_and_stops(void **state)
{
	(void)state;
	run(wake_and_stop, NULL);
	assert_string_equal(trace, "woken stopped ended freed ");
}

static void wake_while_working(void *unused)
{
	struct worker worker = {.wake_self = true};
	(void)unused;
	start(&worker);
	assert_int_equal(worker.rounds, 2);
	co_task_stop(worker.task);
}

static void test_loses_no_wake(void **state)
{
	(void)state;
	run(wake_while_working, NULL);
	assert_string_equal(trace, "woken stopped ended ");
}

static void rest_a_moment(void *argument)
{
	struct worker *worker = argument;
	if (co_task_rest(worker->task, deadline_after(CLOCK_MILLISECOND)) == CO_TIMEOUT)
		note("late");
}

static void rest_until_late(void *unused)
{
	struct worker worker = {0};
	(void)unused;
	worker.task = co_task_start("worker", rest_a_moment, &worker);
	co_sleep_until(deadline_after(20 * CLOCK_MILLISECOND));
	co_task_wake(worker.task); /* it has returned: nothing to wake */
	co_task_stop(worker.task);
	co_task_wake(NULL);
	co_task_stop(NULL);
}

static void test_ends_by_itself(void **state)
{
	(void)state;
	run(rest_until_late, NULL);
	assert_string_equal(trace, "late ");
}

static void stop_at_once(void *unused)
{
	struct worker worker = {0};
	(void)unused;
	worker.task = co_task_start("worker", work, &worker);
	co_task_stop(worker.task);
	note("freed");
}

static void test_is_stopped_before_it_ran(void **state)
{
	(void)state;
	run(stop_at_once, NULL);
	assert_string_equal(trace, "stopped ended freed ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wakes_and_stops),
	    cmocka_unit_test(test_loses_no_wake),
	    cmocka_unit_test(test_ends_by_itself),
	    cmocka_unit_test(test_is_stopped_before_it_ran),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
