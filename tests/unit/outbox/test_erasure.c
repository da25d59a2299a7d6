/* Users who are erased while something is written for them. */
#include "outbox/erasure.h"
#include "rpc/erased_user.h"

#include "rpc/write_fixture.h"

static const char ERASED[] = "01932b5c-7a10-7000-8000-0000000000ee";
static const struct identity erased = {.kind = IDENTITY_USER, .id = "01932b5c-7a10-7000-8000-0000000000ee"};
static const struct identity admin_as_erased = {
    .kind = IDENTITY_USER, .id = WRITE_USER, .actor = "01932b5c-7a10-7000-8000-0000000000ee"};
static const struct identity service = {.kind = IDENTITY_SERVICE, .id = "events"};

static struct pg *db;
static const char *url;

static int forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job, const char **ret_position)
{
	*ret_position = NULL;
	pg_queue(call->ctx, tx, "UPDATE word SET text = '' WHERE user_id = $1", job->key);
	return 0;
}

static const struct background_job_kind kinds[] = {{ERASURE_JOB, forget}, {NULL, NULL}};

static void open_words(struct context *ctx)
{
	url = url ? url : write_database(ctx);
	db = write_pg(url, 4);
	(void)write_sql(ctx, db, "TRUNCATE erased_user, background_job, idempotency_key");
	(void)write_sql(ctx, db, "DROP TABLE IF EXISTS word");
	(void)write_sql(ctx, db, "CREATE TABLE word (user_id text, text text)");
	background_job_kinds(kinds);
}

/* Writes a word for the caller; the error's code. */
static enum error_code say(struct context *ctx, const struct identity *caller)
{
	struct context own;
	context_init(&own, ctx->deadline);
	struct rpc_call call = write_call(&own, db, "{\"idempotency_key\":\"k\"}");
	call.caller = caller;
	struct pg_tx *tx = rpc_begin(&call);
	if (tx && pg_query(&own, tx, "INSERT INTO word VALUES ($1, 'mine')", caller->id))
		(void)(rpc_commit_text(&call, tx, "{}") == 0);
	enum error_code code;
	code = own.error.code;
	if (code == ERROR_UNAUTHENTICATED)
		assert_string_equal(own.error.reason, "revoked");
	context_done(&own);
	return code;
}

static void fold(struct context *ctx)
{
	struct rpc_call call = write_call(ctx, db, "{}");
	const struct fact fact = {.key = ERASED, .seq = 7};
	struct pg_tx *tx = pg_begin(ctx, db);
	assert_int_equal(erasure_fact(&call, tx, &fact), 0);
	assert_int_equal(pg_commit(ctx, tx), 0);
}

WRITE_TEST(refuses_who_was_erased)
{
	open_words(ctx);
	assert_int_equal(say(ctx, &erased), ERROR_NONE);
	fold(ctx);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM word WHERE text <> ''"), 0);
	assert_int_equal(say(ctx, &erased), ERROR_UNAUTHENTICATED);
	assert_int_equal(say(ctx, &admin_as_erased), ERROR_UNAUTHENTICATED);
	assert_int_equal(say(ctx, &write_user), ERROR_NONE);
	assert_int_equal(say(ctx, &service), ERROR_NONE);
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM word WHERE text <> ''"), 2);
	assert_int_equal(write_number(ctx, db, "SELECT seq FROM erased_user"), 7);
	fold(ctx); /* told again */
	pg_free(db);
}

static bool folded;

static void fold_run(void *unused)
{
	(void)unused;
	struct context ctx;
	context_init(&ctx, deadline_after(WRITE_LIMIT));
	fold(&ctx);
	folded = true;
	context_done(&ctx);
}

/* What is under way is waited for, and goes with the rest. */
WRITE_TEST(waits_for_what_is_under_way)
{
	struct rpc_call call = write_call(ctx, db, "{}");
	open_words(ctx);
	call.db = db;
	call.caller = &erased;
	struct pg_tx *tx = rpc_begin(&call);
	assert_non_null(pg_query(ctx, tx, "INSERT INTO word VALUES ($1, 'mine')", ERASED));
	folded = false;
	assert_non_null(co_spawn("fold", fold_run, NULL));
	while (write_number(ctx, db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == 0)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	assert_false(folded);
	assert_int_equal(rpc_commit(&call, tx), 0);
	while (!folded)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	assert_int_equal(write_number(ctx, db, "SELECT count(*) FROM word WHERE text = ''"), 1);
	pg_free(db);
}

/* The erasure itself: it begins alone, and a second one finds the user erased. */
WRITE_TEST(erases_once)
{
	struct rpc_call first = write_call(ctx, db, "{}"), second;
	open_words(ctx);
	first.db = db;
	first.caller = &erased;
	struct pg_tx *tx = rpc_begin_alone(&first);
	erased_user_remember(ctx, tx, ERASED, "3");
	assert_int_equal(rpc_commit(&first, tx), 0);
	second = first;
	tx = rpc_begin_alone(&second);
	assert_null(pg_query(ctx, tx, "SELECT 1"));
	assert_int_equal(ctx->error.code, ERROR_UNAUTHENTICATED);
	error_clear(&ctx->error);
	pg_rollback(tx);
	pg_free(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_who_was_erased),
	    cmocka_unit_test(waits_for_what_is_under_way),
	    cmocka_unit_test(erases_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
