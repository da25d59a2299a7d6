/* Facts that take too long: nobody waits for them but those of their own key. */
#include "outbox/outbox_fixture.h"

/* The source goes on at once; after max_attempts the slow one is a dead letter, and what waited behind it goes on. */
WRITE_TEST(puts_off_what_takes_too_long)
{
	outbox_open(ctx);
	world.slow_key = "b";
	world.timeout = 1600 * CLOCK_MILLISECOND; /* 200 ms for each fact */
	outbox_publish(ctx, "b", 1);
	outbox_publish(ctx, "b", 2);
	outbox_publish(ctx, "a", 3);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 1);
	outbox_publish(ctx, "c", 4);
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "3 4");
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter", 1);
	struct pg_result *row =
	    write_sql(ctx, world.producer, "SELECT reason, attempts, payload->>'n' FROM outbox_dead_letter");
	assert_string_equal(pg_text(row, 0, 0), "deadline_exceeded");
	assert_string_equal(pg_text(row, 0, 1), "3");
	assert_string_equal(pg_text(row, 0, 2), "1");
	world.slow_key = NULL;
	outbox_await(ctx, 3);
	outbox_assert_applied(ctx, "3 4 2");
	outbox_end(relay);
	outbox_close();
}

/* A delivery that its time does not suffice for answers what it did; the others come next, without an attempt. */
WRITE_TEST(delivers_in_pieces_what_takes_long_together)
{
	outbox_open(ctx);
	world.timeout = 1600 * CLOCK_MILLISECOND;
	world.each = 150 * CLOCK_MILLISECOND;
	for (int i = 1; i <= 15; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 15);
	outbox_assert_applied(ctx, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
	outbox_await_number(ctx, world.producer, "SELECT coalesce(max(seq), 0) FROM outbox_cursor", 15);
	assert_int_equal(write_number(ctx, world.producer, "SELECT count(*) FROM outbox_retry"), 0);
	assert_in_range(world.deliveries, 2, 14);
	outbox_end(relay);
	outbox_close();
}

/* One fact keeps every delivery that it is in from being answered: it is found, and it alone is put off. */
WRITE_TEST(finds_the_fact_that_gets_no_answer)
{
	outbox_open(ctx);
	world.timeout = 800 * CLOCK_MILLISECOND;
	world.mute = "\"n\": 2}";
	outbox_publish(ctx, "a", 1);
	outbox_publish(ctx, "b", 2);
	outbox_publish(ctx, "c", 3);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "1 3");
	assert_int_equal(world.alone, 1);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter", 1);
	assert_int_equal(write_number(ctx, world.producer, "SELECT attempts FROM outbox_dead_letter"), 3);
	outbox_end(relay);
	outbox_close();
}

/* A subscriber that answers nothing at all is down, and no fact is to blame. */
WRITE_TEST(blames_nothing_on_a_subscriber_that_hangs)
{
	outbox_open(ctx);
	world.timeout = 800 * CLOCK_MILLISECOND;
	world.mute = "";
	outbox_publish(ctx, "a", 1);
	outbox_publish(ctx, "b", 2);
	struct outbox_relay *relay = outbox_start();
	while (world.deliveries < 3) /* both, the first alone, and whether it is there */
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	world.mute = NULL;
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "1 2");
	assert_int_equal(write_number(ctx, world.producer, "SELECT count(*) FROM outbox_retry"), 0);
	assert_int_equal(write_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter"), 0);
	outbox_end(relay);
	outbox_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_off_what_takes_too_long),
	    cmocka_unit_test(delivers_in_pieces_what_takes_long_together),
	    cmocka_unit_test(finds_the_fact_that_gets_no_answer),
	    cmocka_unit_test(blames_nothing_on_a_subscriber_that_hangs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
