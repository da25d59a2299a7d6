/* Background jobs: batches, places, beginning anew, failures. */
#include "outbox/background_job.h"

#include "rpc/write_fixture.h"
#include "telemetry/metrics.h"

static struct pg *db;
static const char *url;

/* What the toy's batches do: a job of key "7" writes the numbers 1 to 7 into `done`, three a batch at most. */
static int batches, fail_times, largest, smallest;
static bool ask_again; /* in the middle of the first batch the job is asked for again */

static int count_up(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		    const char **ret_position)
{
	struct context *ctx = call->ctx;
	long from = strtol(job->position, NULL, 10), end = strtol(job->key, NULL, 10);
	long to = from + 3 < end ? from + 3 : end;
	batches++;
	largest = job->rows > largest ? job->rows : largest;
	smallest = job->rows < smallest ? job->rows : smallest;
	for (long n = from + 1; n <= to; n++)
		pg_queue(ctx, tx, "INSERT INTO done (key, n, details) VALUES ($1, $2, $3)", job->key,
			 arena_printf(&ctx->arena, "%ld", n), job->details);
	if (ask_again) {
		struct rpc_call other = write_call(ctx, db, "{}");
		struct pg_tx *own = pg_begin(ctx, db);
		ask_again = false;
		background_job_queue(&other, own, "count", job->key, "again");
		assert_int_equal(pg_commit(ctx, own), 0);
	}
	if (fail_times > 0 && fail_times--)
		return context_fail(ctx, ERROR_PRECONDITION_FAILED, "rule", "not now");
	*ret_position = to < end ? arena_printf(&ctx->arena, "%ld", to) : NULL;
	return 0;
}

static const struct background_job_step delete_steps[] = {
    {"WITH batch AS (SELECT n FROM done WHERE key = $1 AND n > coalesce(nullif($3, '')::bigint, 0) ORDER BY n LIMIT "
     "$2::bigint), gone AS (DELETE FROM done WHERE key = $1 AND n IN (SELECT n FROM batch)) "
     "SELECT count(*), max(n)::text FROM batch",
     false},
    {"WITH batch AS (SELECT n FROM done WHERE details = $1 AND $3::text IS NOT NULL LIMIT $2::bigint), "
     "gone AS (UPDATE done SET details = '' WHERE n IN (SELECT n FROM batch)) SELECT count(*), '' FROM batch",
     true},
};

static int delete_all(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		      const char **ret_position)
{
	batches++;
	return background_job_steps(call, tx, job, delete_steps, ARRAY_SIZE(delete_steps), ret_position);
}

static const struct background_job_kind kinds[] = {{"count", count_up}, {"delete", delete_all}, {NULL, NULL}};

static void open_jobs(struct context *ctx)
{
	url = url ? url : write_database(ctx);
	db = write_pg(url, 4);
	(void)write_sql(ctx, db, "TRUNCATE background_job");
	(void)write_sql(ctx, db, "DROP TABLE IF EXISTS done");
	(void)write_sql(ctx, db,
			"CREATE TABLE done (place bigint GENERATED ALWAYS AS IDENTITY, key text, n bigint, "
			"details text)");
	background_job_kinds(kinds);
	batches = fail_times = largest = 0;
	smallest = BACKGROUND_JOB_ROWS;
	ask_again = false;
}

static struct background_worker *start_worker(struct context *ctx)
{
	struct rpc_call prototype = write_call(ctx, db, "{}");
	struct background_worker *worker = background_worker_new(&prototype);
	assert_non_null(worker);
	return worker;
}

static void ask(struct context *ctx, const char *kind, const char *key, const char *details)
{
	struct rpc_call call = write_call(ctx, db, "{}");
	struct pg_tx *tx = pg_begin(ctx, db);
	background_job_queue(&call, tx, kind, key, details);
	assert_int_equal(pg_commit(ctx, tx), 0);
}

static void await_no_jobs(struct context *ctx)
{
	while (write_number(ctx, db, "SELECT count(*) FROM background_job") > 0)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
}

static void assert_done(struct context *ctx, const char *key, const char *expected)
{
	struct pg_result *row = pg_read(
	    ctx, db, "SELECT coalesce(string_agg(n || details, ' ' ORDER BY place), '') FROM done WHERE key = $1", key);
	write_check(ctx);
	assert_string_equal(pg_text(row, 0, 0), expected);
}

WRITE_TEST(does_jobs_in_batches_round_robin)
{
	open_jobs(ctx);
	ask(ctx, "count", "7", "a");
	ask(ctx, "count", "4", NULL);
	struct background_worker *worker = start_worker(ctx);
	await_no_jobs(ctx);
	assert_done(ctx, "7", "1a 2a 3a 4a 5a 6a 7a");
	assert_done(ctx, "4", "1 2 3 4");
	assert_int_equal(batches, 5);
	/* neither waits for the other's end */
	assert_true(write_number(ctx, db, "SELECT min(place) FROM done WHERE key = '4'") <
		    write_number(ctx, db, "SELECT max(place) FROM done WHERE key = '7'"));
	background_worker_free(worker);
	pg_free(db);
}

/* What has been done before an end of any kind is not done again; what is unknown here waits for whoever knows it. */
WRITE_TEST(goes_on_where_it_was)
{
	open_jobs(ctx);
	ask(ctx, "count", "7", NULL);
	ask(ctx, "of a later version", "7", NULL);
	(void)write_sql(ctx, db, "UPDATE background_job SET position = '5' WHERE kind = 'count'");
	struct background_worker *worker = start_worker(ctx);
	while (write_number(ctx, db, "SELECT count(*) FROM background_job") > 1)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	assert_done(ctx, "7", "6 7");
	background_worker_free(worker);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM background_job"), 1);
	pg_free(db);
}

WRITE_TEST(begins_anew_when_asked_again)
{
	open_jobs(ctx);
	ask_again = true;
	ask(ctx, "count", "4", "-");
	struct background_worker *worker = start_worker(ctx);
	await_no_jobs(ctx);
	assert_done(ctx, "4", "1- 2- 3- 1again 2again 3again 4again");
	background_worker_free(worker);
	pg_free(db);
}

/* What failed before it was asked for again puts nothing off: the new job is done at once and in whole batches. */
WRITE_TEST(is_not_put_off_by_an_earlier_failure)
{
	open_jobs(ctx);
	ask_again = true;
	fail_times = 1;
	ask(ctx, "count", "2", "-");
	struct background_worker *worker = start_worker(ctx);
	await_no_jobs(ctx);
	assert_done(ctx, "2", "1again 2again");
	assert_int_equal(batches, 2);
	assert_int_equal(smallest, BACKGROUND_JOB_ROWS);
	background_worker_free(worker);
	pg_free(db);
}

static void assert_failures(const char *expected)
{
	struct buffer metrics;
	buffer_init(&metrics, (size_t)1 << 20);
	metrics_render(&metrics);
	assert_non_null(strstr(buffer_text(&metrics), expected));
	buffer_done(&metrics);
}

/* A batch that fails leaves nothing behind; it comes again, smaller, and others do not wait for it. */
WRITE_TEST(tries_again_what_failed)
{
	open_jobs(ctx);
	fail_times = 1;
	ask(ctx, "count", "2", NULL);
	struct background_worker *worker = start_worker(ctx);
	while (write_number(ctx, db,
			    "SELECT count(*) FROM background_job WHERE attempts = 1 AND "
			    "reason = 'precondition_failed: not now'") == 0)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	assert_done(ctx, "2", "");
	ask(ctx, "count", "1", NULL);
	await_no_jobs(ctx);
	assert_done(ctx, "2", "1 2");
	assert_true(write_number(ctx, db, "SELECT max(place) FROM done WHERE key = '1'") <
		    write_number(ctx, db, "SELECT min(place) FROM done WHERE key = '2'"));
	assert_int_equal(largest, BACKGROUND_JOB_ROWS);
	assert_int_equal(smallest, BACKGROUND_JOB_ROWS / 2);
	assert_failures("eventloop_background_job_failures_total{kind=\"count\"} 1\n");
	assert_failures("eventloop_background_job_failures_total{kind=\"delete\"} 0\n");
	background_worker_free(worker);
	pg_free(db);
}

/* Two workers, as of two replicas: of one job one batch at a time. */
WRITE_TEST(shares_with_other_workers)
{
	open_jobs(ctx);
	for (int key = 10; key < 20; key++)
		ask(ctx, "count", arena_printf(&ctx->arena, "%d", key), NULL);
	struct background_worker *one = start_worker(ctx);
	struct background_worker *other = start_worker(ctx);
	await_no_jobs(ctx);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM done"), 145);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM (SELECT DISTINCT key, n FROM done) d"), 145);
	background_worker_free(one);
	background_worker_free(other);
	pg_free(db);
}

/* The first batch at once, in the caller's transaction; a job only for what is left. */
WRITE_TEST(starts_at_once)
{
	struct rpc_call call = write_call(ctx, db, "{}");
	open_jobs(ctx);
	(void)write_sql(ctx, db, "INSERT INTO done (key, n, details) SELECT 'k', n, '' FROM generate_series(1, 400) n");
	(void)write_sql(ctx, db,
			"INSERT INTO done (key, n, details) SELECT 'l', n, 'x' FROM generate_series(1, 700) n");
	call.db = db;
	struct pg_tx *tx = pg_begin(ctx, db);
	assert_int_equal(background_job_start(&call, tx, "delete", "k", "x"), 0);
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM done WHERE key = 'k'"), 0);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM done WHERE details = 'x'"), 600);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM background_job"), 1);
	struct background_worker *worker = start_worker(ctx);
	await_no_jobs(ctx);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM done WHERE details = 'x'"), 0);
	assert_int_equal(batches, 3);
	background_worker_free(worker);
	tx = pg_begin(ctx, db);
	assert_int_equal(background_job_start(&call, tx, "delete", "k", "x"), 0);
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM background_job"), 0);
	pg_free(db);
}

#define NOTHING                                   \
	{                                         \
		"SELECT 0, $1 || $2 || $3", false \
	}

WRITE_TEST(has_any_number_of_steps)
{
	static const struct background_job_step steps[] = {
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    NOTHING,
	    {"WITH made AS (INSERT INTO done (key, n, details) VALUES ($1, $2::bigint, $3) RETURNING n) "
	     "SELECT count(*), '' FROM made",
	     false},
	};
	const struct background_job job = {.key = "k", .details = "", .position = "10 last", .rows = 7};
	open_jobs(ctx);
	struct rpc_call call = write_call(ctx, db, "{}");
	struct pg_tx *tx = pg_begin(ctx, db);
	const char *position = "";
	assert_int_equal(background_job_steps(&call, tx, &job, steps, ARRAY_SIZE(steps), &position), 0);
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_null(position);
	assert_done(ctx, "k", "7last");
	pg_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(does_jobs_in_batches_round_robin),
	    cmocka_unit_test(goes_on_where_it_was),
	    cmocka_unit_test(begins_anew_when_asked_again),
	    cmocka_unit_test(tries_again_what_failed),
	    cmocka_unit_test(shares_with_other_workers),
	    cmocka_unit_test(starts_at_once),
	    cmocka_unit_test(is_not_put_off_by_an_earlier_failure),
	    cmocka_unit_test(has_any_number_of_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
