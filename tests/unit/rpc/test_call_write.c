/* Writes of a call: seq, facts, and answers kept under idempotency keys. */
#include "co/sync.h"
#include "outbox/outbox.h"
#include "rpc/write_fixture.h"

#define CALLERS 32

static const char *database; /* of all tests here, with a table `thing` */

static struct pg *open_database(struct context *ctx, size_t leases)
{
	if (!database)
		database = write_database(ctx);
	struct pg *pg = write_pg(database, leases);
	(void)write_sql(ctx, pg, "DROP TABLE IF EXISTS thing");
	(void)write_sql(ctx, pg, "CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, name text UNIQUE)");
	(void)write_sql(ctx, pg, "TRUNCATE idempotency_key, outbox");
	return pg;
}

/* A method that makes a thing, tells of it and answers it. */
static int make_thing(struct rpc_call *call)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *row = pg_query(
	    call->ctx, tx, "INSERT INTO thing (name) VALUES ($1) RETURNING json_build_object('id', id, 'name', name)",
	    rpc_param(call, "name"));
	if (!row)
		return -1;
	if (rpc_publish(call, tx, "events.thing.made", "k", "{\"n\":1}") != 0)
		return -1;
	return rpc_commit_row(call, tx, row, "thing");
}

/* Runs it in a context of its own and returns the answer, in ctx; NULL with the error in *ret. */
static const char *call_it(struct context *ctx, struct pg *pg, const struct identity *caller, const char *params,
			   struct error *ret)
{
	const char *answer = NULL;
	struct context own;
	context_init(&own, ctx->deadline);
	struct rpc_call call = write_call(&own, pg, params);
	call.caller = caller;
	if (make_thing(&call) == 0)
		answer = arena_strndup(&ctx->arena, call.result, call.result_length);
	*ret = own.error;
	context_done(&own);
	return answer;
}

static const char *must_call(struct context *ctx, struct pg *pg, const struct identity *caller, const char *params)
{
	struct error error;
	const char *answer = call_it(ctx, pg, caller, params, &error);
	if (!answer)
		fail_msg("%s: %s %s", error_word(error.code), error.message, error.cause);
	return answer;
}

static int64_t seq_of(const char *answer)
{
	struct json_object *tree = json_tokener_parse(answer), *seq = NULL;
	assert_true(json_object_object_get_ex(tree, "seq", &seq));
	int64_t value = json_object_get_int64(seq);
	(void)json_object_put(tree);
	return value;
}

WRITE_TEST(answers_the_place_in_the_log)
{
	struct pg *pg = open_database(ctx, 0);
	int64_t first = seq_of(must_call(ctx, pg, &write_user, "{\"name\":\"a\"}"));
	int64_t second = seq_of(must_call(ctx, pg, &write_user, "{\"name\":\"b\"}"));
	assert_true(second > first);
	assert_int_equal(write_number(ctx, pg, "SELECT max(seq) FROM outbox"), second);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM idempotency_key"), 0);
	pg_free(pg);
}

WRITE_TEST(adds_seq_to_any_object)
{
	struct pg *pg = open_database(ctx, 0);
	struct rpc_call call = write_call(ctx, pg, "{}");
	/* Nothing published: the end of the log. */
	assert_int_equal(rpc_commit_text(&call, rpc_begin(&call), "{ }"), 0);
	int64_t end = write_number(ctx, pg, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outbox_seq");
	assert_string_equal(call.result, arena_printf(&ctx->arena, "{ \"seq\":%lld}", (long long)end));
	assert_int_equal(call.result_length, strlen(call.result));
	assert_int_equal(rpc_commit_text(&call, rpc_begin(&call), "{\"a\":{}}"), 0);
	assert_string_equal(call.result, arena_printf(&ctx->arena, "{\"a\":{},\"seq\":%lld}", (long long)end));
	assert_int_equal(rpc_commit_text(&call, rpc_begin(&call), "[]"), -1);
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	error_clear(&ctx->error);
	pg_free(pg);
}

WRITE_TEST(says_what_was_not_found)
{
	struct pg *pg = open_database(ctx, 0);
	struct rpc_call call = write_call(ctx, pg, "{\"idempotency_key\":\"none\"}");
	struct pg_tx *tx = rpc_begin(&call);
	struct pg_result *row = pg_query(ctx, tx, "UPDATE thing SET name = 'x' WHERE id = 0 RETURNING '{}'");
	assert_non_null(row);
	assert_int_equal(rpc_commit_row(&call, tx, row, "thing"), -1);
	assert_int_equal(ctx->error.code, ERROR_NOT_FOUND);
	error_clear(&ctx->error);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM idempotency_key"), 0); /* rolled back */
	pg_free(pg);
}

WRITE_TEST(answers_a_key_once)
{
	struct pg *pg = open_database(ctx, 0);
	const char *first = must_call(ctx, pg, &write_user, "{\"name\":\"a\",\"n\":1,\"idempotency_key\":\"one\"}");
	/* Other order, spacing and spelling of the same parameters. */
	const char *again =
	    must_call(ctx, pg, &write_user, "{ \"n\" : 1, \"idempotency_key\":\"\\u006fne\", \"name\":\"\\u0061\" }");
	assert_string_equal(first, again);
	struct error error;
	assert_null(call_it(ctx, pg, &write_user, "{\"name\":\"b\",\"n\":1,\"idempotency_key\":\"one\"}", &error));
	assert_int_equal(error.code, ERROR_CONFLICT);
	assert_string_equal(error.reason, "idempotency_key");
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM thing"), 1);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM outbox"), 1);
	pg_free(pg);
}

WRITE_TEST(scopes_keys_to_the_caller)
{
	static const struct identity other = {.kind = IDENTITY_USER, .id = "01932b5c-7a10-7000-8000-0000000000aa"};
	struct pg *pg = open_database(ctx, 0);
	(void)must_call(ctx, pg, &write_user, "{\"name\":\"a\",\"idempotency_key\":\"k\"}");
	(void)must_call(ctx, pg, &other, "{\"name\":\"b\",\"idempotency_key\":\"k\"}");
	const char *first = must_call(ctx, pg, &write_nobody, "{\"name\":\"c\",\"idempotency_key\":\"k\"}");
	assert_string_equal(first, must_call(ctx, pg, &write_nobody, "{\"name\":\"c\",\"idempotency_key\":\"k\"}"));
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM thing"), 3);
	assert_int_equal(
	    write_number(ctx, pg, "SELECT count(*) FROM idempotency_key WHERE caller = 'anonymous:192.0.2.1'"), 1);
	pg_free(pg);
}

/* What failed was not done: the key is free for another attempt. */
WRITE_TEST(frees_the_key_of_a_failure)
{
	struct pg *pg = open_database(ctx, 0);
	(void)must_call(ctx, pg, &write_user, "{\"name\":\"a\"}");
	struct error error;
	assert_null(call_it(ctx, pg, &write_user, "{\"name\":\"a\",\"idempotency_key\":\"k\"}", &error));
	assert_string_equal(error.sqlstate, "23505");
	(void)write_sql(ctx, pg, "DELETE FROM thing");
	(void)must_call(ctx, pg, &write_user, "{\"name\":\"a\",\"idempotency_key\":\"k\"}");
	pg_free(pg);
}

struct racer {
	struct context *ctx;
	struct pg *pg;
	const char *answers[CALLERS];
	size_t count;
};

static void race(void *argument)
{
	struct racer *racer = argument;
	racer->answers[racer->count++] =
	    must_call(racer->ctx, racer->pg, &write_user, "{\"name\":\"a\",\"idempotency_key\":\"race\"}");
}

WRITE_TEST(answers_concurrent_calls_alike)
{
	struct racer racer = {.ctx = ctx, .pg = open_database(ctx, 8)};
	struct co_group *group = co_group_new(ctx);
	for (int i = 0; i < CALLERS; i++)
		assert_int_equal(co_group_start(group, "racer", race, &racer), 0);
	assert_int_equal(co_group_wait_all(group, ctx->deadline), CO_OK);
	assert_int_equal(racer.count, CALLERS);
	for (size_t i = 1; i < CALLERS; i++)
		assert_string_equal(racer.answers[i], racer.answers[0]);
	assert_int_equal(write_number(ctx, racer.pg, "SELECT count(*) FROM thing"), 1);
	assert_int_equal(write_number(ctx, racer.pg, "SELECT count(*) FROM outbox"), 1);
	pg_free(racer.pg);
}

/* A fact that cannot be written undoes what it was about. */
WRITE_TEST(fails_with_its_fact)
{
	struct pg *pg = open_database(ctx, 0);
	struct rpc_call call = write_call(ctx, pg, "{}");
	struct pg_tx *tx = rpc_begin(&call);
	assert_non_null(pg_query(ctx, tx, "INSERT INTO thing (name) VALUES ('a')"));
	assert_int_equal(rpc_publish(&call, tx, "events.thing.made", "k", "{no json"), 0);
	assert_int_equal(rpc_commit_text(&call, tx, "{}"), -1);
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	assert_null(call.result);
	error_clear(&ctx->error);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM thing"), 0);
	pg_free(pg);
}

/* What is only checked at the commit fails the call, although its last statement was answered. */
WRITE_TEST(fails_at_the_commit)
{
	struct pg *pg = open_database(ctx, 0);
	struct rpc_call call = write_call(ctx, pg, "{\"idempotency_key\":\"late\"}");
	(void)write_sql(ctx, pg, "ALTER TABLE thing ADD CONSTRAINT late UNIQUE (name) DEFERRABLE INITIALLY DEFERRED");
	struct pg_tx *tx = rpc_begin(&call);
	assert_non_null(tx);
	assert_non_null(pg_query(ctx, tx, "ALTER TABLE thing DROP CONSTRAINT thing_name_key"));
	assert_non_null(pg_query(ctx, tx, "INSERT INTO thing (name) VALUES ('a'), ('a')"));
	assert_int_equal(rpc_commit_text(&call, tx, "{}"), -1);
	assert_true(pg_violated(ctx, "late"));
	assert_null(call.result);
	error_clear(&ctx->error);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM thing"), 0);
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM idempotency_key"), 0);
	pg_free(pg);
}

static void note(struct rpc_call *call, void *argument)
{
	char *notes = argument;
	(void)call;
	notes[strlen(notes)] = '+';
}

WRITE_TEST(runs_hooks_after_the_commit_only)
{
	struct pg *pg = open_database(ctx, 0);
	struct rpc_call call = write_call(ctx, pg, "{}");
	char notes[8] = "";
	struct pg_tx *tx = rpc_begin(&call);
	rpc_after_commit(&call, note, notes);
	rpc_after_commit(&call, note, notes + 2);
	rpc_after_commit(&call, note, notes); /* is as once */
	assert_string_equal(notes, "");
	assert_int_equal(rpc_commit(&call, tx), 0);
	assert_string_equal(notes, "+");
	assert_string_equal(notes + 2, "+");
	assert_int_equal(rpc_commit_text(&call, rpc_begin(&call), "{}"), 0); /* those of the first are done with */
	assert_string_equal(notes, "+");
	tx = rpc_begin(&call);
	rpc_after_commit(&call, note, notes);
	pg_queue(ctx, tx, "SELECT 1/0");
	assert_int_equal(rpc_commit(&call, tx), -1);
	error_clear(&ctx->error);
	assert_string_equal(notes, "+");
	pg_free(pg);
}

WRITE_TEST(reads_with_the_commit)
{
	struct pg *pg = open_database(ctx, 0);
	struct rpc_call call = write_call(ctx, pg, "{}");
	char notes[8] = "";
	struct pg_tx *tx = rpc_begin(&call);
	rpc_after_commit(&call, note, notes);
	pg_queue(ctx, tx, "INSERT INTO thing (name) VALUES ('here')");
	struct pg_result *row = rpc_commit_query(&call, tx, "SELECT name FROM thing WHERE name = $1", "here");
	assert_string_equal(row ? pg_text(row, 0, 0) : "", "here");
	assert_string_equal(notes, "+");
	tx = rpc_begin(&call);
	rpc_after_commit(&call, note, notes);
	pg_queue(ctx, tx, "INSERT INTO thing (name) VALUES ('gone')");
	assert_null(rpc_commit_query(&call, tx, "SELECT 1/0"));
	error_clear(&ctx->error);
	assert_string_equal(notes, "+");
	assert_int_equal(write_number(ctx, pg, "SELECT count(*) FROM thing"), 1);
	pg_free(pg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(runs_hooks_after_the_commit_only),
	    cmocka_unit_test(reads_with_the_commit),
	    cmocka_unit_test(answers_the_place_in_the_log),
	    cmocka_unit_test(adds_seq_to_any_object),
	    cmocka_unit_test(says_what_was_not_found),
	    cmocka_unit_test(answers_a_key_once),
	    cmocka_unit_test(scopes_keys_to_the_caller),
	    cmocka_unit_test(frees_the_key_of_a_failure),
	    cmocka_unit_test(answers_concurrent_calls_alike),
	    cmocka_unit_test(fails_with_its_fact),
	    cmocka_unit_test(fails_at_the_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
