/* Calls to a daemon that is being started anew, or that keeps going away. */
#include "client/client_fixture.h"

#include "link/raw_link.h"

#define LOSSES 5 /* after them the circuit breaker opens */

struct restart {
	struct toy *toy;
	uint16_t port;
	int64_t after;
};

static void listen_later(void *argument)
{
	struct restart *restart = argument;
	(void)co_sleep_until(deadline_after(restart->after));
	toy_listen(restart->toy, restart->port);
}

static void stop_listening(struct toy *toy, const struct rpc_client *client)
{
	link_server_free(toy->link);
	toy->link = NULL;
	for (int i = 0; i < 1000 && rpc_client_peer_up(client, "toy"); i++)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	assert_false(rpc_client_peer_up(client, "toy"));
}

/* While a daemon is started anew calls wait, also those that may not be sent twice; not for one that stays away. */
static void restarts(struct toy *toy)
{
	struct restart restart = {toy, link_server_port(toy->link), 100 * CLOCK_MILLISECOND};
	struct rpc_client *client = make_client(address(toy), passport_address(toy), "secret");
	struct context ctx;
	assert_non_null(invoke(&ctx, client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL));
	context_done(&ctx);
	stop_listening(toy, client);
	assert_non_null(co_spawn("restart", listen_later, &restart));
	assert_non_null(invoke(&ctx, client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL));
	context_done(&ctx);
	stop_listening(toy, client);
	expect_error(client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "not_sent");
	int64_t started = clock_monotonic();
	expect_error(client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "not_sent");
	assert_true(clock_monotonic() - started < 500 * CLOCK_MILLISECOND);
	rpc_client_free(client);
}

static void test_restarts(void **state)
{
	(void)state;
	toy_run(restarts);
}

static void hang(void *argument)
{
	struct rpc_client *client = argument;
	struct rpc_request request = {.method = "toy.sleep.hang", .params = "{}", .as = RPC_AS_ANONYMOUS};
	struct context ctx;
	context_init(&ctx, deadline_after(20 * CLOCK_SECOND));
	assert_null(rpc_invoke(&ctx, client, &request));
	context_done(&ctx);
}

static void say(struct rpc_client *client)
{
	struct context ctx;
	assert_non_null(invoke(&ctx, client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL));
	context_done(&ctx);
}

/* A call that does not end keeps one of two connections to a server that goes away: the other leads to the new server
 * as soon as that is there. */
static void restarts_beside_a_long_call(struct toy *toy)
{
	struct restart restart = {toy, link_server_port(toy->link), 50 * CLOCK_MILLISECOND};
	const struct rpc_peer peers[] = {{"toy", address(toy)}, {NULL, NULL}};
	struct rpc_client *client = rpc_client_new(
	    &(struct rpc_client_options){.self = "events", .link = TOY_LINK_SECRETS, .peers = peers, .connections = 2});
	struct link_server *old = toy->link;
	say(client);
	while (link_server_connections(old) < 2)
		co_yield ();
	say(client);
	assert_non_null(co_spawn("hang", hang, client));
	while (toy->hangs == 0)
		co_yield ();
	link_server_drain(old);
	while (rpc_client_peer_up(client, "toy"))
		co_yield ();
	assert_non_null(co_spawn("restart", listen_later, &restart));
	int64_t started = clock_monotonic();
	say(client);
	assert_true(clock_monotonic() - started < 500 * CLOCK_MILLISECOND);
	link_server_cancel(old);
	while (link_server_connections(old) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	link_server_free(old);
	rpc_client_free(client);
}

static void test_restarts_beside_a_long_call(void **state)
{
	(void)state;
	toy_run(restarts_beside_a_long_call);
}

struct crowd {
	struct rpc_client *client;
	int64_t timeout;
	int ended;
};

static void wait_for_restart(void *argument)
{
	struct crowd *crowd = argument;
	struct rpc_request request = {.method = "toy.echo.say", .params = "{}", .as = RPC_AS_ANONYMOUS};
	struct context ctx;
	context_init(&ctx, deadline_after(crowd->timeout));
	assert_null(rpc_invoke(&ctx, crowd->client, &request));
	assert_int_equal(ctx.error.code, ERROR_UNAVAILABLE);
	context_done(&ctx);
	crowd->ended++;
}

/* Calls that wait for a restart keep their deadlines, and end with the client. */
static void crowd_at_a_restart(struct toy *toy)
{
	struct rpc_client *client = make_client(address(toy), "", "");
	struct crowd hurried = {client, 100 * CLOCK_MILLISECOND, 0}, patient = {client, 20 * CLOCK_SECOND, 0};
	say(client);
	stop_listening(toy, client);
	for (int i = 0; i < 50; i++) {
		assert_non_null(co_spawn("hurried", wait_for_restart, &hurried));
		assert_non_null(co_spawn("patient", wait_for_restart, &patient));
	}
	(void)co_sleep_until(deadline_after(300 * CLOCK_MILLISECOND));
	assert_int_equal(hurried.ended, 50);
	assert_int_equal(patient.ended, 0);
	rpc_client_free(client);
	for (int i = 0; i < 3; i++)
		co_yield ();
	assert_int_equal(patient.ended, 50);
}

static void test_crowd_at_a_restart(void **state)
{
	(void)state;
	toy_run(crowd_at_a_restart);
}

static void hang_up_often(void *argument)
{
	const int *listener = argument;
	char line[2000];
	for (int i = 0; i < LOSSES; i++) {
		int fd = raw_link_accept(*listener);
		assert_true(raw_line(fd, line, sizeof(line)) > 0);
		(void)close(fd);
	}
	(void)close(*listener);
}

/* One that hangs up at every call is left alone as well: nobody waits for it to come back. */
static void breaker_of_losses(struct toy *toy)
{
	uint16_t port;
	int listener = raw_listen(&port);
	struct rpc_client *client = make_client(arena_printf(&toy->key.arena, "127.0.0.1:%u", port), "", "");
	struct rpc_request request = {.method = "toy.echo.say", .params = "{}", .as = RPC_AS_ANONYMOUS};
	assert_non_null(co_spawn("hang up", hang_up_often, &listener));
	for (int i = 0; i < LOSSES; i++) {
		struct context ctx;
		context_init(&ctx, deadline_after(20 * CLOCK_SECOND));
		assert_null(rpc_invoke(&ctx, client, &request));
		assert_string_equal(ctx.error.reason, "connection_lost");
		context_done(&ctx);
	}
	int64_t started = clock_monotonic();
	expect_error(client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "not_sent");
	assert_true(clock_monotonic() - started < 500 * CLOCK_MILLISECOND);
	rpc_client_free(client);
}

static void test_breaker_of_losses(void **state)
{
	(void)state;
	toy_run(breaker_of_losses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_restarts),
	    cmocka_unit_test(test_restarts_beside_a_long_call),
	    cmocka_unit_test(test_crowd_at_a_restart),
	    cmocka_unit_test(test_breaker_of_losses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
