/* The relay: order, gaps, losses, refusals. */
#include "outbox/internal.h"
#include "outbox/outbox_fixture.h"

WRITE_TEST(delivers_in_order)
{
	outbox_open(ctx);
	for (int i = 1; i <= 5; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 5);
	outbox_publish(ctx, "k", 6);
	outbox_await(ctx, 6);
	outbox_assert_applied(ctx, "1 2 3 4 5 6");
	assert_int_equal(write_number(ctx, world.consumer, "SELECT count(*) FROM consumed_fact"), 6);
	outbox_end(relay);
	outbox_close();
}

/* Two overlapping transactions: the one that began first commits last. Whoever reads by number alone has passed it by.
 */
WRITE_TEST(skips_no_late_commit)
{
	outbox_open(ctx);
	struct outbox_relay *relay = outbox_start();
	struct pg_tx *early = pg_begin(ctx, world.producer);
	outbox_publish_in(ctx, early, "k", 1);
	assert_non_null(pg_query(ctx, early, "SELECT 1"));
	struct pg_tx *late = pg_begin(ctx, world.producer);
	outbox_publish_in(ctx, late, "k", 2);
	assert_int_equal(pg_commit(ctx, late), 0);
	outbox_wake();
	(void)co_sleep_until(deadline_after(5 * OUTBOX_POLL));
	outbox_assert_applied(ctx, ""); /* the later one waits for the earlier one */
	assert_int_equal(pg_commit(ctx, early), 0);
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "1 2");
	outbox_end(relay);
	outbox_close();
}

/* Transaction ids are the server's: what runs in a database of somebody else holds nothing up. */
WRITE_TEST(waits_for_no_other_database)
{
	outbox_open(ctx);
	struct pg_tx *elsewhere = pg_begin(ctx, world.consumer);
	assert_non_null(pg_query(ctx, elsewhere, "CREATE TABLE elsewhere ()"));
	struct outbox_relay *relay = outbox_start();
	outbox_publish(ctx, "k", 1);
	outbox_await(ctx, 1);
	pg_rollback(elsewhere);
	outbox_end(relay);
	outbox_close();
}

/* Numbers drawn before the transaction id: the order is that of transactions, and none is lost. */
WRITE_TEST(delivers_what_was_numbered_early)
{
	outbox_open(ctx);
	(void)write_number(ctx, world.producer,
			   "SELECT nextval('outbox_seq')"); /* the next 31 write no log, take no id */
	struct pg_tx *early = pg_begin(ctx, world.producer);
	assert_non_null(pg_query(ctx, early, "SELECT nextval('outbox_seq')"));
	struct pg_tx *late = pg_begin(ctx, world.producer);
	outbox_publish_in(ctx, late, "k", 1);
	assert_int_equal(pg_commit(ctx, late), 0);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 1);
	assert_non_null(pg_query(ctx, early,
				 "INSERT INTO outbox (seq, id, topic, key, payload) VALUES "
				 "(currval('outbox_seq'), gen_random_uuid(), 'events.thing.made', 'k', '{\"n\": 2}')"));
	assert_int_equal(pg_commit(ctx, early), 0);
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "1 2");
	outbox_end(relay);
	outbox_close();
}

#define POLL_NEVER (3600 * CLOCK_SECOND)

/* Looks that find nothing come ever later; this waits for the one that does not come, which only a wake ends. */
static void await_longest_pause(struct outbox_relay *relay)
{
	struct outbox_lane *lane = &relay->subscribers[0].fresh;
	while (!lane->idle || lane->pause <= POLL_NEVER) {
		lane->pause = POLL_NEVER; /* again: a pass that is under way sets it to the shortest */
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	}
}

/* With a poll that never comes, the commit itself must wake the relay; and what is rolled back is never heard of. */
WRITE_TEST(is_woken_by_commits)
{
	outbox_open(ctx);
	struct outbox_relay *relay = outbox_start_for(outbox_rating, POLL_NEVER);
	outbox_publish(ctx, "k", 1);
	outbox_await(ctx, 1);
	await_longest_pause(relay);
	struct pg_tx *tx = pg_begin(ctx, world.producer);
	outbox_publish_in(ctx, tx, "k", 2);
	assert_non_null(pg_query(ctx, tx, "SELECT 1"));
	pg_rollback(tx);
	outbox_publish(ctx, "k", 3);
	outbox_await(ctx, 2);
	outbox_assert_applied(ctx, "1 3");
	outbox_end(relay);
	outbox_close();
}

/* A relay that does not lead tells the one that does, by NOTIFY. */
WRITE_TEST(is_woken_by_other_relays)
{
	outbox_open(ctx);
	struct outbox_relay *leader = outbox_start_for(outbox_rating, POLL_NEVER);
	outbox_publish(ctx, "k", 1);
	outbox_await(ctx, 1);
	struct outbox_relay *other =
	    outbox_start_for(outbox_rating, POLL_NEVER); /* commits of this process now wake this one */
	await_longest_pause(leader);
	for (int i = 2; i <= 10; i++)
		outbox_publish(ctx, "k", i);
	outbox_await(ctx, 10);
	outbox_assert_applied(ctx, "1 2 3 4 5 6 7 8 9 10");
	outbox_end(other);
	outbox_end(leader);
	outbox_close();
}

/* Done, but the answer was lost: delivered again, folded once. */
WRITE_TEST(folds_repeated_deliveries_once)
{
	outbox_open(ctx);
	world.lose_answers = 3;
	for (int i = 1; i <= 3; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *relay = outbox_start();
	outbox_await_number(ctx, world.producer, "SELECT coalesce(max(seq), 0) FROM outbox_cursor", 3);
	outbox_assert_applied(ctx, "1 2 3");
	assert_true(world.deliveries >= 4);
	outbox_end(relay);
	outbox_close();
}

/* A relay that was killed in mid-delivery left its lease behind; it may even come back as a ghost. */
WRITE_TEST(survives_the_death_of_a_relay)
{
	outbox_open(ctx);
	world.lose_answers = 1; /* the ghost's delivery was done, its cursor not moved */
	for (int i = 1; i <= 3; i++)
		outbox_publish(ctx, "k", i);
	struct outbox_relay *ghost = outbox_start();
	outbox_await(ctx, 3);
	(void)write_sql(ctx, world.producer, "UPDATE outbox_lease SET expires_at = now() - interval '1 second'");
	struct outbox_relay *heir = outbox_start();
	for (int i = 4; i <= 40; i++) {
		outbox_publish(ctx, "k", i);
		if (i % 10 == 0) /* leadership goes back and forth under load */
			(void)write_sql(ctx, world.producer,
					"UPDATE outbox_lease SET expires_at = now() - interval '1 second'");
	}
	outbox_await(ctx, 40);
	outbox_await_number(ctx, world.producer, "SELECT max(seq) FROM outbox_cursor", 40);
	assert_int_equal(write_number(ctx, world.consumer, "SELECT count(DISTINCT id) FROM applied"), 40);
	assert_int_equal(
	    write_number(ctx, world.consumer,
			 "SELECT count(*) FROM (SELECT n::int AS n, lag(n::int) OVER (ORDER BY place) AS before "
			 "FROM applied) x WHERE n < before"),
	    0);
	outbox_end(ghost);
	outbox_end(heir);
	outbox_close();
}

/* A relay that does not lead has nothing to do and does nothing. */
WRITE_TEST(rests_while_another_relay_leads)
{
	outbox_open(ctx);
	outbox_publish(ctx, "k", 1);
	struct outbox_relay *leader = outbox_start();
	outbox_await(ctx, 1);
	struct outbox_relay *other = outbox_start();
	struct loop_stats before, after;
	loop_stats(loop_current(), &before);
	(void)co_sleep_until(deadline_after(300 * CLOCK_MILLISECOND));
	loop_stats(loop_current(), &after);
	assert_in_range(after.switches - before.switches, 0, 1000);
	outbox_end(other);
	outbox_end(leader);
	outbox_close();
}

/* One subscriber is down: the other gets everything, and the first one too, once it is back. */
WRITE_TEST(holds_nobody_up_for_one_that_is_down)
{
	static const char *const both[] = {"rating", "gateway", NULL};
	outbox_open(ctx);
	world.down = "gateway";
	struct outbox_relay *relay = outbox_start_for(both, OUTBOX_POLL);
	for (int i = 1; i <= 3; i++)
		outbox_publish(ctx, "k", i);
	outbox_await(ctx, 3);
	assert_int_equal(
	    write_number(ctx, world.producer, "SELECT seq FROM outbox_cursor WHERE subscriber = 'gateway'"), 0);
	world.down = NULL;
	outbox_await_number(ctx, world.producer, "SELECT seq FROM outbox_cursor WHERE subscriber = 'gateway'", 3);
	outbox_assert_applied(ctx, "1 2 3"); /* the same database here: the second delivery did nothing */
	outbox_end(relay);
	outbox_close();
}

/* A fact whose consumer needs something that is down waits, however long that takes: no attempt is counted, and facts
 * of other keys go on. */
WRITE_TEST(waits_for_a_consumer_that_cannot)
{
	outbox_open(ctx);
	world.unreachable = "b";
	outbox_publish(ctx, "a", 1);
	outbox_publish(ctx, "b", 2);
	outbox_publish(ctx, "a", 3);
	struct outbox_relay *relay = outbox_start();
	outbox_await(ctx, 2);
	int seen = world.deliveries;
	while (world.deliveries < seen + 2)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	outbox_assert_applied(ctx, "1 3");
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_retry WHERE reason LIKE 'unavailable%'",
			    1);
	assert_int_equal(write_number(ctx, world.producer, "SELECT sum(attempts) FROM outbox_retry"), 0);
	world.unreachable = NULL;
	outbox_await(ctx, 3);
	outbox_assert_applied(ctx, "1 3 2");
	outbox_end(relay);
	outbox_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(delivers_in_order),
	    cmocka_unit_test(skips_no_late_commit),
	    cmocka_unit_test(waits_for_no_other_database),
	    cmocka_unit_test(delivers_what_was_numbered_early),
	    cmocka_unit_test(is_woken_by_commits),
	    cmocka_unit_test(is_woken_by_other_relays),
	    cmocka_unit_test(folds_repeated_deliveries_once),
	    cmocka_unit_test(survives_the_death_of_a_relay),
	    cmocka_unit_test(rests_while_another_relay_leads),
	    cmocka_unit_test(holds_nobody_up_for_one_that_is_down),
	    cmocka_unit_test(waits_for_a_consumer_that_cannot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
