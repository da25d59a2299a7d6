/* Runs a test's body in a coroutine of a loop of its own, with a context and a struct pg. */
#ifndef EVENTLOOP_TESTS_POSTGRES_PG_RUN_H
#define EVENTLOOP_TESTS_POSTGRES_PG_RUN_H

#include "co/co.h"
#include "co/loop.h"
#include "postgres/postgres.h"

/* cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PG_RUN_LIMIT (60 * CLOCK_SECOND)

struct pg_run {
	struct pg_options options;
	void (*body)(struct context *ctx, struct pg *pg);
};

static inline void pg_run_body(void *argument)
{
	const struct pg_run *run = argument;
	struct pg *pg = pg_new(&run->options);
	assert_non_null(pg);
	struct context ctx;
	context_init(&ctx, deadline_after(PG_RUN_LIMIT));
	run->body(&ctx, pg);
	context_done(&ctx);
	pg_free(pg);
}

static inline void pg_run(const struct pg_options *options, void (*body)(struct context *ctx, struct pg *pg))
{
	struct pg_run run = {*options, body};
	struct loop *loop = loop_new(&(struct loop_options){0});
	assert_non_null(loop);
	assert_non_null(co_spawn("test", pg_run_body, &run));
	loop_run_until_idle(loop);
	loop_free(loop);
}

/* Fails with the error when there is one. */
static inline void pg_run_check(const struct context *ctx)
{
	if (ctx->error.code != ERROR_NONE)
		fail_msg("%s: %s (%s:%d)", error_word(ctx->error.code), ctx->error.cause, ctx->error.file,
			 ctx->error.line);
}

/* A write that must succeed. */
static inline void pg_run_sql(struct context *ctx, struct pg *pg, const char *sql)
{
	if (!pg_write(ctx, pg, sql))
		pg_run_check(ctx);
}

/* A read that must give one number. */
static inline int64_t pg_run_number(struct context *ctx, struct pg *pg, const char *sql)
{
	const struct pg_result *result = pg_read(ctx, pg, sql);
	pg_run_check(ctx);
	return pg_integer(result, 0, 0);
}

/* Lets the loop turn until the condition holds; the test's limit ends it otherwise. What held once need not hold again.
 */
#define PG_RUN_UNTIL(ctx, condition)                                                 \
	do {                                                                         \
		bool pg_run_held = (condition);                                      \
		while (!pg_run_held && deadline_left((ctx)->deadline) > 0) {         \
			(void)co_sleep_until(deadline_after(2 * CLOCK_MILLISECOND)); \
			pg_run_held = (condition);                                   \
		}                                                                    \
		assert_true(pg_run_held);                                            \
	} while (0)

#endif
