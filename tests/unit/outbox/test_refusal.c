/* Facts that are refused: put off, buried, replayed; and what the relay tidies up. */
#include "outbox/outbox_fixture.h"

/* Others pass; those of the same key wait, and come in order once it is accepted. */
WRITE_TEST(puts_off_what_is_refused)
{
	outbox_open(ctx);
	world.refuse_key = "b";
	world.refuse_times = 2;
	outbox_publish(ctx, "a", 1);
	outbox_publish(ctx, "b", 2);
	outbox_publish(ctx, "a", 3);
	outbox_publish(ctx, "b", 4);
	struct outbox_relay *relay = outbox_start();
	outbox_publish(ctx, "b", 5);
	outbox_await(ctx, 5);
	struct pg_result *row = write_sql(ctx, world.consumer,
					  "SELECT string_agg(n, ' ' ORDER BY place) FILTER (WHERE key = 'b'), "
					  "string_agg(n, ' ' ORDER BY place) FILTER (WHERE key = 'a') FROM applied");
	assert_string_equal(pg_text(row, 0, 0), "2 4 5");
	assert_string_equal(pg_text(row, 0, 1), "1 3");
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_retry", 0);
	assert_int_equal(write_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter"), 0);
	outbox_end(relay);
	outbox_close();
}

/* After max_attempts it is a dead letter with its reason; what waited behind it goes on. Replayed, it is delivered. */
WRITE_TEST(buries_and_replays)
{
	outbox_open(ctx);
	world.refuse_key = "b";
	world.refuse_times = 3; /* the first delivery and two more: all that it gets */
	outbox_publish(ctx, "b", 1);
	outbox_publish(ctx, "b", 2);
	outbox_publish(ctx, "a", 3);
	struct outbox_relay *relay = outbox_start();
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter", 1);
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "3 2");
	struct pg_result *row =
	    write_sql(ctx, world.producer, "SELECT reason, attempts, subscriber, topic, key FROM outbox_dead_letter");
	assert_string_equal(pg_text(row, 0, 0), "precondition_failed rule: this one is refused");
	assert_string_equal(pg_text(row, 0, 1), "3");
	assert_string_equal(pg_text(row, 0, 2), "rating");
	assert_string_equal(pg_text(row, 0, 3), "events.thing.made");
	assert_string_equal(pg_text(row, 0, 4), "b");
	assert_int_equal(outbox_replay(ctx, world.producer, "nobody"), 0);
	assert_int_equal(outbox_replay(ctx, world.producer, NULL), 1);
	outbox_await(ctx, 3);
	outbox_assert_applied(ctx, "3 2 1");
	assert_int_equal(write_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter"), 0);
	outbox_end(relay);
	outbox_close();
}

/* One fact spoils every delivery that it is in: it is isolated, the others arrive. */
WRITE_TEST(isolates_what_spoils_a_delivery)
{
	outbox_open(ctx);
	world.poison = "\"n\": 13}";
	for (int i = 1; i <= 30; i++)
		outbox_publish(ctx, "", i);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 29);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter", 1);
	assert_int_equal(write_number(ctx, world.producer, "SELECT (payload->>'n')::int FROM outbox_dead_letter"), 13);
	assert_int_equal(write_number(ctx, world.consumer, "SELECT count(DISTINCT id) FROM applied"), 29);
	outbox_end(relay);
	outbox_close();
}

WRITE_TEST(tidies_up)
{
	outbox_open(ctx);
	for (int i = 1; i <= 3; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *relay = outbox_start();
	outbox_await_number(ctx, world.producer, "SELECT coalesce(max(seq), 0) FROM outbox_cursor", 3);
	outbox_end(relay);
	outbox_publish(ctx, "k", 4);
	(void)write_sql(ctx, world.producer,
			"UPDATE outbox SET occurred_at = now() - interval '8 days' WHERE seq <> 3");
	(void)write_sql(ctx, world.producer,
			"INSERT INTO consumed_fact SELECT gen_random_uuid(), now() - n * interval '1 day' "
			"FROM generate_series(1, 1500) n");
	(void)write_sql(ctx, world.producer,
			"INSERT INTO idempotency_key SELECT 'c', n::text, 'm', '', '{}', now() - n * interval '1 hour' "
			"FROM generate_series(1, 1500) n");
	world.down = "rating"; /* so the fourth is not delivered, and must stay although it is old */
	relay = outbox_start();
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM idempotency_key", 47);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM consumed_fact", 13);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox", 2);
	assert_int_equal(write_number(ctx, world.producer, "SELECT min(seq) FROM outbox"), 3);
	outbox_end(relay);
	outbox_close();
}

/* A dump restored into a new server: ids kept are from the future of this one. Everything is delivered again, and
 * folded once. */
WRITE_TEST(recovers_from_a_restore)
{
	outbox_open(ctx);
	for (int i = 1; i <= 3; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *relay = outbox_start();
	outbox_await_number(ctx, world.producer, "SELECT coalesce(max(seq), 0) FROM outbox_cursor", 3);
	outbox_end(relay);
	(void)write_sql(ctx, world.producer, "UPDATE outbox SET xid = '99999999999'");
	(void)write_sql(ctx, world.producer, "UPDATE outbox_cursor SET xid = '99999999999'");
	outbox_publish(ctx, "k", 4);
	relay = outbox_start();
	outbox_await(ctx, 4);
	outbox_publish(ctx, "k", 5);
	outbox_await(ctx, 5);
	outbox_assert_applied(ctx, "1 2 3 4 5");
	outbox_end(relay);
	outbox_close();
}

/* Delivers by hand; returns the answer in ctx or NULL. */
static const char *deliver(struct context *ctx, const struct identity *caller, const char *params)
{
	struct rpc_call call = write_call(ctx, world.consumer, params);
	error_clear(&ctx->error);
	call.caller = caller;
	return outbox_deliver(&call) == 0 ? call.result : NULL;
}

#define FACT(id, topic, key, n)                                                                       \
	"{\"id\":\"01932b5c-7a10-7000-8000-0000000000" id "\",\"topic\":\"" topic "\",\"key\":\"" key \
	"\",\"seq\":1,\"occurred_at\":\"2026-11-21T10:00:00.000000Z\",\"payload\":{\"n\":" n "}}"
#define DELIVERY(facts) "{\"source\":\"events\",\"facts\":[" facts "]}"

WRITE_TEST(consumes_for_known_sources_only)
{
	static const struct identity rating = {.kind = IDENTITY_SERVICE, .id = "rating"};
	static const struct identity human = {.kind = IDENTITY_USER, .id = "events"};
	const char *good = DELIVERY(FACT("01", "events.thing.made", "k", "1"));
	outbox_open(ctx);
	assert_null(deliver(ctx, &rating, good));
	assert_int_equal(ctx->error.code, ERROR_FORBIDDEN);
	assert_null(deliver(ctx, &human, good));
	assert_int_equal(ctx->error.code, ERROR_FORBIDDEN);
	assert_null(deliver(ctx, &outbox_events, DELIVERY(FACT("01", "passport.user.registered", "k", "1"))));
	assert_int_equal(ctx->error.code, ERROR_FORBIDDEN);
	assert_null(deliver(ctx, &outbox_events, DELIVERY(FACT("01", "eventsx.thing", "k", "1"))));
	assert_int_equal(ctx->error.code, ERROR_FORBIDDEN);
	assert_null(deliver(ctx, &outbox_events, "{\"source\":\"events\"}"));
	assert_int_equal(ctx->error.code, ERROR_INVALID_PARAMS);
	assert_string_equal(deliver(ctx, &outbox_events, good), "{\"delivered\":1,\"refused\":[]}");
	assert_string_equal(deliver(ctx, &outbox_events, good), "{\"delivered\":1,\"refused\":[]}");
	outbox_assert_applied(ctx, "1");
	outbox_close();
}

WRITE_TEST(answers_what_it_refused)
{
	outbox_open(ctx);
	world.refuse_key = "b";
	world.refuse_times = 1;
	const char *answer = deliver(
	    ctx, &outbox_events,
	    DELIVERY(FACT("01", "events.thing.made", "b", "1") "," FACT("02", "events.thing.made", "b", "2") "," FACT(
		"03", "events.thing.made", "a", "3") "," FACT("04", "events.other", "a", "4")));
	assert_string_equal(answer, "{\"delivered\":2,\"refused\":["
				    "{\"id\":\"01932b5c-7a10-7000-8000-000000000001\",\"reason\":"
				    "\"precondition_failed rule: this one is refused\"},"
				    "{\"id\":\"01932b5c-7a10-7000-8000-000000000002\",\"reason\":\"behind\"}]}");
	outbox_assert_applied(ctx, "3"); /* nobody here wants events.other: delivered, not folded */
	answer = deliver(ctx, &outbox_events, DELIVERY(FACT("zz", "events.thing.made", "c", "5")));
	assert_non_null(strstr(answer, "\"delivered\":0"));
	assert_non_null(strstr(answer, "internal"));
	outbox_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_off_what_is_refused),	       cmocka_unit_test(buries_and_replays),
	    cmocka_unit_test(isolates_what_spoils_a_delivery), cmocka_unit_test(tidies_up),
	    cmocka_unit_test(recovers_from_a_restore),	       cmocka_unit_test(consumes_for_known_sources_only),
	    cmocka_unit_test(answers_what_it_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
