#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

static const char *url;

struct heard {
	int restarts, count;
	char last[64];
};

static void hear(const char *payload, void *argument)
{
	struct heard *heard = argument;
	if (!payload) {
		heard->restarts++;
		return;
	}
	heard->count++;
	(void)snprintf(heard->last, sizeof(heard->last), "%s", payload);
}

static void body_notify(struct context *ctx, struct pg *pg)
{
	struct heard heard = {0}, other = {0};
	struct pg_listener *listener = pg_listen(pg, "Facts \"new\"", hear, &heard);
	struct pg_listener *second = pg_listen(pg, "other", hear, &other);
	PG_RUN_UNTIL(ctx, heard.restarts == 1 && other.restarts == 1);
	pg_run_sql(ctx, pg, "SELECT pg_notify('Facts \"new\"', 'first')");
	PG_RUN_UNTIL(ctx, heard.count == 1);
	assert_string_equal(heard.last, "first");
	pg_run_sql(ctx, pg, "SELECT pg_notify('Facts \"new\"', i::text) FROM generate_series(1, 50) i");
	PG_RUN_UNTIL(ctx, heard.count == 51);
	assert_string_equal(heard.last, "50");
	assert_int_equal(other.count, 0);
	pg_listener_free(listener);
	pg_listener_free(second);
	pg_listener_free(NULL);
}

static void test_notifications_arrive_on_their_channel(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_notify);
}

static void body_reconnect(struct context *ctx, struct pg *pg)
{
	struct heard heard = {0};
	struct pg_listener *listener = pg_listen(pg, "facts", hear, &heard);
	PG_RUN_UNTIL(ctx, heard.restarts == 1);
	pg_run_sql(ctx, pg,
		   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND"
		   " datname = current_database()");
	PG_RUN_UNTIL(ctx, heard.restarts == 2);
	pg_run_sql(ctx, pg, "SELECT pg_notify('facts', 'after')");
	PG_RUN_UNTIL(ctx, heard.count == 1);
	assert_string_equal(heard.last, "after");
	pg_listener_free(listener);
}

static void test_a_lost_listener_comes_back_and_says_so(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_reconnect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notifications_arrive_on_their_channel),
	    cmocka_unit_test(test_a_lost_listener_comes_back_and_says_so),
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
