/* The server dies, refuses, comes back. Always on a private server, because it is killed. */
#include "base/fault.h"
#include "co/sync.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

static struct pg_server server;

static void with_server(void (*body)(struct context *ctx, struct pg *pg))
{
	pg_run(&(struct pg_options){.url = server.url, .lease_connections = 2, .queue_limit = 8}, body);
}

struct caller {
	struct pg *pg;
	const char *sql;
	bool write;
	int64_t answer;
	enum error_code error;
	bool done;
};

static void caller_run(void *argument)
{
	struct caller *caller = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	const struct pg_result *result =
	    caller->write ? pg_write(&ctx, caller->pg, caller->sql) : pg_read(&ctx, caller->pg, caller->sql);
	caller->answer = result ? pg_integer(result, 0, 0) : -1;
	caller->error = ctx.error.code;
	context_done(&ctx);
	caller->done = true;
}

static void start(struct co_group *group, struct caller *caller)
{
	assert_int_equal(co_group_start(group, "caller", caller_run, caller), 0);
}

/* True when a read gets through; any refusal on the way must be one of those a client may see. */
static bool answers(struct pg *pg)
{
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	bool answered = pg_read(&ctx, pg, "SELECT 1") && pg_write(&ctx, pg, "SELECT 1");
	if (!answered)
		assert_int_equal(ctx.error.code, ERROR_UNAVAILABLE);
	context_done(&ctx);
	return answered;
}

static void body_killed(struct context *ctx, struct pg *pg)
{
	struct caller read = {.pg = pg, .sql = "SELECT 1 FROM pg_sleep(600)"}, write = read;
	struct co_group *group = co_group_new(ctx);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 1"), 1);
	PG_RUN_UNTIL(ctx, pg_ready(pg));
	struct pg_tx *tx = pg_begin(ctx, pg);
	assert_non_null(pg_query(ctx, tx, "SELECT 1"));
	write.write = true;
	start(group, &read);
	start(group, &write);
	(void)co_sleep_until(deadline_after(20 * CLOCK_MILLISECOND));
	pg_server_kill(&server);
	PG_RUN_UNTIL(ctx, write.done && read.done);
	assert_int_equal(write.error, ERROR_UNAVAILABLE);
	assert_int_equal(read.error, ERROR_UNAVAILABLE);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_false(pg_ready(pg));
	assert_null(pg_query(ctx, tx, "SELECT 1"));
	assert_int_equal(ctx->error.code, ERROR_UNAVAILABLE);
	assert_true(ctx->error.cause[0] != '\0');
	error_clear(&ctx->error);
	assert_int_equal(pg_commit(ctx, tx), -1);
	error_clear(&ctx->error);
	assert_false(answers(pg));
	pg_server_launch(&server);
	PG_RUN_UNTIL(ctx, answers(pg));
	PG_RUN_UNTIL(ctx, pg_ready(pg));
}

static void test_the_server_is_killed_and_comes_back(void **state)
{
	(void)state;
	with_server(body_killed);
}

/* An administrator ends every back end: a read in flight is sent again, a write is not. */
static void body_terminated(struct context *ctx, struct pg *pg)
{
	struct caller read = {.pg = pg, .sql = "SELECT 5 FROM pg_sleep(0.3)"};
	struct caller write = {.pg = pg, .sql = "SELECT 5 FROM pg_sleep(0.3)", .write = true};
	struct co_group *group = co_group_new(ctx);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 1"), 1);
	pg_run_sql(ctx, pg, "SELECT 1");
	start(group, &write);
	start(group, &read);
	(void)co_sleep_until(deadline_after(20 * CLOCK_MILLISECOND));
	assert_non_null(pg_write(ctx, pg,
				 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
				 " AND application_name = 'eventloop'"));
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(read.error, ERROR_NONE);
	assert_int_equal(read.answer, 5);
	assert_int_equal(write.error, ERROR_UNAVAILABLE);
	PG_RUN_UNTIL(ctx, pg_ready(pg));
}

static void test_reads_are_sent_again_writes_are_not(void **state)
{
	(void)state;
	with_server(body_terminated);
}

/* A commit in one round trip with the statement before it, whose back end goes: where in the batch makes no odds. */
static void body_commit_cut_off(struct context *ctx, struct pg *pg)
{
	static const char cut[] = "SELECT pg_terminate_backend(pg_backend_pid())", other[] = "SELECT 1";
	for (int i = 0; i < 20; i++) {
		PG_RUN_UNTIL(ctx, answers(pg));
		struct pg_tx *tx = pg_begin(ctx, pg);
		assert_non_null(pg_query(ctx, tx, other));
		pg_queue(ctx, tx, i % 2 ? cut : other);
		pg_queue(ctx, tx, other);
		assert_null(pg_query_commit(ctx, tx, i % 2 ? other : cut));
		assert_string_equal(error_word(ctx->error.code), "unavailable");
		assert_string_equal(ctx->error.reason, "connection_lost");
		error_clear(&ctx->error);
	}
}

static void test_a_commit_that_is_cut_off_is_told_as_such(void **state)
{
	(void)state;
	with_server(body_commit_cut_off);
}

#ifdef EVENTLOOP_FAULTS
static void body_faults(struct context *ctx, struct pg *pg)
{
	static const char *const points[] = {"pg.send", "pg.lost"};
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		PG_RUN_UNTIL(ctx, answers(pg));
		fault_arm(points[i], 1);
		assert_int_equal(pg_run_number(ctx, pg, "SELECT 3"), 3); /* the caller hears nothing of it */
		PG_RUN_UNTIL(ctx, answers(pg));
		fault_arm(points[i], 1);
		assert_null(pg_write(ctx, pg, "SELECT 3"));
		assert_int_equal(ctx->error.code, ERROR_UNAVAILABLE);
		assert_string_equal(ctx->error.reason, "connection_lost");
		error_clear(&ctx->error);
	}
	PG_RUN_UNTIL(ctx, answers(pg));
}
#endif

/* Without a connection for writes the daemon is not ready, though it can read. */
#ifdef EVENTLOOP_FAULTS
static void body_only_reads(struct context *ctx, struct pg *pg)
{
	static const char end_others[] =
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
	    " AND application_name = 'eventloop'";
	PG_RUN_UNTIL(ctx, pg_ready(pg));
	fault_arm("pg.connect", -1);
	assert_non_null(pg_read(ctx, pg, end_others));
	ctx->deadline = deadline_after(10 * CLOCK_SECOND);
	PG_RUN_UNTIL(ctx, !pg_ready(pg));
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 1"), 1);
	fault_arm("pg.connect", 0);
	PG_RUN_UNTIL(ctx, pg_ready(pg));
}
#endif

static void test_ready_is_who_can_read_and_write(void **state)
{
	(void)state;
#ifdef EVENTLOOP_FAULTS
	with_server(body_only_reads);
#else
	skip();
#endif
}

static void test_faults_in_sending_and_reading(void **state)
{
	(void)state;
#ifdef EVENTLOOP_FAULTS
	with_server(body_faults);
#else
	skip();
#endif
}

static void body_refused(struct context *ctx, struct pg *pg)
{
	int64_t started = clock_monotonic();
	assert_false(pg_ready(pg));
	assert_null(pg_read(ctx, pg, "SELECT 1"));
	assert_int_equal(ctx->error.code, ERROR_UNAVAILABLE);
	assert_int_equal(ctx->error.retry_after_ms, 1000);
	error_clear(&ctx->error);
	assert_null(pg_write(ctx, pg, "SELECT 1"));
	assert_int_equal(ctx->error.code, ERROR_UNAVAILABLE);
	error_clear(&ctx->error);
	assert_null(pg_begin(ctx, pg));
	assert_int_equal(ctx->error.code, ERROR_UNAVAILABLE);
	assert_true(clock_monotonic() - started < PG_RUN_LIMIT / 2);
}

static void test_nobody_waits_long_for_a_server_that_is_not_there(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = "postgresql:///x?host=/nonexistent"}, body_refused);
}

/* pg_free under waiting callers. */
static void body_freed(struct context *ctx, struct pg *pg)
{
	struct pg *own = pg_new(&(struct pg_options){.url = server.url, .lease_connections = 1});
	struct caller callers[] = {
	    {.pg = own, .sql = "SELECT 1 FROM pg_sleep(600)"},
	    {.pg = own, .sql = "SELECT 1 FROM pg_sleep(600)", .write = true},
	    {.pg = own, .sql = "SELECT 1", .write = true},
	};
	struct co_group *group = co_group_new(ctx);
	(void)pg;
	assert_int_equal(pg_run_number(ctx, own, "SELECT 1"), 1);
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		start(group, &callers[i]);
	(void)co_sleep_until(deadline_after(20 * CLOCK_MILLISECOND));
	pg_free(own);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		assert_int_equal(callers[i].error, ERROR_UNAVAILABLE);
	pg_free(NULL);
}

static void test_freeing_wakes_everybody(void **state)
{
	(void)state;
	with_server(body_freed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_server_is_killed_and_comes_back),
	    cmocka_unit_test(test_reads_are_sent_again_writes_are_not),
	    cmocka_unit_test(test_a_commit_that_is_cut_off_is_told_as_such),
	    cmocka_unit_test(test_ready_is_who_can_read_and_write),
	    cmocka_unit_test(test_faults_in_sending_and_reading),
	    cmocka_unit_test(test_nobody_waits_long_for_a_server_that_is_not_there),
	    cmocka_unit_test(test_freeing_wakes_everybody),
	};
	pg_server_start(&server);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	pg_server_stop(&server);
	return failed;
}
