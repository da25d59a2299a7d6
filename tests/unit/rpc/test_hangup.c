/* Callers that go: their calls end, here and at the daemon that works for them, unless they write. */
#include "rpc/toy.h"

#include "co/sync.h"
#include "link/raw_link.h"

static void until(bool (*holds)(struct toy *toy), struct toy *toy)
{
	int64_t limit = deadline_after(20 * CLOCK_SECOND);
	while (!holds(toy) && deadline_left(limit) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	assert_true(holds(toy));
}

static bool one_hangs(struct toy *toy)
{
	return toy->hangs == 1 && link_server_in_flight(toy->link) == 1;
}

static bool nothing_runs(struct toy *toy)
{
	return link_server_in_flight(toy->link) == 0;
}

struct caller {
	struct toy *toy;
	const char *method, *params;
	struct co *co;
	struct toy_answer answer;
};

static void call(void *argument)
{
	struct caller *caller = argument;
	caller->co = co_self();
	toy_link(caller->toy, caller->method, caller->params, NULL, &caller->answer);
}

static void start(struct co_group *group, struct caller *caller)
{
	assert_int_equal(co_group_start(group, "caller", call, caller), 0);
}

static void cancelled(struct toy *toy)
{
	struct caller caller = {.toy = toy, .method = "toy.sleep.hang", .params = "{}"};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	start(group, &caller);
	until(one_hangs, toy);
	co_cancel(caller.co);
	assert_int_equal(co_group_wait_all(group, DEADLINE_NEVER), CO_OK);
	toy_expect_fails(&caller.answer, ERROR_UNAVAILABLE, "cancelled");
	until(nothing_runs, toy);
	/* The connection goes on, and the late answer was nobody's. */
	toy_link(toy, "toy.echo.say", "{}", NULL, &caller.answer);
	assert_string_equal(toy_at(&caller.answer, "/result/number"), "7");
	toy_answer_free(&caller.answer);
	assert_int_equal(link_server_connections(toy->link), 1);
	context_done(&ctx);
}

static void test_a_cancelled_call_ends_at_the_server(void **state)
{
	(void)state;
	toy_run(cancelled);
}

static bool one_works(struct toy *toy)
{
	return toy->naps == 1 && link_server_in_flight(toy->link) == 1;
}

/* One that writes is not ended: it is over when it has done what it was asked for. */
static void writing(struct toy *toy)
{
	struct caller caller = {.toy = toy, .method = "toy.sleep.work", .params = "{\"milliseconds\":100}"};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	start(group, &caller);
	until(one_works, toy);
	co_cancel(caller.co);
	assert_int_equal(co_group_wait_all(group, DEADLINE_NEVER), CO_OK);
	toy_answer_free(&caller.answer);
	until(nothing_runs, toy);
	assert_int_equal(toy->works, 1);
	context_done(&ctx);
}

static void test_a_call_that_writes_runs_to_its_end(void **state)
{
	(void)state;
	toy_run(writing);
}

/* Lines by hand: what is no id of a call under way, and a cancel that comes with its request. */
static void by_hand(struct toy *toy)
{
	static const char lines[] = "{\"jsonrpc\":\"2.0\",\"method\":\"link.cancel\",\"params\":{\"id\":77}}\n"
				    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"toy.sleep.hang\"}\n"
				    "{\"jsonrpc\":\"2.0\",\"method\":\"link.cancel\",\"params\":{\"id\":5}}\n"
				    "{\"jsonrpc\":\"2.0\",\"method\":\"link.cancel\",\"params\":{\"id\":5}}\n";
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
	raw_send(fd, lines, sizeof(lines) - 1);
	char answer[1000];
	size_t length = raw_line(fd, answer, sizeof(answer));
	answer[length] = '\0';
	assert_non_null(strstr(answer, "\"id\":5,"));
	assert_non_null(strstr(answer, "\"reason\":\"cancelled\""));
	assert_int_equal(toy->hangs, 0);
	(void)close(fd);
}

static void test_a_call_that_is_cancelled_at_once_does_not_begin(void **state)
{
	(void)state;
	toy_run(by_hand);
}

static void connection_gone(struct toy *toy)
{
	static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"toy.sleep.hang\"}\n";
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
	raw_send(fd, line, sizeof(line) - 1);
	until(one_hangs, toy);
	(void)close(fd);
	until(nothing_runs, toy);
}

static void test_a_connection_that_breaks_ends_its_calls(void **state)
{
	(void)state;
	toy_run(connection_gone);
}

static bool http_is_idle(struct toy *toy)
{
	return http_server_in_flight(toy->http[0]) + http_server_in_flight(toy->http[1]) == 0;
}

static bool both_run(struct toy *toy)
{
	return toy->hangs == 1 && toy->naps == 1;
}

/* A batch at a daemon's own door: what writes goes on, and ends. */
static void over_http(struct toy *toy)
{
	static const char body[] =
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.sleep.hang\"},{\"jsonrpc\":\"2.0\",\"id\":"
	    "2,\"method\":\"toy.sleep.work\",\"params\":{\"milliseconds\":300}}]";
	char request[600];
	for (int engine = 0; engine < 2; engine++) {
		toy->hangs = toy->naps = toy->works = 0;
		int fd = raw_connect(http_server_port(toy->http[engine]));
		int length = snprintf(request, sizeof(request),
				      "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
				      "Content-Length: %zu\r\n\r\n%s",
				      sizeof(body) - 1, body);
		raw_send(fd, request, (size_t)length);
		until(both_run, toy);
		(void)close(fd);
		until(http_is_idle, toy);
		assert_int_equal(toy->works, 1);
	}
}

static void test_a_client_of_http_that_goes_ends_its_calls(void **state)
{
	(void)state;
	toy_run(over_http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_cancelled_call_ends_at_the_server),
	    cmocka_unit_test(test_a_call_that_writes_runs_to_its_end),
	    cmocka_unit_test(test_a_call_that_is_cancelled_at_once_does_not_begin),
	    cmocka_unit_test(test_a_connection_that_breaks_ends_its_calls),
	    cmocka_unit_test(test_a_client_of_http_that_goes_ends_its_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
