/*
 * A producer's and a consumer's database, with the relay between them and, in place of the link, an rpc_invoke that
 * hands a delivery to outbox_deliver as the dispatcher would, after doing what a test asks of the network.
 *
 * Use: outbox_open(ctx); publish; outbox_start; outbox_await(n); outbox_close. The consumer's facts stand in its table
 * `applied` in the order in which they were folded.
 */
#ifndef EVENTLOOP_TESTS_OUTBOX_OUTBOX_FIXTURE_H
#define EVENTLOOP_TESTS_OUTBOX_OUTBOX_FIXTURE_H

#include "client/client.h"
#include "outbox/outbox.h"
#include "rpc/write_fixture.h"

#include <string.h>

#define OUTBOX_POLL (20 * CLOCK_MILLISECOND)

static const struct identity outbox_events = {.kind = IDENTITY_SERVICE, .id = "events"};
static const struct api_method outbox_method = {.name = "rating.fact.deliver"};

/* What the network and the consumer do. */
static struct outbox_world {
	const char *url;
	struct pg *producer, *consumer;
	int deliveries;
	const char *down;	 /* a subscriber that cannot be reached */
	int lose_answers;	 /* deliveries that are done, but not heard of */
	const char *poison;	 /* a text that makes a whole delivery invalid */
	const char *refuse_key;	 /* facts of this key are refused */
	int refuse_times;	 /* so often; -1: always */
	const char *unreachable; /* a key whose handler needs something that is down */
	const char *slow_key;	 /* facts of this key take longer than they may */
	int64_t each;		 /* microseconds that every fact takes */
	const char *mute;	 /* a text that keeps a delivery from being answered; "": every delivery */
	int alone;		 /* deliveries of one fact */
	int64_t timeout;	 /* of a delivery; 0: as in real life */
} world;

static inline int outbox_oversleep(struct context *ctx)
{
	(void)co_sleep_until(ctx->deadline);
	return context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
}

static inline int outbox_apply(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	if (world.slow_key && strcmp(fact->key, world.slow_key) == 0)
		return outbox_oversleep(call->ctx);
	if (world.each > 0)
		(void)co_sleep_until(deadline_after(world.each));
	if (world.unreachable && strcmp(fact->key, world.unreachable) == 0)
		return context_fail(call->ctx, ERROR_UNAVAILABLE, "down", NULL);
	if (world.refuse_key && strcmp(fact->key, world.refuse_key) == 0 && world.refuse_times != 0) {
		world.refuse_times -= world.refuse_times > 0;
		return context_fail(call->ctx, ERROR_PRECONDITION_FAILED, "rule", "this one is refused");
	}
	pg_queue(call->ctx, tx, "INSERT INTO applied (id, key, n) VALUES ($1, $2, $3::json->>'n')", fact->id, fact->key,
		 fact->payload_text);
	return 0;
}

static const struct fact_handler outbox_handlers[] = {{"events.thing.*", outbox_apply}, {NULL, NULL}};

static inline struct json_object *outbox_hand_over(struct context *ctx, const char *params)
{
	struct json_object *answer = NULL;
	struct context own;
	context_init(&own, ctx->deadline);
	struct rpc_call call = write_call(&own, world.consumer, params);
	call.caller = &outbox_events;
	call.method = &outbox_method;
	if (outbox_deliver(&call) == 0) {
		answer = json_tokener_parse(call.result);
		assert_non_null(answer);
		context_defer(ctx, write_release, answer);
	} else {
		(void)context_fail(ctx, own.error.code, own.error.reason, "%s", own.error.message);
	}
	context_done(&own);
	return answer;
}

struct json_object *rpc_invoke(struct context *ctx, struct rpc_client *client, const struct rpc_request *request)
{
	(void)client;
	assert_int_equal(request->as, RPC_AS_SERVICE);
	assert_true(request->idempotent);
	world.deliveries++;
	if (world.down && strncmp(request->method, world.down, strlen(world.down)) == 0) {
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "connect", NULL);
		return NULL;
	}
	if (world.poison && strstr(request->params, world.poison)) {
		(void)context_fail(ctx, ERROR_INVALID_PARAMS, NULL, "no such payload");
		return NULL;
	}
	if (world.mute && strstr(request->params, world.mute)) {
		const char *first = strstr(request->params, "\"seq\"");
		world.alone += first && !strstr(first + 1, "\"seq\"");
		(void)outbox_oversleep(ctx);
		return NULL;
	}
	struct json_object *answer = outbox_hand_over(ctx, request->params);
	if (answer && world.lose_answers > 0) {
		world.lose_answers--;
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "connection_lost", NULL);
		return NULL;
	}
	return answer;
}

static const char *outbox_urls[2]; /* producer's and consumer's, emptied for every test */

static inline void outbox_empty(struct context *ctx)
{
	static const char *const common =
	    "TRUNCATE outbox, outbox_cursor, outbox_retry, outbox_dead_letter, outbox_lease, "
	    "consumed_fact, idempotency_key, background_job, erased_user";
	(void)write_sql(ctx, world.producer, common);
	(void)write_sql(ctx, world.consumer, common);
	(void)write_sql(ctx, world.producer, "ALTER SEQUENCE outbox_seq RESTART");
	(void)write_sql(ctx, world.consumer, "DROP TABLE IF EXISTS applied");
	(void)write_sql(ctx, world.consumer,
			"CREATE TABLE applied (place bigint GENERATED ALWAYS AS IDENTITY, id uuid, key text, n text)");
}

static inline void outbox_open(struct context *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(outbox_urls); i++)
		outbox_urls[i] = outbox_urls[i] ? outbox_urls[i] : write_database(ctx);
	world = (struct outbox_world){.url = outbox_urls[0]};
	world.producer = write_pg(outbox_urls[0], 4);
	world.consumer = write_pg(outbox_urls[1], 2);
	outbox_empty(ctx);
	outbox_consume(outbox_handlers);
}

static inline void outbox_close(void)
{
	pg_free(world.producer);
	pg_free(world.consumer);
}

static const char *const outbox_rating[] = {"rating", NULL};

static inline struct outbox_relay *outbox_start_for(const char *const *subscribers, int64_t poll)
{
	struct outbox_relay *relay = outbox_relay_new(&(struct outbox_relay_options){.daemon = "events",
										     .db = world.producer,
										     .subscribers = subscribers,
										     .poll_interval = poll,
										     .delivery_timeout = world.timeout,
										     .max_attempts = 3});
	assert_non_null(relay);
	return relay;
}

static inline struct outbox_relay *outbox_start(void)
{
	return outbox_start_for(outbox_rating, OUTBOX_POLL);
}

static inline void outbox_end(struct outbox_relay *relay)
{
	outbox_relay_stop(relay);
	outbox_relay_free(relay);
}

/* Publishes in an open transaction. */
static inline void outbox_publish_in(struct context *ctx, struct pg_tx *tx, const char *key, int n)
{
	struct rpc_call call = write_call(ctx, world.producer, "{}");
	assert_int_equal(rpc_publish(&call, tx, "events.thing.made", key, arena_printf(&ctx->arena, "{\"n\": %d}", n)),
			 0);
}

/* Publishes in a transaction of its own, as a method would. */
static inline void outbox_publish(struct context *ctx, const char *key, int n)
{
	struct rpc_call call = write_call(ctx, world.producer, "{}");
	struct pg_tx *tx = rpc_begin(&call);
	assert_int_equal(rpc_publish(&call, tx, "events.thing.made", key, arena_printf(&ctx->arena, "{\"n\": %d}", n)),
			 0);
	if (rpc_commit_text(&call, tx, "{}") != 0)
		write_check(ctx);
}

/* Waits until the statement about a database says the number. */
static inline void outbox_await_number(struct context *ctx, struct pg *pg, const char *sql, int64_t number)
{
	while (write_number(ctx, pg, sql) != number) {
		if (co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND)) != CO_TIMEOUT ||
		    deadline_left(ctx->deadline) == 0)
			fail_msg("not reached: %s = %lld", sql, (long long)number);
	}
}

/* Waits until so many facts were folded. */
static inline void outbox_await(struct context *ctx, int64_t count)
{
	outbox_await_number(ctx, world.consumer, "SELECT count(*) FROM applied", count);
}

/* The folded n, in order: "1 2 3". */
static inline void outbox_assert_applied(struct context *ctx, const char *expected)
{
	struct pg_result *row =
	    write_sql(ctx, world.consumer, "SELECT coalesce(string_agg(n, ' ' ORDER BY place), '') FROM applied");
	assert_string_equal(pg_text(row, 0, 0), expected);
}

#endif
