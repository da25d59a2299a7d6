/*
 * Point reads through postgres/postgres.h: N coroutines on one pipelined connection, one statement after the other. And
 * transactions of three statements by 16 coroutines on three leased connections.
 *
 *     bench_pg URL [SECONDS]
 *
 * Expects what `pgbench -i` makes (table pgbench_accounts) and runs the statement of `pgbench -S`, so that
 * `pgbench -n -S -M prepared -c16 -j1` on the same server is the figure to compare with; for the transactions it is
 * `pgbench -n -N -M prepared -c16 -j1`. Prints `name value unit` lines.
 */
#include "co/co.h"
#include "co/loop.h"
#include "postgres/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define WARM_UP 10000 /* reads */

struct bench {
	struct pg *pg;
	const char *url;
	int64_t duration, ends;
	uint64_t rows, seed;
	uint64_t done, failures;
	void (*action)(struct bench *bench);
	unsigned alive;
};

static int64_t cpu_time(void)
{
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_SECOND + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

static uint64_t next_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void read_one(struct bench *bench)
{
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	char id[24];
	(void)snprintf(id, sizeof(id), "%d", (int)(next_number(&bench->seed) % bench->rows) + 1);
	const struct pg_result *result =
	    pg_read(&ctx, bench->pg, "SELECT abalance FROM pgbench_accounts WHERE aid = $1::int", id);
	bench->done++;
	if (!result || pg_count(result) != 1)
		bench->failures++;
	context_done(&ctx);
}

/* What pgbench calls "simple update": the balance changes, is read, and a line goes to the history. */
static int update_all(struct context *ctx, struct pg_tx *tx, const char *id)
{
	pg_queue(ctx, tx, "UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = $1::int", id);
	if (!pg_query(ctx, tx, "SELECT abalance FROM pgbench_accounts WHERE aid = $1::int", id))
		return -1;
	pg_queue(
	    ctx, tx,
	    "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, $1::int, 1, CURRENT_TIMESTAMP)",
	    id);
	return pg_commit(ctx, tx);
}

static void update_one(struct bench *bench)
{
	struct context ctx;
	context_init(&ctx, deadline_after(10 * CLOCK_SECOND));
	char id[24];
	(void)snprintf(id, sizeof(id), "%d", (int)(next_number(&bench->seed) % bench->rows) + 1);
	struct pg_tx *tx = pg_begin(&ctx, bench->pg);
	bench->done++;
	if (!tx || update_all(&ctx, tx, id) != 0)
		bench->failures++;
	context_done(&ctx);
}

static void worker(void *argument)
{
	struct bench *bench = argument;
	while (clock_monotonic() < bench->ends)
		bench->action(bench);
	bench->alive--;
}

static void measure(struct bench *bench, const char *name, void (*action)(struct bench *bench), unsigned workers)
{
	bench->done = 0;
	bench->action = action;
	bench->alive = workers;
	int64_t started = clock_monotonic();
	int64_t cpu = cpu_time();
	bench->ends = started + bench->duration;
	for (unsigned i = 0; i < workers; i++) {
		if (!co_spawn(name, worker, bench))
			exit(1);
	}
	while (bench->alive > 0)
		(void)co_sleep_until(deadline_after(10 * CLOCK_MILLISECOND));
	(void)printf("pg_%s_%u %.0f /s\n", name, workers,
		     (double)bench->done * CLOCK_SECOND / (double)(clock_monotonic() - started));
	(void)printf("pg_%s_cpu_%u %.2f us\n", name, workers, (double)(cpu_time() - cpu) / (double)bench->done);
}

static void run(void *argument)
{
	struct bench *bench = argument;
	bench->pg = pg_new(&(struct pg_options){.url = bench->url});
	if (!bench->pg) {
		(void)fprintf(stderr, "bench_pg: the url cannot be parsed\n");
		exit(2);
	}
	for (int i = 0; i < WARM_UP; i++)
		read_one(bench);
	measure(bench, "reads", read_one, 1);
	measure(bench, "reads", read_one, 16);
	measure(bench, "reads", read_one, 64);
	measure(bench, "transactions", update_one, 16);
	(void)printf("pg_failures %llu calls\n", (unsigned long long)bench->failures);
	pg_free(bench->pg);
}

int main(int argc, char **argv)
{
	struct bench bench = {.seed = 88172645463325252U, .rows = 100000};
	struct loop *loop = loop_new(&(struct loop_options){0});
	if (argc < 2 || !loop) {
		(void)fprintf(stderr, "usage: bench_pg URL [SECONDS]\n");
		return 2;
	}
	bench.url = argv[1];
	bench.duration = (argc > 2 ? strtol(argv[2], NULL, 10) : 3) * CLOCK_SECOND;
	if (!co_spawn("bench", run, &bench))
		return 1;
	loop_run_until_idle(loop);
	loop_free(loop);
	return bench.failures > 0;
}
