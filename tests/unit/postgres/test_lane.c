/* Lanes: statements that run alone, end in time, and are shared out by client. */
#include "co/sync.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

#include <string.h>

static const char *url;

/* How many statements of others run in the database. Asked over a connection of the test's own kind. */
static int64_t running(struct context *ctx, struct pg *pg)
{
	return pg_run_number(ctx, pg,
			     "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
			     "state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
}

struct asker {
	struct pg *pg;
	const char *share, *sql;
	int64_t deadline;
	struct co *co;
	enum error_code code;
	char reason[48];
	bool done;
	int *order; /* counts who was answered */
	int place;
};

static void asker_run(void *argument)
{
	struct asker *asker = argument;
	struct context ctx;
	context_init(&ctx, asker->deadline ? asker->deadline : deadline_after(PG_RUN_LIMIT));
	ctx.share = asker->share;
	asker->co = co_self();
	(void)(pg_read(&ctx, asker->pg, asker->sql) != NULL);
	asker->code = ctx.error.code;
	(void)snprintf(asker->reason, sizeof(asker->reason), "%s", ctx.error.reason);
	asker->done = true;
	if (asker->order)
		asker->place = (*asker->order)++;
	context_done(&ctx);
}

static void start(struct co_group *group, struct asker *asker)
{
	assert_int_equal(co_group_start(group, "asker", asker_run, asker), 0);
}

static struct pg *lane_new(size_t connections, size_t queue, int64_t timeout)
{
	struct pg *lane = pg_new(&(struct pg_options){.url = url,
						      .lane = "search",
						      .lease_connections = connections,
						      .queue_limit = queue,
						      .statement_timeout = timeout});
	assert_non_null(lane);
	return lane;
}

static void body_answers(struct context *ctx, struct pg *pg)
{
	struct pg *lane = lane_new(2, 4, CLOCK_SECOND);
	for (int i = 0; i < 5; i++)
		assert_int_equal(pg_run_number(ctx, lane, "SELECT 7"), 7);
	/* The limit is that of one transaction, and of PostgreSQL's own. */
	assert_string_equal(pg_text(pg_read(ctx, lane, "SHOW statement_timeout"), 0, 0), "1s");
	assert_string_equal(pg_text(pg_read(ctx, pg, "SHOW statement_timeout"), 0, 0), "0");
	struct pg_tx *tx = pg_begin(ctx, lane);
	assert_string_equal(pg_text(pg_query(ctx, tx, "SHOW statement_timeout"), 0, 0), "1s");
	assert_int_equal(pg_commit(ctx, tx), 0);
	pg_free(lane);
}

static void test_statements_are_answered(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_answers);
}

static void body_limit(struct context *ctx, struct pg *pg)
{
	struct pg *lane = lane_new(1, 4, 50 * CLOCK_MILLISECOND);
	assert_null(pg_read(ctx, lane, "SELECT pg_sleep(30)"));
	assert_int_equal(ctx->error.code, ERROR_DEADLINE_EXCEEDED);
	assert_non_null(strstr(ctx->error.message, "50 ms"));
	error_clear(&ctx->error);
	PG_RUN_UNTIL(ctx, running(ctx, pg) == 0);
	struct pg_tx *tx = pg_begin(ctx, lane);
	assert_null(pg_query(ctx, tx, "SELECT pg_sleep(30)"));
	assert_int_equal(ctx->error.code, ERROR_DEADLINE_EXCEEDED);
	pg_rollback(tx);
	error_clear(&ctx->error);
	assert_int_equal(pg_run_number(ctx, lane, "SELECT 7"), 7);
	pg_free(lane);
}

static void test_a_statement_ends_in_time(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_limit);
}

/* A caller that is cancelled ends its statement in the database, long before the limit. */
static void body_cancel(struct context *ctx, struct pg *pg)
{
	struct pg *lane = lane_new(1, 4, 30 * CLOCK_SECOND);
	struct co_group *group = co_group_new(ctx);
	struct asker asker = {.pg = lane, .sql = "SELECT pg_sleep(30)"};
	start(group, &asker);
	PG_RUN_UNTIL(ctx, running(ctx, pg) == 1);
	co_cancel(asker.co);
	PG_RUN_UNTIL(ctx, asker.done);
	assert_int_equal(asker.code, ERROR_UNAVAILABLE);
	assert_string_equal(asker.reason, "cancelled");
	PG_RUN_UNTIL(ctx, running(ctx, pg) == 0);
	assert_int_equal(pg_run_number(ctx, lane, "SELECT 7"), 7);
	assert_true(deadline_left(ctx->deadline) > PG_RUN_LIMIT - 20 * CLOCK_SECOND);
	pg_free(lane);
}

static void test_a_cancelled_statement_ends_in_the_database(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_cancel);
}

/* One client that fills the queue: others come in at its cost, and before it. */
static void body_turns(struct context *ctx, struct pg *pg)
{
	struct pg *lane = lane_new(1, 4, 30 * CLOCK_SECOND);
	struct co_group *group = co_group_new(ctx);
	struct asker greedy[6] = {0}, other = {.pg = lane, .share = "b", .sql = "SELECT 1"};
	struct pg_tx *gate = pg_begin(ctx, pg);
	int order = 0;
	assert_int_equal(pg_run_number(ctx, lane, "SELECT 7"), 7);
	assert_non_null(pg_query(ctx, gate, "SELECT pg_advisory_xact_lock(1)"));
	for (int i = 0; i < 6; i++) {
		greedy[i] = (struct asker){.pg = lane, .share = "a", .sql = "SELECT 1", .order = &order};
		start(group, &greedy[i]);
	}
	greedy[0].sql = "SELECT pg_advisory_xact_lock(1)";
	other.order = &order;
	/* One runs, four wait, one was told at once. */
	PG_RUN_UNTIL(ctx, greedy[5].done);
	assert_int_equal(greedy[5].code, ERROR_OVERLOADED);
	assert_string_equal(greedy[5].reason, "lane");
	assert_false(greedy[4].done);
	start(group, &other);
	PG_RUN_UNTIL(ctx, greedy[4].done);
	assert_false(greedy[0].done);
	assert_int_equal(pg_commit(ctx, gate), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(other.code, ERROR_NONE);
	assert_int_equal(greedy[4].code, ERROR_OVERLOADED);
	for (int i = 0; i < 4; i++)
		assert_int_equal(greedy[i].code, ERROR_NONE);
	/* After the two that were refused, the one that ran then, and one more that was there before. */
	assert_int_equal(other.place, 4);
	pg_free(lane);
}

static void test_clients_take_turns(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_turns);
}

/* Who leaves the queue is not served any more, and costs nobody else their turn. */
static void body_leaving(struct context *ctx, struct pg *pg)
{
	struct pg *lane = lane_new(1, 4, 30 * CLOCK_SECOND);
	struct co_group *group = co_group_new(ctx);
	struct asker first = {.pg = lane, .sql = "SELECT pg_sleep(0.1)"}, left = {.pg = lane, .sql = "SELECT 1"},
		     last = left;
	left.deadline = deadline_after(20 * CLOCK_MILLISECOND);
	start(group, &first);
	start(group, &left);
	start(group, &last);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(left.code, ERROR_DEADLINE_EXCEEDED);
	assert_int_equal(last.code, ERROR_NONE);
	PG_RUN_UNTIL(ctx, running(ctx, pg) == 0);
	pg_free(lane);
}

static void test_who_leaves_the_queue_is_gone(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_leaving);
}

/* The server ends the connection under a read: it is asked once more. */
static void body_lost(struct context *ctx, struct pg *pg)
{
	struct pg *lane = lane_new(1, 4, 30 * CLOCK_SECOND);
	struct co_group *group = co_group_new(ctx);
	struct asker asker = {.pg = lane, .sql = "SELECT pg_sleep(0.3)"};
	start(group, &asker);
	PG_RUN_UNTIL(ctx, running(ctx, pg) == 1);
	pg_run_sql(ctx, pg,
		   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
		   "state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(asker.code, ERROR_NONE);
	pg_free(lane);
}

static void test_a_lost_statement_is_asked_again(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_statements_are_answered),
	    cmocka_unit_test(test_a_statement_ends_in_time),
	    cmocka_unit_test(test_a_cancelled_statement_ends_in_the_database),
	    cmocka_unit_test(test_clients_take_turns),
	    cmocka_unit_test(test_who_leaves_the_queue_is_gone),
	    cmocka_unit_test(test_a_lost_statement_is_asked_again),
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
