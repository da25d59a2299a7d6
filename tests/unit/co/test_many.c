/* Ten thousand at once: what one costs, that all end, and that their stacks are given back. */
#include "co/co_run.h"
#include "co/hooks.h"

#ifndef CO_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

#if defined(CO_TSAN)
#define COUNT 1000 /* each of TSan's fibers takes mappings of its own, and the kernel's are 65530 */
#else
#define COUNT 10000
#endif

static struct co *all[COUNT];
static size_t parked, at_once;

static void park_until_cancelled(void *argument)
{
	(void)argument;
	if (++parked > at_once)
		at_once = parked;
	assert_int_equal(co_park("test", deadline_after(600 * CLOCK_SECOND)), CO_CANCELLED);
	parked--;
}

static long resident_bytes(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
	(void)fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static long before;

static void measure_and_cancel(void *argument)
{
	size_t count = *(size_t *)argument;
	while (parked < count)
		co_yield ();
	long each = (resident_bytes() - before) / (long)count;
	print_message("%zu coroutines parked with a deadline: %ld bytes each\n", count, each);
#if !defined(CO_TSAN) && !defined(CO_ASAN)
	if (!RUNNING_ON_VALGRIND)
		assert_true(each < 12 * 1024);
#endif
	for (size_t i = 0; i < count; i++)
		co_cancel(all[i]);
}

/* Awaits what the loop does a second after stacks were last needed. */
static void await_trim(void *argument)
{
	(void)argument;
	struct loop_stats stats;
	do {
		assert_int_equal(co_sleep_until(deadline_after(50 * CLOCK_MILLISECOND)), CO_TIMEOUT);
		loop_stats(loop_current(), &stats);
	} while (stats.stacks_pooled > 64);
	assert_true(stats.stacks_pooled > 0);
}

static void test_many_parked(void **state)
{
	size_t count = RUNNING_ON_VALGRIND ? 500 : COUNT;
	(void)state;
	struct loop *loop = loop_new(NULL);
	before = resident_bytes();
	for (size_t i = 0; i < count; i++)
		assert_non_null(all[i] = co_spawn("many", park_until_cancelled, NULL));
	assert_non_null(co_spawn("measure", measure_and_cancel, &count));
	loop_run_until_idle(loop);
	assert_int_equal(parked, 0);
	assert_int_equal(at_once, count);
	assert_non_null(co_spawn("trim", await_trim, NULL));
	loop_run_until_idle(loop);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many_parked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
