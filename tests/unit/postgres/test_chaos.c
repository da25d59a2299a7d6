/*
 * Everything at once: many callers read, write and transfer while some give up, statements fail and back ends are
 * terminated. What must hold: an answer belongs to its question, money is neither made nor lost, what was acknowledged
 * is there, errors are those a client may see, and afterwards everything is as ready as before.
 */
#include "base/ids.h"
#include "co/sync.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

#define CALLERS 60
#define ROUNDS 20
#define ACCOUNTS 20
#define KILLS 4

static const char *url;
static size_t lease_connections;

struct chaos {
	struct pg *pg;
	unsigned seed;
	int done, acknowledged, answered, refused;
};

struct caller {
	struct chaos *chaos;
	int number;
};

static unsigned chance(struct chaos *chaos, unsigned of)
{
	chaos->seed = chaos->seed * 1103515245U + 12345U;
	return (chaos->seed >> 16) % of;
}

static void check_error(struct chaos *chaos, const struct context *ctx)
{
	static const enum error_code allowed[] = {ERROR_UNAVAILABLE, ERROR_DEADLINE_EXCEEDED, ERROR_OVERLOADED,
						  ERROR_CONFLICT};
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (ctx->error.code == allowed[i]) {
			chaos->refused++;
			return;
		}
	}
	pg_run_check(ctx);
}

static void read_right(struct context *ctx, struct chaos *chaos, const char *id)
{
	const struct pg_result *result = pg_read(ctx, chaos->pg, "SELECT 7 * $1::int, $1::text", id);
	if (!result) {
		check_error(chaos, ctx);
		return;
	}
	chaos->answered++;
	assert_int_equal(pg_integer(result, 0, 0), 7 * strtol(id, NULL, 10));
	assert_string_equal(pg_text(result, 0, 1), id);
}

static void read_wrong(struct context *ctx, struct chaos *chaos, const char *id)
{
	assert_null(pg_read(ctx, chaos->pg, "SELECT 1 / ($1::int - $1::int)", id));
	if (strcmp(ctx->error.sqlstate, "22012") != 0)
		check_error(chaos, ctx);
}

static void read_slow(struct context *ctx, struct chaos *chaos, const char *id)
{
	ctx->deadline = deadline_after((int64_t)chance(chaos, 20) * CLOCK_MILLISECOND);
	if (!pg_read(ctx, chaos->pg, "SELECT pg_sleep(0.01 * ($1::int % 10))", id))
		check_error(chaos, ctx);
}

static int transfer_all(struct context *ctx, struct pg_tx *tx, const char *from, const char *to, const char *receipt)
{
	pg_queue(ctx, tx, "INSERT INTO receipt VALUES ($1::uuid)", receipt);
	pg_queue(ctx, tx, "UPDATE account SET amount = amount - 1 WHERE id = $1::int", from);
	if (!pg_query(ctx, tx, "UPDATE account SET amount = amount + 1 WHERE id = $1::int RETURNING amount", to))
		return -1;
	return pg_commit(ctx, tx);
}

static void transfer(struct context *ctx, struct chaos *chaos, const char *id)
{
	char from[16], receipt[UUID_SIZE];
	(void)snprintf(from, sizeof(from), "%u", chance(chaos, ACCOUNTS));
	uuid_make(receipt);
	if (chance(chaos, 8) == 0)
		ctx->deadline = deadline_after((int64_t)chance(chaos, 10) * CLOCK_MILLISECOND);
	struct pg_tx *tx = pg_begin(ctx, chaos->pg);
	if (!tx || transfer_all(ctx, tx, from, id, receipt) != 0) {
		check_error(chaos, ctx);
		return;
	}
	chaos->acknowledged++;
	struct context ask;
	context_init(&ask, deadline_after(PG_RUN_LIMIT));
	while (deadline_left(ask.deadline) > 0) {
		const struct pg_result *result =
		    pg_read(&ask, chaos->pg, "SELECT 1 FROM receipt WHERE id = $1::uuid", receipt);
		if (result) {
			assert_int_equal(pg_count(result), 1);
			break;
		}
		error_clear(&ask.error);
		co_yield ();
	}
	context_done(&ask);
}

static void caller_run(void *argument)
{
	static void (*const actions[])(struct context * ctx, struct chaos * chaos, const char *id) = {
	    read_right, read_right, read_right, read_wrong, read_slow, transfer, transfer};
	struct caller *caller = argument;
	struct chaos *chaos = caller->chaos;
	for (int i = 0; i < ROUNDS; i++) {
		struct context ctx;
		context_init(&ctx, deadline_after(PG_RUN_LIMIT));
		char id[16];
		(void)snprintf(id, sizeof(id), "%d", (caller->number + i) % ACCOUNTS);
		actions[chance(chaos, ARRAY_SIZE(actions))](&ctx, chaos, id);
		context_done(&ctx);
	}
	chaos->done++;
}

/* Ends back ends, one kind after the other, as the work goes on. */
static void kill_some(struct context *ctx, struct pg *pg, struct chaos *chaos)
{
	struct pg *other = pg_new(&(struct pg_options){.url = url, .lease_connections = 1});
	(void)pg;
	for (int i = 1; i <= KILLS; i++) {
		PG_RUN_UNTIL(ctx, chaos->answered > i * 100 || chaos->done == CALLERS);
		assert_non_null(pg_write(ctx, other,
					 "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
					 " WHERE datname = current_database() AND pid <> pg_backend_pid()"
					 " AND query NOT LIKE '%terminate%' ORDER BY random() LIMIT 2) picked"));
	}
	pg_free(other);
}

static void body_chaos(struct context *ctx, struct pg *pg)
{
	static struct caller callers[CALLERS];
	struct chaos chaos = {.pg = pg, .seed = 20260101};
	struct co_group *group = co_group_new(ctx);
	pg_run_sql(ctx, pg, "DROP TABLE IF EXISTS account, receipt");
	pg_run_sql(ctx, pg, "CREATE TABLE account AS SELECT i AS id, 100 AS amount FROM generate_series(0, 19) i");
	pg_run_sql(ctx, pg, "CREATE TABLE receipt (id uuid PRIMARY KEY)");
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){&chaos, i};
		assert_int_equal(co_group_start(group, "caller", caller_run, &callers[i]), 0);
	}
	kill_some(ctx, pg, &chaos);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(chaos.done, CALLERS);
	PG_RUN_UNTIL(ctx, pg_ready(pg));
	assert_int_equal(pg_run_number(ctx, pg, "SELECT sum(amount) FROM account"), 100 * ACCOUNTS);
	assert_true(pg_run_number(ctx, pg, "SELECT count(*) FROM receipt") >= chaos.acknowledged);
	assert_true(chaos.acknowledged > 0 && chaos.answered > CALLERS);
	print_message("answered %d, committed %d, refused %d\n", chaos.answered, chaos.acknowledged, chaos.refused);
	/* All leases came back: as many transactions as there are leases can be open at once. */
	for (size_t i = 0; i < lease_connections; i++)
		assert_non_null(pg_query(ctx, pg_begin(ctx, pg), "SELECT 1"));
}

static void at_once(size_t readers, size_t leases)
{
	lease_connections = leases;
	pg_run(&(struct pg_options){.url = url, .read_connections = readers, .lease_connections = leases}, body_chaos);
}

static void test_everything_at_once(void **state)
{
	(void)state;
	at_once(2, 3);
}

static void test_with_one_connection_of_a_kind(void **state)
{
	(void)state;
	at_once(1, 1);
}

static void test_with_leases_that_are_opened_meanwhile(void **state)
{
	(void)state;
	at_once(1, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_everything_at_once),
	    cmocka_unit_test(test_with_one_connection_of_a_kind),
	    cmocka_unit_test(test_with_leases_that_are_opened_meanwhile),
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
