/* The link when something goes wrong: servers that fail, drain, are full; clients that leave. */
#include "rpc/toy.h"

#include "base/fault.h"
#include "link/raw_link.h"

#include <errno.h>

/* A call in the background. */
struct background {
	struct toy *toy;
	int ended;
	bool right;
};

/* --- servers that fail --- */

static void silent_server(struct toy *toy)
{
	(void)toy;
	uint16_t port;
	int listener = raw_listen(&port);
	struct link_client *client = toy_client(port, 0);
	struct toy_answer answer;
	/* Accepted by the kernel and never read. */
	toy_link_within(client, "toy.echo.say", "{}", 50 * CLOCK_MILLISECOND, &answer);
	toy_expect_fails(&answer, ERROR_DEADLINE_EXCEEDED, "");
	int fd = raw_accept(listener);
	assert_int_equal(link_client_state(client), LINK_CONNECTING);
	(void)close(fd);
	(void)close(listener);
	link_client_free(client);
}

static void test_silent_server(void **state)
{
	(void)state;
	toy_run(silent_server);
}

struct closer {
	int listener;
};

/* Reads a request and hangs up. */
static void close_after_request(void *argument)
{
	struct closer *closer = argument;
	int fd = raw_link_accept(closer->listener);
	char line[2000];
	assert_true(raw_line(fd, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "\"method\":\"toy.echo.say\",\"params\":{},\"meta\":{\"request_id\":"));
	(void)close(fd);
}

static void connection_lost(struct toy *toy)
{
	(void)toy;
	uint16_t port;
	struct closer closer;
	closer.listener = raw_listen(&port);
	struct link_client *client = toy_client(port, 0);
	assert_non_null(co_spawn("closer", close_after_request, &closer));
	struct toy_answer answer;
	toy_link_within(client, "toy.echo.say", "{}", 20 * CLOCK_SECOND, &answer);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "connection_lost");
	(void)close(closer.listener);
	link_client_free(client);
}

static void test_connection_lost(void **state)
{
	(void)state;
	toy_run(connection_lost);
}

static void nobody_there(struct toy *toy)
{
	(void)toy;
	struct link_client *client = toy_client(raw_dead_port(), 0);
	struct toy_answer answer;
	for (int i = 0; i < 3; i++) {
		toy_link_within(client, "toy.echo.say", "{}", 20 * CLOCK_SECOND, &answer);
		toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	}
	assert_int_equal(link_client_state(client), LINK_DOWN);
	link_client_free(client);
}

static void test_nobody_there(void **state)
{
	(void)state;
	toy_run(nobody_there);
}

static void comes_back(struct toy *toy)
{
	uint16_t port = link_server_port(toy->link);
	struct toy_answer answer;
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	toy_answer_free(&answer);
	link_server_free(toy->link);
	toy->link = NULL;
	while (link_client_state(toy->caller) != LINK_DOWN)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	toy_listen(toy, port);
	while (link_client_state(toy->caller) != LINK_UP)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/result/number"), "7");
	toy_answer_free(&answer);
}

static void test_comes_back(void **state)
{
	(void)state;
	toy_run(comes_back);
}

#ifdef EVENTLOOP_FAULTS
static void write_fails(struct toy *toy)
{
	struct toy_answer answer;
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	toy_answer_free(&answer);
	fault_arm("link.write", 1);
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	while (link_client_state(toy->caller) != LINK_UP)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/result/number"), "7");
	toy_answer_free(&answer);
}

static void test_write_fails(void **state)
{
	(void)state;
	toy_run(write_fails);
}
#endif

/* --- draining and limits --- */

static void nap_in_background(void *argument)
{
	struct background *call = argument;
	struct toy_answer answer;
	toy_link(call->toy, "toy.sleep.nap", "{\"milliseconds\":100}", NULL, &answer);
	call->right = strcmp(toy_at(&answer, "/result"), "slept") == 0;
	call->ended = 1;
	toy_answer_free(&answer);
}

static void drains(struct toy *toy)
{
	struct background nap = {.toy = toy};
	assert_non_null(co_spawn("nap", nap_in_background, &nap));
	while (toy->naps == 0)
		co_yield ();
	link_server_drain(toy->link);
	while (link_client_state(toy->caller) == LINK_UP)
		co_yield ();
	struct toy_answer answer;
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	assert_int_equal(nap.ended, 0);
	while (nap.ended == 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	assert_true(nap.right);
	while (link_server_connections(toy->link) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
}

static void test_drains(void **state)
{
	(void)state;
	toy_run(drains);
}

static void in_flight_limit(struct toy *toy)
{
	struct background naps[3];
	for (int i = 0; i < 3; i++) {
		naps[i] = (struct background){.toy = toy};
		assert_non_null(co_spawn("nap", nap_in_background, &naps[i]));
	}
	while (toy->naps < 3)
		co_yield ();
	struct toy_answer answer;
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/error/data/code"), "overloaded");
	assert_string_equal(toy_at(&answer, "/error/data/retry_after_ms"), "100");
	toy_answer_free(&answer);
	for (int i = 0; i < 3; i++) {
		while (naps[i].ended == 0)
			(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
		assert_true(naps[i].right);
	}
}

static void test_in_flight_limit(void **state)
{
	struct toy toy = {.max_in_flight = 3};
	(void)state;
	toy_run_with(&toy, in_flight_limit);
}

static void hang_in_background(void *argument)
{
	struct background *call = argument;
	struct toy_answer answer;
	toy_link(call->toy, "toy.sleep.hang", "{}", NULL, &answer);
	call->right = !answer.text ? strcmp(answer.ctx.error.reason, "not_sent") != 0
				   : strcmp(toy_at(&answer, "/error/data/code"), "unavailable") == 0;
	call->ended = 1;
	toy_answer_free(&answer);
}

/* At the end of its grace a daemon cancels what still runs: the callers are told. */
static void cancels(struct toy *toy)
{
	struct background hang = {.toy = toy};
	assert_non_null(co_spawn("hang", hang_in_background, &hang));
	while (link_server_in_flight(toy->link) == 0)
		co_yield ();
	co_yield ();
	link_server_cancel(toy->link);
	while (hang.ended == 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	assert_true(hang.right);
	assert_int_equal(link_server_in_flight(toy->link), 0);
}

static void test_cancels(void **state)
{
	(void)state;
	toy_run(cancels);
}

/* The client is freed while calls wait: they end, and nothing is touched afterwards (ASan looks). */
static void freed_in_flight(struct toy *toy)
{
	struct background hang = {.toy = toy};
	assert_non_null(co_spawn("hang", hang_in_background, &hang));
	while (link_server_in_flight(toy->link) == 0)
		co_yield ();
	link_client_free(toy->caller);
	toy->caller = NULL;
	while (hang.ended == 0)
		co_yield ();
	assert_true(hang.right);
	link_server_cancel(toy->link);
}

static void test_freed_in_flight(void **state)
{
	(void)state;
	toy_run(freed_in_flight);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_silent_server), cmocka_unit_test(test_connection_lost),
	    cmocka_unit_test(test_nobody_there),  cmocka_unit_test(test_comes_back),
#ifdef EVENTLOOP_FAULTS
	    cmocka_unit_test(test_write_fails),
#endif
	    cmocka_unit_test(test_drains),	  cmocka_unit_test(test_in_flight_limit),
	    cmocka_unit_test(test_cancels),	  cmocka_unit_test(test_freed_in_flight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
