/* Leases: when they are opened, and who gets them. */
#include "base/fault.h"
#include "co/sync.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

static const char *url;

static void nap_run(void *argument)
{
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	assert_non_null(pg_write(&ctx, argument, "SELECT pg_sleep(0.02)"));
	context_done(&ctx);
}

static int64_t connections(struct context *ctx, struct pg *pg)
{
	return pg_run_number(ctx, pg,
			     "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
			     "application_name = 'eventloop'");
}

/* One for reads and one lease, until there is a queue; then as many as there may be, and no more. */
static void body_growing(struct context *ctx, struct pg *pg)
{
	struct co_group *group = co_group_new(ctx);
	pg_run_sql(ctx, pg, "SELECT 1");
	PG_RUN_UNTIL(ctx, connections(ctx, pg) == 2);
	for (int i = 0; i < 8; i++)
		assert_int_equal(co_group_start(group, "nap", nap_run, pg), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	PG_RUN_UNTIL(ctx, connections(ctx, pg) == 4);
}

static void test_leases_are_opened_when_they_are_needed(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url, .lease_connections = 3}, body_growing);
}

/* Each of these keeps its lease: whoever comes next is alone in the queue, and gets one as well. */
static void body_long_transactions(struct context *ctx, struct pg *pg)
{
	ctx->deadline = deadline_after(5 * CLOCK_SECOND);
	for (int i = 0; i < 6; i++) {
		struct pg_tx *tx = pg_begin(ctx, pg);
		pg_run_check(ctx);
		assert_non_null(pg_query(ctx, tx, "SELECT 1"));
	}
}

static void test_long_transactions_keep_nobody_waiting(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url, .lease_connections = 6}, body_long_transactions);
}

struct latecomer {
	struct pg *pg;
	enum error_code code;
};

static void latecomer_run(void *argument)
{
	struct latecomer *latecomer = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(5 * CLOCK_SECOND));
	assert_null(pg_write(&ctx, latecomer->pg, "SELECT 1"));
	latecomer->code = ctx.error.code;
	context_done(&ctx);
}

/* It gets the lease, and before it runs all is closed. */
static void body_closed_when_granted(struct context *ctx, struct pg *pg)
{
	struct latecomer latecomer = {.pg = pg_new(&(struct pg_options){.url = url, .lease_connections = 1})};
	struct pg_tx *tx = pg_begin(ctx, latecomer.pg);
	(void)pg;
	pg_run_check(ctx);
	assert_non_null(co_spawn("latecomer", latecomer_run, &latecomer));
	(void)co_sleep_until(deadline_after(20 * CLOCK_MILLISECOND));
	pg_rollback(tx);
	pg_free(latecomer.pg);
	PG_RUN_UNTIL(ctx, latecomer.code != ERROR_NONE);
	assert_int_equal(latecomer.code, ERROR_UNAVAILABLE);
}

static void test_closed_when_a_lease_was_granted(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url, .lease_connections = 1}, body_closed_when_granted);
}

#ifdef EVENTLOOP_FAULTS
/* "Too many clients" for all but the first: that one serves everybody, and the others come once they may. */
static void body_refused(struct context *ctx, struct pg *pg)
{
	struct co_group *group = co_group_new(ctx);
	pg_run_sql(ctx, pg, "SELECT 1");
	PG_RUN_UNTIL(ctx, connections(ctx, pg) == 2); /* that for reads is there, too */
	fault_arm("pg.connect", -1);
	for (int i = 0; i < 8; i++)
		assert_int_equal(co_group_start(group, "nap", nap_run, pg), 0);
	assert_int_equal(co_group_wait_all(group, deadline_after(5 * CLOCK_SECOND)), CO_OK);
	ctx->deadline = deadline_after(10 * CLOCK_SECOND);
	PG_RUN_UNTIL(ctx, connections(ctx, pg) == 2);
	assert_true(pg_ready(pg));
	fault_arm("pg.connect", 0);
	PG_RUN_UNTIL(ctx, connections(ctx, pg) == 3);
}

static void test_leases_that_cannot_be_opened(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url, .lease_connections = 3}, body_refused);
}
#endif

/* Closed while the second one is being opened, and somebody waits for it. */
static void body_closed_while_opening(struct context *ctx, struct pg *pg)
{
	struct latecomer latecomer = {.pg = pg_new(&(struct pg_options){.url = url, .lease_connections = 3})};
	(void)pg;
	assert_non_null(pg_query(ctx, pg_begin(ctx, latecomer.pg), "SELECT 1"));
	assert_non_null(co_spawn("latecomer", latecomer_run, &latecomer));
	co_yield ();
	pg_free(latecomer.pg);
	ctx->deadline = deadline_after(500 * CLOCK_MILLISECOND);
	PG_RUN_UNTIL(ctx, latecomer.code != ERROR_NONE);
	assert_int_equal(latecomer.code, ERROR_UNAVAILABLE);
}

static void test_closed_while_a_lease_is_opened(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url, .lease_connections = 1}, body_closed_while_opening);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_leases_are_opened_when_they_are_needed),
	    cmocka_unit_test(test_long_transactions_keep_nobody_waiting),
	    cmocka_unit_test(test_closed_when_a_lease_was_granted),
	    cmocka_unit_test(test_closed_while_a_lease_is_opened),
#ifdef EVENTLOOP_FAULTS
	    cmocka_unit_test(test_leases_that_cannot_be_opened),
#endif
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
