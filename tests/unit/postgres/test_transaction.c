#include "co/sync.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

static const char *url;

static void with_leases(size_t leases, void (*body)(struct context *ctx, struct pg *pg))
{
	pg_run(&(struct pg_options){.url = url, .lease_connections = leases, .queue_limit = 8}, body);
}

static void make_table(struct context *ctx, struct pg *pg)
{
	pg_run_sql(ctx, pg, "DROP TABLE IF EXISTS account");
	pg_run_sql(ctx, pg,
		   "CREATE TABLE account (id int CONSTRAINT account_key PRIMARY KEY, amount int NOT NULL CONSTRAINT"
		   " amount_positive CHECK (amount >= 0), parent int CONSTRAINT account_parent REFERENCES account"
		   " DEFERRABLE INITIALLY DEFERRED)");
	pg_run_sql(ctx, pg, "INSERT INTO account SELECT i, 100 FROM generate_series(1, 10) i");
}

static int64_t accounts(struct context *ctx, struct pg *pg)
{
	return pg_run_number(ctx, pg, "SELECT count(*) FROM account");
}

static void body_write(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	const struct pg_result *result =
	    pg_write(ctx, pg, "UPDATE account SET amount = amount + $1::int WHERE id <= $2::int", "5", "4");
	pg_run_check(ctx);
	assert_int_equal(pg_count(result), 4);
	result = pg_write(ctx, pg, "INSERT INTO account VALUES (11, 1) RETURNING id");
	assert_int_equal(pg_integer(result, 0, 0), 11);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT sum(amount) FROM account"), 1021);
}

static void test_a_write_commits_by_itself(void **state)
{
	(void)state;
	with_leases(1, body_write);
}

static void body_violation(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	assert_null(pg_write(ctx, pg, "INSERT INTO account VALUES (1, 1)"));
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	assert_string_equal(ctx->error.sqlstate, "23505");
	assert_true(pg_violated(ctx, "account_key"));
	assert_true(pg_violated(ctx, NULL));
	assert_false(pg_violated(ctx, "amount_positive"));
	error_clear(&ctx->error);
	assert_false(pg_violated(ctx, NULL));
	assert_null(pg_write(ctx, pg, "UPDATE account SET amount = -1 WHERE id = $1::int", "1"));
	assert_true(pg_violated(ctx, "amount_positive"));
	error_clear(&ctx->error);
	/* This one is found only by the commit that the Sync brings. */
	assert_null(pg_write(ctx, pg, "INSERT INTO account VALUES (20, 1, 999)"));
	assert_true(pg_violated(ctx, "account_parent"));
	error_clear(&ctx->error);
	assert_int_equal(accounts(ctx, pg), 10);
	pg_run_sql(ctx, pg, "INSERT INTO account VALUES (21, 1, 1)");
}

static void test_violations_are_named(void **state)
{
	(void)state;
	with_leases(1, body_violation);
}

static void body_commit(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	struct pg_tx *tx = pg_begin(ctx, pg);
	pg_queue(ctx, tx, "UPDATE account SET amount = amount - $1::int WHERE id = 1", "30");
	pg_queue(ctx, tx, "UPDATE account SET amount = amount + $1::int WHERE id = 2", "30");
	const struct pg_result *result = pg_query(ctx, tx, "SELECT amount FROM account WHERE id = $1::int", "2");
	pg_run_check(ctx);
	assert_int_equal(pg_integer(result, 0, 0), 130);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT amount FROM account WHERE id = 2"), 100);
	pg_queue(ctx, tx, "INSERT INTO account VALUES (12, 12)");
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT amount FROM account WHERE id = 2"), 130);
	assert_int_equal(accounts(ctx, pg), 11);
	/* One with nothing in it, and one with queued statements only. */
	tx = pg_begin(ctx, pg);
	assert_int_equal(pg_commit(ctx, tx), 0);
	tx = pg_begin(ctx, pg);
	pg_queue(ctx, tx, "DELETE FROM account WHERE id = 12");
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(accounts(ctx, pg), 10);
}

static void test_a_transaction_commits_as_a_whole(void **state)
{
	(void)state;
	with_leases(1, body_commit);
}

static void forget_one(void *argument)
{
	struct pg *pg = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	struct pg_tx *tx = pg_begin(&ctx, pg);
	assert_non_null(pg_query(&ctx, tx, "DELETE FROM account"));
	context_done(&ctx);
}

static void body_rollback(struct context *ctx, struct pg *pg)
{
	struct co_group *group = co_group_new(ctx);
	make_table(ctx, pg);
	struct pg_tx *tx = pg_begin(ctx, pg);
	assert_non_null(pg_query(ctx, tx, "DELETE FROM account WHERE id > $1::int", "5"));
	pg_rollback(tx);
	assert_int_equal(accounts(ctx, pg), 10);
	tx = pg_begin(ctx, pg); /* never flushed */
	pg_queue(ctx, tx, "DELETE FROM account");
	pg_rollback(tx);
	pg_rollback(NULL);
	assert_int_equal(co_group_start(group, "forgetful", forget_one, pg), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(accounts(ctx, pg), 10);
	pg_run_sql(ctx, pg, "INSERT INTO account VALUES (13, 1)"); /* the only lease serves on */
	assert_int_equal(accounts(ctx, pg), 11);
}

static void test_rolled_back_and_forgotten_transactions(void **state)
{
	(void)state;
	with_leases(1, body_rollback);
}

static void body_failed(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	struct pg_tx *tx = pg_begin(ctx, pg);
	pg_queue(ctx, tx, "INSERT INTO account VALUES (30, 1)");
	assert_null(pg_query(ctx, tx, "INSERT INTO account VALUES (1, 1)"));
	assert_true(pg_violated(ctx, "account_key"));
	error_clear(&ctx->error);
	assert_null(pg_query(ctx, tx, "SELECT 1"));
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	error_clear(&ctx->error);
	assert_int_equal(pg_commit(ctx, tx), -1); /* clearing the error does not make it good */
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	error_clear(&ctx->error);
	/* A queued statement fails: the next one to wait gets its error, here the query, there the commit. */
	tx = pg_begin(ctx, pg);
	pg_queue(ctx, tx, "UPDATE account SET amount = -5 WHERE id = 1");
	pg_queue(ctx, tx, "INSERT INTO account VALUES (1, 1)");
	assert_null(pg_query(ctx, tx, "SELECT count(*) FROM account"));
	assert_true(pg_violated(ctx, "amount_positive"));
	error_clear(&ctx->error);
	pg_rollback(tx);
	tx = pg_begin(ctx, pg);
	pg_queue(ctx, tx, "INSERT INTO account VALUES (31, 1)");
	pg_queue(ctx, tx, "INSERT INTO no_such_table VALUES (1)");
	assert_int_equal(pg_commit(ctx, tx), -1);
	assert_string_equal(ctx->error.sqlstate, "42P01");
	error_clear(&ctx->error);
	tx = pg_begin(ctx, pg); /* the deferred constraint speaks at the commit */
	pg_queue(ctx, tx, "INSERT INTO account VALUES (32, 1, 999)");
	assert_int_equal(pg_commit(ctx, tx), -1);
	assert_true(pg_violated(ctx, "account_parent"));
	error_clear(&ctx->error);
	assert_int_equal(accounts(ctx, pg), 10);
}

static void test_a_failed_transaction_leaves_nothing(void **state)
{
	(void)state;
	with_leases(1, body_failed);
}

/* Two that lock in opposite order; each waits until the other holds its first row. */
struct fighter {
	struct pg *pg;
	const char *first, *second;
	int *ready;
	enum error_code error;
	char reason[40];
};

static void fighter_run(void *argument)
{
	static const char lock[] = "SELECT 1 FROM account WHERE id = $1::int FOR UPDATE";
	struct fighter *fighter = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	struct pg_tx *tx = pg_begin(&ctx, fighter->pg);
	assert_non_null(pg_query(&ctx, tx, lock, fighter->first));
	++*fighter->ready;
	PG_RUN_UNTIL(&ctx, *fighter->ready == 2);
	if (pg_query(&ctx, tx, lock, fighter->second))
		assert_int_equal(pg_commit(&ctx, tx), 0);
	fighter->error = ctx.error.code;
	memcpy(fighter->reason, ctx.error.reason, sizeof(fighter->reason));
	context_done(&ctx);
}

static void body_deadlock(struct context *ctx, struct pg *pg)
{
	int ready = 0;
	struct fighter a = {pg, "1", "2", &ready, 0, ""}, b = {pg, "2", "1", &ready, 0, ""};
	struct co_group *group = co_group_new(ctx);
	make_table(ctx, pg);
	assert_int_equal(co_group_start(group, "a", fighter_run, &a), 0);
	assert_int_equal(co_group_start(group, "b", fighter_run, &b), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	const struct fighter *loser = a.error != ERROR_NONE ? &a : &b;
	assert_int_equal(a.error + b.error, ERROR_CONFLICT);
	assert_string_equal(loser->reason, "deadlock");
}

static void test_a_deadlock_is_a_conflict(void **state)
{
	(void)state;
	with_leases(2, body_deadlock);
}

enum sleep { SLEEP_ALONE, SLEEP_IN_TRANSACTION, SLEEP_WITH_COMMIT, SLEEPS };

struct sleeper {
	struct pg *pg;
	int64_t limit;
	enum sleep sleep;
	enum error_code error;
};

static void sleeper_run(void *argument)
{
	struct sleeper *sleeper = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(sleeper->limit));
	if (sleeper->sleep == SLEEP_ALONE) {
		assert_null(pg_write(&ctx, sleeper->pg, "SELECT pg_sleep(600)"));
	} else {
		struct pg_tx *tx = pg_begin(&ctx, sleeper->pg);
		pg_queue(&ctx, tx, "DELETE FROM account");
		if (sleeper->sleep == SLEEP_WITH_COMMIT)
			assert_null(pg_query_commit(&ctx, tx, "SELECT pg_sleep(600)"));
		else
			assert_null(pg_query(&ctx, tx, "SELECT pg_sleep(600)"));
	}
	sleeper->error = ctx.error.code;
	context_done(&ctx);
}

static void body_deadline(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	int64_t backend = pg_integer(pg_write(ctx, pg, "SELECT pg_backend_pid()"), 0, 0);
	for (int i = 0; i < 2 * SLEEPS; i++) {
		struct sleeper sleeper = {.pg = pg, .limit = 40 * CLOCK_MILLISECOND, .sleep = (enum sleep)(i % SLEEPS)};
		struct co_group *group = co_group_new(ctx);
		assert_int_equal(co_group_start(group, "sleeper", sleeper_run, &sleeper), 0);
		assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
		assert_int_equal(sleeper.error, ERROR_DEADLINE_EXCEEDED);
		/* The only lease: cancelled, drained, rolled back, and the same back end serves on. */
		assert_int_equal(pg_integer(pg_write(ctx, pg, "SELECT pg_backend_pid()"), 0, 0), backend);
		assert_int_equal(accounts(ctx, pg), 10);
	}
}

static void test_deadline_in_mid_query(void **state)
{
	(void)state;
	with_leases(1, body_deadline);
}

static void body_cancel(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	for (int i = 0; i < SLEEPS; i++) {
		struct sleeper sleeper = {.pg = pg, .limit = PG_RUN_LIMIT, .sleep = (enum sleep)i};
		struct co *co = co_spawn("sleeper", sleeper_run, &sleeper);
		assert_non_null(co);
		PG_RUN_UNTIL(ctx, pg_run_number(ctx, pg,
						"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND"
						" datname = current_database() AND query LIKE '%pg_sleep(6__)'") == 1);
		co_cancel(co);
		PG_RUN_UNTIL(ctx, sleeper.error != ERROR_NONE);
		assert_int_equal(sleeper.error, ERROR_UNAVAILABLE);
		pg_run_sql(ctx, pg, "SELECT 1");
		assert_int_equal(accounts(ctx, pg), 10);
	}
}

static void test_cancel_in_mid_query(void **state)
{
	(void)state;
	with_leases(1, body_cancel);
}

struct writer {
	struct pg *pg;
	int64_t limit;
	enum error_code error;
};

static void writer_run(void *argument)
{
	struct writer *writer = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(writer->limit));
	if (pg_write(&ctx, writer->pg, "UPDATE account SET amount = amount + 1 WHERE id = 1"))
		assert_int_equal(ctx.error.code, ERROR_NONE);
	writer->error = ctx.error.code;
	context_done(&ctx);
}

/* The queue holds 8. The 9th is refused at once, the 8th leaves by its deadline, seven are served in turn. */
static void body_full(struct context *ctx, struct pg *pg)
{
	struct co_group *group = co_group_new(ctx);
	make_table(ctx, pg);
	struct pg_tx *tx = pg_begin(ctx, pg);
	struct writer writers[9];
	for (int i = 0; i < 9; i++) {
		writers[i] = (struct writer){pg, i == 7 ? 30 * CLOCK_MILLISECOND : PG_RUN_LIMIT, ERROR_NONE};
		assert_int_equal(co_group_start(group, "writer", writer_run, &writers[i]), 0);
	}
	PG_RUN_UNTIL(ctx, writers[7].error != ERROR_NONE);
	assert_int_equal(writers[7].error, ERROR_DEADLINE_EXCEEDED);
	assert_int_equal(writers[8].error, ERROR_OVERLOADED);
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	for (int i = 0; i < 7; i++)
		assert_int_equal(writers[i].error, ERROR_NONE);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT amount FROM account WHERE id = 1"), 107);
}

static void test_a_full_lease_queue_is_overloaded(void **state)
{
	(void)state;
	with_leases(1, body_full);
}

static void body_large(struct context *ctx, struct pg *pg)
{
	enum { SIZE = 300000, COUNT = 40 };
	char *text = malloc(SIZE + 1);
	memset(text, 'x', SIZE);
	text[SIZE] = '\0';
	pg_run_sql(ctx, pg, "DROP TABLE IF EXISTS large");
	pg_run_sql(ctx, pg, "CREATE TABLE large (body text)");
	struct pg_tx *tx = pg_begin(ctx, pg);
	for (int i = 0; i < COUNT; i++)
		pg_queue(ctx, tx, "INSERT INTO large VALUES ($1::text) RETURNING body", text);
	assert_int_equal(pg_commit(ctx, tx), 0);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT sum(length(body)) FROM large"), (int64_t)SIZE * COUNT);
	free(text);
}

static void test_more_than_the_socket_takes_at_once(void **state)
{
	(void)state;
	with_leases(1, body_large);
}

static void body_eviction(struct context *ctx, struct pg *pg)
{
	const struct pg_result *result;
	char sql[64];
	for (int i = 0; i < 700; i++) {
		struct context one;
		context_init(&one, ctx->deadline);
		(void)snprintf(sql, sizeof(sql), "SELECT %d", i);
		struct pg_tx *tx = pg_begin(&one, pg);
		result = pg_query(&one, tx, sql);
		pg_run_check(&one);
		assert_int_equal(pg_integer(result, 0, 0), i);
		assert_int_equal(pg_commit(&one, tx), 0);
		context_done(&one);
	}
	result = pg_write(ctx, pg, "SELECT count(*) FROM pg_prepared_statements");
	assert_in_range(pg_integer(result, 0, 0), 500, 514);
}

static void test_prepared_statements_are_bounded(void **state)
{
	(void)state;
	with_leases(1, body_eviction);
}

/* The queue is bounded: one more than it holds, and the transaction is lost as a whole. */
static void body_flood(struct context *ctx, struct pg *pg)
{
	make_table(ctx, pg);
	struct pg_tx *tx = pg_begin(ctx, pg);
	for (int i = 0; i < 65537; i++)
		pg_queue(ctx, tx, "DELETE FROM account WHERE id = 1");
	assert_int_equal(pg_commit(ctx, tx), -1);
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	error_clear(&ctx->error);
	assert_int_equal(accounts(ctx, pg), 10);
	pg_run_sql(ctx, pg, "SELECT 1");
}

static void test_a_flood_of_queued_statements(void **state)
{
	(void)state;
	with_leases(1, body_flood);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_write_commits_by_itself),
	    cmocka_unit_test(test_violations_are_named),
	    cmocka_unit_test(test_a_transaction_commits_as_a_whole),
	    cmocka_unit_test(test_rolled_back_and_forgotten_transactions),
	    cmocka_unit_test(test_a_failed_transaction_leaves_nothing),
	    cmocka_unit_test(test_a_deadlock_is_a_conflict),
	    cmocka_unit_test(test_deadline_in_mid_query),
	    cmocka_unit_test(test_cancel_in_mid_query),
	    cmocka_unit_test(test_a_full_lease_queue_is_overloaded),
	    cmocka_unit_test(test_more_than_the_socket_takes_at_once),
	    cmocka_unit_test(test_prepared_statements_are_bounded),
	    cmocka_unit_test(test_a_flood_of_queued_statements),
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
