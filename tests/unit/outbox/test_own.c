/* A consumer of a daemon's own facts: in order, without a transaction, and again until it succeeds. */
#include "outbox/outbox_fixture.h"

static int keep_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	assert_null(tx);
	assert_ptr_equal(call->db, world.consumer);
	if (world.unreachable && strcmp(fact->key, world.unreachable) == 0)
		return context_fail(call->ctx, ERROR_UNAVAILABLE, "down", NULL);
	if (world.refuse_key && strcmp(fact->key, world.refuse_key) == 0)
		return context_fail(call->ctx, ERROR_PRECONDITION_FAILED, "rule", "this one is refused");
	return pg_write(call->ctx, call->db, "INSERT INTO applied (id, key, n) VALUES ($1, $2, $3::json->>'n')",
			fact->id, fact->key, fact->payload_text)
		   ? 0
		   : -1;
}

static const struct fact_handler handlers[] = {{"events.thing.made", keep_fact}, {NULL, NULL}};
static const struct outbox_own own = {.name = "own", .handlers = handlers};

/* subscribers: others beside it. */
static struct outbox_relay *start(const char *const *subscribers)
{
	struct outbox_relay *relay =
	    outbox_relay_new(&(struct outbox_relay_options){.daemon = "events",
							    .db = world.producer,
							    .subscribers = subscribers,
							    .own = &own,
							    .prototype = {.db = world.consumer},
							    .poll_interval = OUTBOX_POLL,
							    .max_attempts = 2});
	assert_non_null(relay);
	return relay;
}

WRITE_TEST(test_own_facts_come_in_order_and_by_no_call)
{
	outbox_open(ctx);
	for (int i = 1; i <= 3; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *relay = start(NULL);
	outbox_await(ctx, 3);
	outbox_publish(ctx, "k", 4);
	outbox_await(ctx, 4);
	outbox_assert_applied(ctx, "1 2 3 4");
	assert_int_equal(world.deliveries, 0);
	outbox_end(relay);
	outbox_close();
}

WRITE_TEST(test_what_it_needs_may_be_down_for_a_while)
{
	outbox_open(ctx);
	world.unreachable = "k";
	outbox_publish(ctx, "k", 1);
	outbox_publish(ctx, "other", 2);
	outbox_publish(ctx, "k", 3);
	struct outbox_relay *relay = start(NULL);
	outbox_await(ctx, 1);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_retry WHERE attempts = 0", 2);
	world.unreachable = NULL;
	outbox_await(ctx, 3);
	outbox_assert_applied(ctx, "2 1 3");
	outbox_end(relay);
	outbox_close();
}

WRITE_TEST(test_one_that_is_refused_is_given_up_and_others_go_on)
{
	outbox_open(ctx);
	world.refuse_key = "bad";
	outbox_publish(ctx, "bad", 1);
	outbox_publish(ctx, "good", 2);
	struct outbox_relay *relay = start(NULL);
	outbox_await(ctx, 1);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter WHERE subscriber = 'own'", 1);
	outbox_assert_applied(ctx, "2");
	outbox_end(relay);
	outbox_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own_facts_come_in_order_and_by_no_call),
	    cmocka_unit_test(test_what_it_needs_may_be_down_for_a_while),
	    cmocka_unit_test(test_one_that_is_refused_is_given_up_and_others_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
