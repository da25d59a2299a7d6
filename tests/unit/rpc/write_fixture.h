/*
 * A migrated database and calls made by hand, for tests of writes and facts.
 *
 * Use: write_run(body) runs body in a coroutine with a context; fixture_pg(url) connects; call_make makes a call.
 */
#ifndef EVENTLOOP_TESTS_RPC_WRITE_FIXTURE_H
#define EVENTLOOP_TESTS_RPC_WRITE_FIXTURE_H

#include "api/api.h"
#include "co/co.h"
#include "co/loop.h"
#include "postgres/migrate.h"
#include "postgres/pg_server.h"
#include "postgres/postgres.h"
#include "rpc/call.h"
#include "rpc/common_migrations.h"
#include "unit.h"

#define WRITE_LIMIT (90 * CLOCK_SECOND)
#define WRITE_USER "01932b5c-7a10-7000-8000-000000000001"

static const struct api_method write_method = {.name = "events.booking.create", .name_length = 21};
static const struct identity write_user = {.kind = IDENTITY_USER, .id = WRITE_USER};
static const struct identity write_nobody = {.kind = IDENTITY_ANONYMOUS};

static inline void write_check(const struct context *ctx)
{
	if (ctx->error.code != ERROR_NONE)
		fail_msg("%s: %s %s (%s:%d)", error_word(ctx->error.code), ctx->error.message, ctx->error.cause,
			 ctx->error.file, ctx->error.line);
}

/* A statement that must succeed. */
static inline struct pg_result *write_sql(struct context *ctx, struct pg *pg, const char *sql)
{
	struct pg_result *result = pg_write(ctx, pg, sql);
	write_check(ctx);
	return result;
}

static inline int64_t write_number(struct context *ctx, struct pg *pg, const char *sql)
{
	return pg_integer(write_sql(ctx, pg, sql), 0, 0);
}

/* A new database with the common tables. */
static inline const char *write_database(struct context *ctx)
{
	const struct embedded_file *const sets[] = {common_migrations, NULL};
	const char *url = pg_server_database();
	if (migrate_run(ctx, url, sets) < 0)
		write_check(ctx);
	return url;
}

static inline struct pg *write_pg(const char *url, size_t leases)
{
	struct pg *pg = pg_new(&(struct pg_options){.url = url, .lease_connections = leases});
	assert_non_null(pg);
	return pg;
}

static inline void write_release(void *tree)
{
	(void)json_object_put(tree);
}

/* A call of the user with these parameters, a JSON text. */
static inline struct rpc_call write_call(struct context *ctx, struct pg *pg, const char *params)
{
	struct json_object *tree = json_tokener_parse(params);
	assert_non_null(tree);
	context_defer(ctx, write_release, tree);
	return (struct rpc_call){.ctx = ctx,
				 .method = &write_method,
				 .caller = &write_user,
				 .peer = "192.0.2.1",
				 .user_agent = "",
				 .params = tree,
				 .db = pg};
}

struct write_body {
	void (*body)(struct context *ctx);
};

static inline void write_run_body(void *argument)
{
	const struct write_body *run = argument;
	struct context ctx;
	context_init(&ctx, deadline_after(WRITE_LIMIT));
	run->body(&ctx);
	context_done(&ctx);
}

static inline void write_run(void (*body)(struct context *ctx))
{
	struct write_body run = {body};
	struct loop *loop = loop_new(&(struct loop_options){0});
	assert_non_null(loop);
	assert_non_null(co_spawn("test", write_run_body, &run));
	loop_run_until_idle(loop);
	loop_free(loop);
}

#define WRITE_TEST(name)                              \
	static void name##_body(struct context *ctx); \
	static void name(void **state)                \
	{                                             \
		(void)state;                          \
		write_run(name##_body);               \
	}                                             \
	static void name##_body(struct context *ctx)

#endif
