/*
 * What a coroutine costs: a switch, a life, a wait with a deadline, the memory of one that is parked.
 *
 *     bench_co
 *
 * Prints one `name value unit` line a figure; the targets stand in the design: 50 ns a switch, 12 KiB a parked request.
 */
#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SWITCHES 4000000
#define LIVES 1000000
#define PARKED 10000
#define WAKES 100
#define JOBS 20000

static int64_t cpu_nanoseconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void report(const char *name, int64_t total, int64_t count, const char *unit)
{
	printf("%s %.1f %s\n", name, (double)total / (double)count, unit);
}

static void start(const char *name, void (*function)(void *argument), void *argument)
{
	if (!co_spawn(name, function, argument))
		abort();
}

/* --- switches --- */

static void yield_often(void *argument)
{
	for (size_t left = *(size_t *)argument; left > 0; left--)
		co_yield ();
}

/* A yield is two switches: to the loop and back. */
static void bench_switch(const char *name, size_t coroutines)
{
	size_t each = SWITCHES / 2 / coroutines;
	struct loop *loop = loop_new(&(struct loop_options){.pass_budget = 100000});
	for (size_t i = 0; i < coroutines; i++)
		start("switch", yield_often, &each);
	int64_t before = cpu_nanoseconds();
	loop_run_until_idle(loop);
	report(name, cpu_nanoseconds() - before, (int64_t)(2 * each * coroutines), "ns");
	loop_free(loop);
}

/* --- lives --- */

static size_t lives;

static void end_at_once(void *argument)
{
	(void)argument;
	lives++;
}

static void spawn_often(void *argument)
{
	size_t count = *(size_t *)argument;
	for (size_t i = 0; i < count; i++) {
		start("life", end_at_once, NULL);
		co_yield ();
	}
}

static void bench_life(void)
{
	size_t warm = 100, count = LIVES;
	struct loop *loop = loop_new(NULL);
	start("warm", spawn_often, &warm);
	loop_run_until_idle(loop);
	int64_t before = cpu_nanoseconds();
	start("lives", spawn_often, &count);
	loop_run_until_idle(loop);
	report("co_create_finish_warm", cpu_nanoseconds() - before, LIVES, "ns");
	loop_free(loop);
}

static void bench_birth(void)
{
	struct loop *loop = loop_new(NULL);
	int64_t before = cpu_nanoseconds();
	for (int i = 0; i < PARKED; i++)
		start("life", end_at_once, NULL);
	loop_run_until_idle(loop);
	report("co_create_finish_cold", cpu_nanoseconds() - before, PARKED, "ns");
	loop_free(loop);
}

/* --- waits --- */

static struct co *parked[PARKED];
static size_t parked_count;
static bool end;

static void park_often(void *argument)
{
	int64_t deadline = deadline_after(*(int64_t *)argument);
	parked[parked_count++] = co_self();
	while (!end)
		if (co_park("bench", deadline) != CO_OK)
			abort();
}

static long resident_bytes(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		abort();
	(void)fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static long resident_before;

static void wake_often(void *argument)
{
	const char *name = argument;
	while (parked_count < PARKED)
		co_yield ();
	if (resident_before > 0)
		report("co_parked_memory", resident_bytes() - resident_before, PARKED, "B");
	int64_t before = cpu_nanoseconds();
	for (int round = 0; round < WAKES; round++) {
		end = round == WAKES - 1;
		for (size_t i = 0; i < PARKED; i++)
			co_wake(parked[i]);
		co_yield ();
	}
	report(name, cpu_nanoseconds() - before, (int64_t)PARKED * WAKES, "ns");
}

static void bench_park(const char *name, int64_t timeout, bool memory)
{
	struct loop *loop = loop_new(&(struct loop_options){.pass_budget = 100000});
	parked_count = 0;
	end = false;
	resident_before = memory ? resident_bytes() : 0;
	for (int i = 0; i < PARKED; i++)
		start("park", park_often, &timeout);
	start("wake", wake_often, (void *)(uintptr_t)name);
	loop_run_until_idle(loop);
	loop_free(loop);
}

/* --- threads --- */

static void nothing(void *argument)
{
	(void)argument;
}

static void offload_often(void *argument)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	int64_t before = clock_monotonic();
	for (int i = 0; i < JOBS; i++)
		if (offload_run(&ctx, argument, nothing, NULL, NULL) != 0)
			abort();
	report("offload_round_trip", (clock_monotonic() - before) * 1000, JOBS, "ns");
	context_done(&ctx);
}

static void bench_offload(void)
{
	struct loop *loop = loop_new(NULL);
	struct offload_pool *pool = offload_pool_new(1, 1);
	start("offload", offload_often, pool);
	loop_run_until_idle(loop);
	offload_pool_free(pool);
	loop_free(loop);
}

int main(void)
{
	bench_park("co_park_wake_10000", DEADLINE_NEVER, true);
	bench_park("co_park_wake_deadline_10000", 600 * CLOCK_SECOND, false);
	bench_switch("co_switch", 2);
	bench_switch("co_switch_1000", 1000);
	bench_switch("co_switch_10000", 10000);
	bench_life();
	bench_birth();
	bench_offload();
	return EXIT_SUCCESS;
}
