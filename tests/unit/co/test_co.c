/* Coroutines: switching, waiting, cancelling, and the ways they must die. */
#include "base/clock.h"
#include "co/co.h"
#include "co/hooks.h"
#include "co/loop.h"
#include "co/sync.h"
#include "unit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char trace[256];

static void note(const char *word)
{
	size_t length = strlen(trace);
	(void)snprintf(trace + length, sizeof(trace) - length, "%s ", word);
}

static void run(void (*function)(void *argument), void *argument)
{
	trace[0] = '\0';
	struct loop *loop = loop_new(NULL);
	assert_non_null(loop);
	assert_non_null(co_spawn("test", function, argument));
	loop_run_until_idle(loop);
	loop_free(loop);
}

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

static struct co *sleeper;
static enum co_result seen;

static void park_forever(void *argument)
{
	(void)argument;
	seen = co_park("test", DEADLINE_NEVER);
	if (seen == CO_CANCELLED)
		assert_int_equal(co_park("again", DEADLINE_NEVER), CO_CANCELLED);
}

static void sleep_long(void *argument)
{
	(void)argument;
	seen = co_sleep_until(deadline_after(60 * CLOCK_SECOND));
}

static void wait_fd(void *argument)
{
	seen = co_wait_fd(*(int *)argument, EV_READ, DEADLINE_NEVER, NULL);
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
	note("child");
}

static void wait_group(void *argument)
{
	struct context ctx;
	(void)argument;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	assert_int_equal(co_group_start(group, "child", hang, NULL), 0);
	seen = co_group_wait_all(group, DEADLINE_NEVER);
	note("parent");
	context_done(&ctx);
}

struct victim {
	void (*function)(void *argument);
	void *argument;
};

static void cancel_victim(void *argument)
{
	struct victim *victim = argument;
	sleeper = co_spawn("victim", victim->function, victim->argument);
	co_yield ();
	co_yield ();
	co_cancel(sleeper);
	co_cancel(sleeper);
}

static void assert_cancellable(void (*function)(void *argument), void *argument)
{
	struct victim victim = {function, argument};
	seen = CO_OK;
	run(cancel_victim, &victim);
	assert_int_equal(seen, CO_CANCELLED);
}

static void test_cancel_at_every_wait(void **state)
{
	int pair[2];
	struct co_queue queue = {0};
	struct co_semaphore semaphore = {0};
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_cancellable(park_forever, NULL);
	assert_cancellable(sleep_long, NULL);
	assert_cancellable(wait_fd, &pair[0]);
	assert_cancellable(wait_queue, &queue);
	assert_int_equal(queue.length, 0);
	assert_cancellable(wait_semaphore, &semaphore);
	assert_int_equal(semaphore.waiting.length, 0);
	assert_cancellable(wait_group, NULL);
	assert_string_equal(trace, "child parent ");
	close(pair[0]);
	close(pair[1]);
}

static void timeouts(void *argument)
{
	(void)argument;
	int64_t before = clock_monotonic();
	assert_int_equal(co_park("test", deadline_after(5 * CLOCK_MILLISECOND)), CO_TIMEOUT);
	assert_true(clock_monotonic() - before >= 5 * CLOCK_MILLISECOND);
	assert_int_equal(co_park("past", clock_monotonic() - 1), CO_TIMEOUT);
	errno = 77;
	assert_int_equal(co_sleep_until(deadline_after(CLOCK_MILLISECOND)), CO_TIMEOUT);
	assert_int_equal(errno, 77);
}

static void spoil_errno(void *argument)
{
	(void)argument;
	errno = 5;
	co_yield ();
	errno = 6;
}

static void errno_is_kept(void *argument)
{
	(void)argument;
	assert_non_null(co_spawn("spoil", spoil_errno, NULL));
	timeouts(NULL);
}

static void test_deadlines_and_errno(void **state)
{
	(void)state;
	run(errno_is_kept, NULL);
}

static void read_when_ready(void *argument)
{
	short ready = 0;
	int *pair = argument;
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(co_wait_fd(pair[0], EV_READ, deadline_after(CLOCK_SECOND), &ready), CO_OK);
	assert_int_equal(ready, EV_READ);
	char byte;
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_int_equal(co_wait_fd(pair[0], EV_READ, deadline_after(CLOCK_MILLISECOND), &ready), CO_TIMEOUT);
}

static void test_fd(void **state)
{
	int pair[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	run(read_when_ready, pair);
	close(pair[0]);
	close(pair[1]);
}

static void worker(void *argument)
{
	struct co_semaphore *semaphore = argument;
	assert_int_equal(co_semaphore_acquire(semaphore, DEADLINE_NEVER), CO_OK);
	note("in");
	co_yield ();
	note("out");
	co_semaphore_release(semaphore);
}

static void test_semaphore_lets_in_one_at_a_time(void **state)
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

/* A permit handed over in the moment the waiter's deadline passes is neither lost nor doubled. */
static void late_waiter(void *argument)
{
	struct co_semaphore *semaphore = argument;
	enum co_result result = co_semaphore_acquire(semaphore, deadline_after(CLOCK_MILLISECOND));
	if (result == CO_OK)
		co_semaphore_release(semaphore);
}

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

static void test_permit_survives_timeouts(void **state)
{
	(void)state;
	struct co_semaphore semaphore = {.available = 1};
	run(holder, &semaphore);
	assert_int_equal(semaphore.available, 1);
	assert_int_equal(semaphore.waiting.length, 0);
}

static void test_cap_on_coroutines(void **state)
{
	(void)state;
	struct loop *loop = loop_new(&(struct loop_options){.max_coroutines = 2});
	assert_non_null(co_spawn("a", say, "a"));
	assert_non_null(co_spawn("b", say, "b"));
	assert_null(co_spawn("c", say, "c"));
	loop_run_until_idle(loop);
	assert_non_null(co_spawn("c", say, "c"));
	loop_run_until_idle(loop);
	loop_free(loop);
}

/* --- deaths: each in a child process that must end by the signal. --- */

static int death(void (*function)(void *argument), char *message, size_t size)
{
	int out[2], status = 0;
	assert_int_equal(pipe(out), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(out[1], 2);
		run(function, NULL);
		_exit(0);
	}
	close(out[1]);
	size_t used = 0;
	ssize_t got;
	while ((got = read(out[0], message + used, size - 1 - used)) > 0)
		used += (size_t)got;
	message[used] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static struct co *finished;

static void wake_finished(void *argument)
{
	(void)argument;
	finished = co_spawn("short", say, "x");
	co_yield ();
	co_yield ();
	co_yield ();
	co_wake(finished);
}

static void wake_self(void *argument)
{
	(void)argument;
	co_wake(co_self());
}

static void suspend_forbidden(void *argument)
{
	(void)argument;
	co_forbid_suspend();
	(void)co_sleep_until(deadline_after(1));
}

static void test_misuse_dies_with_a_name(void **state)
{
	char message[4096];
	(void)state;
	assert_true(death(wake_finished, message, sizeof(message)) != 0);
	assert_non_null(strstr(message, "short"));
	assert_true(death(wake_self, message, sizeof(message)) != 0);
	assert_non_null(strstr(message, "running"));
	assert_true(death(suspend_forbidden, message, sizeof(message)) != 0);
	assert_non_null(strstr(message, "may not"));
}

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
	char message[4096];
	(void)state;
	int status = death(overflow, message, sizeof(message));
	assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) || strstr(message, "stack-overflow"));
}

static void park_until_woken(void *argument)
{
	size_t *parked = argument;
	(*parked)++;
	assert_int_equal(co_park("test", deadline_after(600 * CLOCK_SECOND)), CO_CANCELLED);
	(*parked)--;
}

static long resident_bytes(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	(void)fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static void test_ten_thousand_parked(void **state)
{
#ifdef CO_TSAN
	enum { COUNT = 1000 }; /* each of TSan's fibers takes mappings of its own, and the kernel's are 65530 */
#else
	enum { COUNT = 10000 };
#endif
	static struct co *all[COUNT];
	size_t parked = 0;
	(void)state;
	long before = resident_bytes();
	struct loop *loop = loop_new(NULL);
	for (size_t i = 0; i < COUNT; i++) {
		all[i] = co_spawn("many", park_until_woken, &parked);
		assert_non_null(all[i]);
	}
	while (parked < COUNT)
		(void)event_base_loop(loop_base(loop), EVLOOP_ONCE);
	print_message("%d coroutines parked: %ld bytes each\n", COUNT, (resident_bytes() - before) / COUNT);
	for (size_t i = 0; i < COUNT; i++)
		co_cancel(all[i]);
	loop_run_until_idle(loop);
	assert_int_equal(parked, 0);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spawn_runs_later_and_in_turn),
	    cmocka_unit_test(test_groups_nest),
	    cmocka_unit_test(test_cancel_at_every_wait),
	    cmocka_unit_test(test_deadlines_and_errno),
	    cmocka_unit_test(test_fd),
	    cmocka_unit_test(test_semaphore_lets_in_one_at_a_time),
	    cmocka_unit_test(test_permit_survives_timeouts),
	    cmocka_unit_test(test_cap_on_coroutines),
	    cmocka_unit_test(test_misuse_dies_with_a_name),
	    cmocka_unit_test(test_overflow_dies_in_the_guard_page),
	    cmocka_unit_test(test_ten_thousand_parked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
