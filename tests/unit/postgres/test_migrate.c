#include "base/fault.h"
#include "postgres/migrate.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

#define STARTED_AT_ONCE 3

#define FILE_OF(name, text)                               \
	{                                                 \
		(name), (text), (text) + sizeof(text) - 1 \
	}
#define END                      \
	{                        \
		NULL, NULL, NULL \
	}

static const struct embedded_file common_set[] = {
    FILE_OF("0001_common.sql", "CREATE TABLE outbox (id int PRIMARY KEY);\n"
			       "-- it counts how often it ran\nCREATE TABLE ran (n int); INSERT INTO ran VALUES (1);"),
    END,
};
static const struct embedded_file own_set[] = {
    FILE_OF("0010_first.sql", "CREATE TABLE hall (id int); SELECT pg_sleep(0.05); INSERT INTO hall VALUES (1), (2);"),
    FILE_OF("0011_second.sql", "ALTER TABLE hall ADD COLUMN name text DEFAULT 'x;y';"),
    END,
};
static const struct embedded_file changed_set[] = {FILE_OF("0010_first.sql", "CREATE TABLE hall (id bigint);"), END};
static const struct embedded_file broken_set[] = {
    FILE_OF("0020_good.sql", "CREATE TABLE good (id int);"),
    FILE_OF("0021_bad.sql", "CREATE TABLE half (id int); CREATE TABLE broken (id nosuchtype);"),
    END,
};
static const struct embedded_file ending_set[] = {
    FILE_OF("0030_ends.sql", "CREATE TABLE ends (id int); COMMIT; CREATE TABLE after (id int)"), END};

static const struct embedded_file *const sets[] = {common_set, own_set, NULL};

static const char *url;

struct migration {
	const struct embedded_file *const *sets;
	int64_t limit;
	int result;
	struct error error;
};

static void migration_run(void *argument)
{
	struct migration *migration = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(migration->limit));
	migration->result = migrate_run(&ctx, url, migration->sets);
	migration->error = ctx.error;
	context_done(&ctx);
}

static void migrate(struct migration *migration)
{
	struct loop *loop = loop_new(&(struct loop_options){0});
	if (migration->limit == 0)
		migration->limit = PG_RUN_LIMIT;
	assert_non_null(co_spawn("migrate", migration_run, migration));
	loop_run_until_idle(loop);
	loop_free(loop);
}

static void body_applied(struct context *ctx, struct pg *pg)
{
	assert_int_equal(migrate_check(ctx, pg, sets), 0);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT count(*) FROM ran"), 1);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT count(*) FROM hall WHERE name = 'x;y'"), 2);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT count(*) FROM schema_migration WHERE length(checksum) = 64"),
			 3);
}

static void test_three_at_once_on_a_virgin_database(void **state)
{
	int applied = 0;
	(void)state;
	url = pg_server_database();
	pid_t children[STARTED_AT_ONCE];
	for (int i = 0; i < STARTED_AT_ONCE; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct migration migration = {.sets = sets};
			migrate(&migration);
			_exit(migration.result < 0 ? 100 : migration.result);
		}
	}
	for (int i = 0; i < STARTED_AT_ONCE; i++) {
		int status = 0;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		applied += WEXITSTATUS(status);
	}
	assert_int_equal(applied, 3);
	pg_run(&(struct pg_options){.url = url}, body_applied);
}

static void test_a_second_run_applies_nothing(void **state)
{
	struct migration migration = {.sets = sets};
	(void)state;
	migrate(&migration);
	assert_int_equal(migration.result, 0);
	assert_int_equal(migration.error.code, ERROR_NONE);
}

static void body_changed(struct context *ctx, struct pg *pg)
{
	assert_int_equal(migrate_check(ctx, pg, (const struct embedded_file *const[]){changed_set, NULL}), -1);
	assert_int_equal(ctx->error.code, ERROR_PRECONDITION_FAILED);
}

static void test_a_changed_file_stops_the_run(void **state)
{
	struct migration migration = {.sets = (const struct embedded_file *const[]){changed_set, NULL}};
	(void)state;
	migrate(&migration);
	assert_int_equal(migration.result, -1);
	assert_int_equal(migration.error.code, ERROR_PRECONDITION_FAILED);
	assert_string_equal(migration.error.reason, "migration_changed");
	assert_non_null(strstr(migration.error.cause, "0010_first.sql"));
	pg_run(&(struct pg_options){.url = url}, body_changed);
}

static void body_broken(struct context *ctx, struct pg *pg)
{
	assert_int_equal(pg_run_number(ctx, pg, "SELECT count(*) FROM pg_class WHERE relname = 'good'"), 1);
	assert_int_equal(pg_run_number(ctx, pg, "SELECT count(*) FROM pg_class WHERE relname = 'half'"), 0);
	assert_int_equal(migrate_check(ctx, pg, (const struct embedded_file *const[]){broken_set, NULL}), -1);
	assert_non_null(strstr(ctx->error.message, "0021_bad.sql"));
}

static void test_a_broken_file_leaves_nothing_of_itself(void **state)
{
	struct migration broken = {.sets = (const struct embedded_file *const[]){broken_set, NULL}};
	struct migration ending = {.sets = (const struct embedded_file *const[]){ending_set, NULL}};
	(void)state;
	migrate(&broken);
	assert_int_equal(broken.result, -1);
	assert_string_equal(broken.error.sqlstate, "42704");
	assert_non_null(strstr(broken.error.cause, "0021_bad.sql"));
	assert_non_null(strstr(broken.error.cause, "nosuchtype"));
	migrate(&ending);
	assert_int_equal(ending.result, -1);
	assert_non_null(strstr(ending.error.cause, "0030_ends.sql"));
	pg_run(&(struct pg_options){.url = url}, body_broken);
}

/* Somebody else holds the lock and does not let go. */
static void body_locked(struct context *ctx, struct pg *pg)
{
	struct pg_tx *tx = pg_begin(ctx, pg);
	struct migration migration = {.sets = sets, .limit = 300 * CLOCK_MILLISECOND};
	assert_non_null(pg_query(ctx, tx, "SELECT 1 FROM pg_advisory_xact_lock(7311542086)"));
	migration_run(&migration);
	assert_int_equal(migration.result, -1);
	assert_int_equal(migration.error.code, ERROR_DEADLINE_EXCEEDED);
	assert_int_equal(pg_commit(ctx, tx), 0);
	migration.limit = PG_RUN_LIMIT;
	migration_run(&migration);
	assert_int_equal(migration.result, 0);
}

static void test_the_wait_for_the_lock_ends(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_locked);
}

static void body_virgin(struct context *ctx, struct pg *pg)
{
	assert_int_equal(migrate_check(ctx, pg, sets), -1);
	assert_int_equal(ctx->error.code, ERROR_PRECONDITION_FAILED);
	assert_non_null(strstr(ctx->error.message, "0001_common.sql"));
}

static void test_a_virgin_database_is_not_ready(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = pg_server_database()}, body_virgin);
}

static void test_a_server_that_is_being_started_is_waited_for(void **state)
{
	(void)state;
#ifdef EVENTLOOP_FAULTS
	struct migration migration = {.sets = sets};
	fault_arm("pg.connect", 1);
	migrate(&migration);
	assert_int_equal(migration.error.code, ERROR_NONE);
	assert_int_equal(migration.result, 0);
#else
	skip();
#endif
}

static void test_no_server(void **state)
{
	struct migration migration = {.sets = sets, .limit = 300 * CLOCK_MILLISECOND};
	(void)state;
	url = "postgresql:///x?host=/nonexistent";
	migrate(&migration);
	assert_int_equal(migration.result, -1);
	assert_int_equal(migration.error.code, ERROR_UNAVAILABLE);
	assert_non_null(strstr(migration.error.cause, "/nonexistent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_three_at_once_on_a_virgin_database),
	    cmocka_unit_test(test_a_second_run_applies_nothing),
	    cmocka_unit_test(test_a_changed_file_stops_the_run),
	    cmocka_unit_test(test_a_broken_file_leaves_nothing_of_itself),
	    cmocka_unit_test(test_the_wait_for_the_lock_ends),
	    cmocka_unit_test(test_a_virgin_database_is_not_ready),
	    cmocka_unit_test(test_a_server_that_is_being_started_is_waited_for),
	    cmocka_unit_test(test_no_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
