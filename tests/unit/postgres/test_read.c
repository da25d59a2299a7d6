#include "co/sync.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"
#include "telemetry/metrics.h"

#define MANY 100
#define CACHE_OVERFLOW 700

static const char *url;

static void with_one_connection(void (*body)(struct context *ctx, struct pg *pg))
{
	pg_run(&(struct pg_options){.url = url, .read_connections = 1, .lease_connections = 2}, body);
}

static void body_values(struct context *ctx, struct pg *pg)
{
	struct pg_result *result =
	    pg_read(ctx, pg, "SELECT $1::text, $2::int + 1, true, NULL::text, false, ''", "naïve", "41");
	pg_run_check(ctx);
	assert_int_equal(pg_count(result), 1);
	assert_string_equal(pg_text(result, 0, 0), "naïve");
	assert_int_equal(pg_length(result, 0, 0), 6);
	assert_int_equal(pg_integer(result, 0, 1), 42);
	assert_true(pg_boolean(result, 0, 2));
	assert_null(pg_text(result, 0, 3));
	assert_int_equal(pg_integer(result, 0, 3), 0);
	assert_false(pg_boolean(result, 0, 4));
	assert_string_equal(pg_text(result, 0, 5), "");
	result = pg_read(ctx, pg, "SELECT $1::text", NULL);
	pg_run_check(ctx);
	assert_null(pg_text(result, 0, 0));
	result = pg_read(ctx, pg, "SELECT 1 WHERE false");
	assert_int_equal(pg_count(result), 0);
}

static void test_values_travel_both_ways(void **state)
{
	(void)state;
	with_one_connection(body_values);
}

/* One of many readers. */
struct reader {
	struct pg *pg;
	int number;
	enum error_code error;
	int64_t answer;
	char sqlstate[6];
	const char *sql;
};

static void reader_run(void *argument)
{
	struct reader *reader = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	char number[16];
	(void)snprintf(number, sizeof(number), "%d", reader->number);
	struct pg_result *result = pg_read(&ctx, reader->pg, reader->sql, number);
	reader->answer = result ? pg_integer(result, 0, 0) : -1;
	reader->error = ctx.error.code;
	memcpy(reader->sqlstate, ctx.error.sqlstate, sizeof(reader->sqlstate));
	context_done(&ctx);
}

static void run_readers(struct context *ctx, struct pg *pg, struct reader *readers)
{
	struct co_group *group = co_group_new(ctx);
	for (int i = 0; i < MANY; i++) {
		readers[i].pg = pg;
		readers[i].number = i;
		assert_int_equal(co_group_start(group, "reader", reader_run, &readers[i]), 0);
	}
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
}

static void body_many(struct context *ctx, struct pg *pg)
{
	static struct reader readers[MANY];
	for (int i = 0; i < MANY; i++)
		readers[i].sql = "SELECT 2 * $1::int";
	run_readers(ctx, pg, readers);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(readers[i].error, ERROR_NONE);
		assert_int_equal(readers[i].answer, 2 * i);
	}
	PG_RUN_UNTIL(ctx, pg_run_number(ctx, pg,
					"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
					" AND application_name = 'eventloop'") == 2);
}

static void test_many_reads_share_one_connection(void **state)
{
	(void)state;
	with_one_connection(body_many);
}

/* A division by zero for every number that ends in 7; the neighbours travel in the same batch. */
static void body_mixed(struct context *ctx, struct pg *pg)
{
	static struct reader readers[MANY];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			readers[i].sql = i % 10 == 7 ? "SELECT 1 / ($1::int - $1::int)" : "SELECT $1::int + 1";
		run_readers(ctx, pg, readers);
		for (int i = 0; i < MANY; i++) {
			assert_int_equal(readers[i].error, i % 10 == 7 ? ERROR_INTERNAL : ERROR_NONE);
			assert_int_equal(readers[i].answer, i % 10 == 7 ? -1 : i + 1);
			assert_string_equal(readers[i].sqlstate, i % 10 == 7 ? "22012" : "");
		}
	}
}

static void test_a_failing_read_does_not_touch_its_neighbours(void **state)
{
	(void)state;
	with_one_connection(body_mixed);
}

/* The statement cannot even be prepared, and several want it at once. */
static void body_unpreparable(struct context *ctx, struct pg *pg)
{
	static struct reader readers[MANY];
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			readers[i].sql = i % 3 == 0 ? "SELECT no_such_column, $1::int" : "SELECT $1::int + 2";
		run_readers(ctx, pg, readers);
		for (int i = 0; i < MANY; i++) {
			assert_int_equal(readers[i].error, i % 3 == 0 ? ERROR_INTERNAL : ERROR_NONE);
			assert_string_equal(readers[i].sqlstate, i % 3 == 0 ? "42703" : "");
			assert_int_equal(readers[i].answer, i % 3 == 0 ? -1 : i + 2);
		}
	}
}

static void test_a_statement_that_cannot_be_prepared(void **state)
{
	(void)state;
	with_one_connection(body_unpreparable);
}

static void body_server_message(struct context *ctx, struct pg *pg)
{
	assert_null(pg_read(ctx, pg, "SELECT nobody_knows_this()"));
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	assert_string_equal(ctx->error.sqlstate, "42883");
	assert_non_null(strstr(ctx->error.cause, "nobody_knows_this"));
	assert_null(strstr(ctx->error.message, "nobody_knows_this"));
	error_clear(&ctx->error);
	assert_null(pg_read(ctx, pg, "SELECT $1::int", "not a number"));
	assert_string_equal(ctx->error.sqlstate, "22P02");
	error_clear(&ctx->error);
	assert_null(pg_read(ctx, pg, "SELECT $1::int")); /* a value too few */
	assert_string_equal(ctx->error.sqlstate, "08P01");
	error_clear(&ctx->error);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 5"), 5);
}

static void test_the_servers_words_stay_in_the_cause(void **state)
{
	(void)state;
	with_one_connection(body_server_message);
}

static void body_eviction(struct context *ctx, struct pg *pg)
{
	char sql[64];
	for (int i = 0; i < CACHE_OVERFLOW; i++) {
		/* The same memory with other text: statements are known by what they say. */
		(void)snprintf(sql, sizeof(sql), "SELECT %d", i);
		struct context one;
		context_init(&one, ctx->deadline);
		const struct pg_result *result = pg_read(&one, pg, sql);
		pg_run_check(&one);
		assert_int_equal(pg_integer(result, 0, 0), i);
		context_done(&one);
	}
	assert_in_range(pg_run_number(ctx, pg, "SELECT count(*) FROM pg_prepared_statements"), 500, 513);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 0"), 0);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 699"), 699);
}

static void test_prepared_statements_are_bounded(void **state)
{
	(void)state;
	with_one_connection(body_eviction);
}

static void body_altered(struct context *ctx, struct pg *pg)
{
	const char *sql = "SELECT * FROM altered";
	pg_run_sql(ctx, pg, "CREATE TABLE altered AS SELECT 1 AS a");
	assert_int_equal(pg_count(pg_read(ctx, pg, sql)), 1);
	pg_run_sql(ctx, pg, "ALTER TABLE altered ADD COLUMN b text DEFAULT 'new'");
	const struct pg_result *result = pg_read(ctx, pg, sql);
	pg_run_check(ctx);
	assert_string_equal(pg_text(result, 0, 1), "new");
}

static void test_a_plan_out_of_date_is_made_anew(void **state)
{
	(void)state;
	with_one_connection(body_altered);
}

static void sleeper_run(void *argument)
{
	struct reader *reader = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(reader->number * CLOCK_MILLISECOND));
	reader->answer = pg_read(&ctx, reader->pg, reader->sql) != NULL;
	reader->error = ctx.error.code;
	context_done(&ctx);
}

/* The caller gives up; the query is cancelled behind its back and the connection serves on. */
static void body_deadline(struct context *ctx, struct pg *pg)
{
	struct reader sleeper = {.pg = pg, .number = 60, .sql = "SELECT 1 FROM pg_sleep(600)"};
	struct co_group *group = co_group_new(ctx);
	int64_t backend = pg_run_number(ctx, pg, "SELECT pg_backend_pid()");
	assert_int_equal(co_group_start(group, "sleeper", sleeper_run, &sleeper), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(sleeper.error, ERROR_DEADLINE_EXCEEDED);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 7"), 7);
	PG_RUN_UNTIL(ctx, pg_run_number(ctx, pg,
					"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
					" query LIKE '%pg_sleep(6__)' AND state = 'active'") == 0);
	PG_RUN_UNTIL(ctx, pg_run_number(ctx, pg, "SELECT pg_backend_pid()") == backend);
}

static void test_an_abandoned_read_is_cancelled(void **state)
{
	(void)state;
	with_one_connection(body_deadline);
}

/* A read that takes its time, and whose caller waits: the others go round it. */
static void body_stuck(struct context *ctx, struct pg *pg)
{
	struct reader sleeper = {.pg = pg, .number = 60000, .sql = "SELECT 1 FROM pg_advisory_xact_lock(77)"};
	struct co_group *group = co_group_new(ctx);
	pg_run_sql(ctx, pg, "SELECT 1");
	struct pg_tx *tx = pg_begin(ctx, pg);
	assert_non_null(pg_query(ctx, tx, "SELECT 1 FROM pg_advisory_xact_lock(77)"));
	assert_int_equal(co_group_start(group, "sleeper", sleeper_run, &sleeper), 0);
	co_yield ();
	for (int i = 0; i < 20; i++)
		assert_int_equal(pg_run_number(ctx, pg, "SELECT 8"), 8);
	assert_int_equal(sleeper.answer, 0);
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(sleeper.error, ERROR_NONE);
	assert_int_equal(sleeper.answer, 1);
}

static void test_a_slow_read_does_not_block_the_others(void **state)
{
	(void)state;
	with_one_connection(body_stuck);
}

static void body_overloaded(struct context *ctx, struct pg *pg)
{
	static struct reader readers[MANY];
	int overloaded = 0;
	for (int i = 0; i < MANY; i++)
		readers[i].sql = "SELECT $1::int";
	run_readers(ctx, pg, readers);
	for (int i = 0; i < MANY; i++)
		overloaded += readers[i].error == ERROR_OVERLOADED;
	assert_int_equal(overloaded, MANY - 10);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 1"), 1);
}

static void test_a_full_queue_is_refused_at_once(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url, .queue_limit = 10}, body_overloaded);
}

static void body_cancel(struct context *ctx, struct pg *pg)
{
	struct reader sleeper = {.pg = pg, .number = 60000, .sql = "SELECT 1 FROM pg_sleep(600)"};
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 1"), 1);
	struct co *co = co_spawn("sleeper", sleeper_run, &sleeper);
	assert_non_null(co);
	co_yield ();
	co_yield ();
	co_cancel(co);
	PG_RUN_UNTIL(ctx, sleeper.error != ERROR_NONE);
	assert_int_equal(sleeper.error, ERROR_UNAVAILABLE);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT 9"), 9);
}

static void test_a_cancelled_caller_leaves_the_connection_usable(void **state)
{
	(void)state;
	with_one_connection(body_cancel);
}

static void test_a_url_that_cannot_be_parsed(void **state)
{
	struct loop *loop = loop_new(&(struct loop_options){0});
	(void)state;
	assert_null(pg_new(&(struct pg_options){.url = "postgresql://h?no_such_option=1"}));
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_travel_both_ways),
	    cmocka_unit_test(test_many_reads_share_one_connection),
	    cmocka_unit_test(test_a_failing_read_does_not_touch_its_neighbours),
	    cmocka_unit_test(test_a_statement_that_cannot_be_prepared),
	    cmocka_unit_test(test_the_servers_words_stay_in_the_cause),
	    cmocka_unit_test(test_prepared_statements_are_bounded),
	    cmocka_unit_test(test_a_plan_out_of_date_is_made_anew),
	    cmocka_unit_test(test_an_abandoned_read_is_cancelled),
	    cmocka_unit_test(test_a_slow_read_does_not_block_the_others),
	    cmocka_unit_test(test_a_full_queue_is_refused_at_once),
	    cmocka_unit_test(test_a_cancelled_caller_leaves_the_connection_usable),
	    cmocka_unit_test(test_a_url_that_cannot_be_parsed),
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
