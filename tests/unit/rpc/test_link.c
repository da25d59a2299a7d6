/* The link: many calls on one connection, and every way in which a connection can go wrong. */
#include "toy.h"

#include "base/fault.h"
#include "co/sync.h"
#include "raw.h"

#include <errno.h>

static void expect_fails(struct toy_answer *answer, enum error_code code, const char *reason)
{
	assert_null(answer->text);
	assert_int_equal(answer->ctx.error.code, code);
	assert_string_equal(answer->ctx.error.reason, reason);
	toy_answer_free(answer);
}

static void call_with_deadline(struct link_client *client, const char *method, const char *params, int64_t timeout,
			       struct toy_answer *answer)
{
	struct link_request request = {
	    .method = method, .method_length = strlen(method), .params = params, .params_length = strlen(params)};
	context_init(&answer->ctx, deadline_after(timeout));
	answer->tree = NULL;
	answer->text = link_call(&answer->ctx, client, &request, &answer->length);
	toy_parse(answer);
}

/* --- many at once --- */

struct many {
	struct toy *toy;
	int number;
	bool right;
};

static void one_of_many(void *argument)
{
	struct many *many = argument;
	struct toy_answer answer;
	char params[64];
	(void)snprintf(params, sizeof(params), "{\"number\":%d,\n\r\"text\":\"ab\"}", many->number);
	toy_link(many->toy, "toy.echo.say", params, NULL, &answer);
	many->right = json_object_get_int(json_object_object_get(json_object_object_get(answer.tree, "result"),
								 "number")) == many->number;
	toy_answer_free(&answer);
}

static void many_at_once(struct toy *toy)
{
	static struct many many[1000];
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct co_group *group = co_group_new(&ctx);
	for (int i = 0; i < 1000; i++) {
		many[i] = (struct many){.toy = toy, .number = i + 1};
		assert_int_equal(co_group_start(group, "one", one_of_many, &many[i]), 0);
	}
	assert_int_equal(co_group_wait_all(group, DEADLINE_NEVER), CO_OK);
	for (int i = 0; i < 1000; i++)
		assert_true(many[i].right);
	assert_int_equal(link_server_connections(toy->link), 1);
	context_done(&ctx);
}

static void test_many_at_once(void **state)
{
	(void)state;
	toy_run(many_at_once);
}

/* --- what rides beside the call --- */

static void meta(struct toy *toy)
{
	struct toy_answer answer;
	struct link_request request = {.method = "toy.caller.user",
				       .method_length = 15,
				       .token = toy_user_token(&toy->key, "user"),
				       .user_agent = "browser/1"};
	context_init(&answer.ctx, deadline_after(20 * CLOCK_SECOND));
	memcpy(answer.ctx.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TRACEPARENT_SIZE);
	answer.tree = NULL;
	answer.text = link_call(&answer.ctx, toy->caller, &request, &answer.length);
	toy_parse(&answer);
	assert_string_equal(toy_at(&answer, "/result/id"), TOY_USER);
	assert_string_equal(toy_at(&answer, "/result/trace"), answer.ctx.traceparent);
	toy_answer_free(&answer);

	call_with_deadline(toy->caller, "toy.deadline.left", "{}", 300 * CLOCK_MILLISECOND, &answer);
	assert_true(json_object_get_int64(json_object_object_get(answer.tree, "result")) <= 300);
	toy_answer_free(&answer);
	/* The server's own limit holds when the caller has more time. */
	call_with_deadline(toy->caller, "toy.deadline.left", "{}", 3600 * CLOCK_SECOND, &answer);
	assert_true(json_object_get_int64(json_object_object_get(answer.tree, "result")) <= 2000);
	toy_answer_free(&answer);

	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/result/request"), answer.ctx.request_id);
	toy_answer_free(&answer);
}

static void test_meta(void **state)
{
	(void)state;
	toy_run(meta);
}

/* --- raw clients --- */

static void ids(struct toy *toy)
{
	static const char *const ids[] = {"1", "-1", "1.5e3", "\"a\\u00e9\"", "\"\"", "null", "98765432109876543210"};
	char line[1000], expected[200];
	int fd = raw_connect(link_server_port(toy->link));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		int length = snprintf(line, sizeof(line),
				      "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"toy.fail.conflict\"}\n", ids[i]);
		raw_send(fd, line, (size_t)length);
		assert_true(raw_line(fd, line, sizeof(line)) > 0);
		(void)snprintf(expected, sizeof(expected), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":", ids[i]);
		assert_memory_equal(line, expected, strlen(expected));
	}
	(void)close(fd);
}

static void test_ids(void **state)
{
	(void)state;
	toy_run(ids);
}

/* Members of meta that we do not know are passed over, whatever they hold. */
static void unknown_meta(struct toy *toy)
{
	static const char sent[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"meta\" : { \"other\" : {\"a\":[\"}\\\"\",1,{}]} , \"b\":[ "
	    "],\"deadline_ms\" : 400 "
	    ",\"c\":null} ,\"method\":\"toy.deadline.left\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"meta\":{},\"method\":"
	    "\"toy.deadline.left\"}\n";
	char line[1000];
	int fd = raw_connect(link_server_port(toy->link));
	raw_send(fd, sent, sizeof(sent) - 1);
	for (int i = 0; i < 2; i++) {
		assert_true(raw_line(fd, line, sizeof(line)) > 0);
		const char *result = strstr(line, "\"result\":");
		assert_non_null(result);
		long left = strtol(result + 9, NULL, 10);
		bool first = strstr(line, "\"id\":1,") != NULL;
		assert_true(first ? left <= 400 : left > 400);
	}
	(void)close(fd);
}

static void test_unknown_meta(void **state)
{
	(void)state;
	toy_run(unknown_meta);
}

static void garbage(struct toy *toy)
{
	static const char sent[] =
	    "nonsense\n\n{\"jsonrpc\":\"2.0\",\"method\":\"toy.echo.say\"}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"toy.echo.say\",\"meta\":{\"token\":5,\"deadline_ms\":"
	    "\"x\",\"request_id\":\""
	    "\\u0022"
	    "\"}}\n";
	char line[1000];
	int fd = raw_connect(link_server_port(toy->link));
	/* Byte by byte: lines are put together again. */
	for (size_t i = 0; i < sizeof(sent) - 1; i++) {
		raw_send(fd, sent + i, 1);
		co_yield ();
	}
	assert_true(raw_line(fd, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "\"id\":null,\"error\":{\"code\":-32700"));
	assert_true(raw_line(fd, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "\"id\":5,\"result\":"));
	(void)close(fd);
}

static void test_garbage(void **state)
{
	(void)state;
	toy_run(garbage);
}

static void oversized_line(struct toy *toy)
{
	static char chunk[64 * 1024];
	char line[100];
	struct toy_answer answer;
	memset(chunk, 'x', sizeof(chunk));
	int fd = raw_connect(link_server_port(toy->link));
	for (int i = 0; i < 80; i++)
		raw_send(fd, chunk, sizeof(chunk));
	assert_int_equal(raw_line(fd, line, sizeof(line)), 0);
	(void)close(fd);
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/result/number"), "7");
	toy_answer_free(&answer);
}

static void test_oversized_line(void **state)
{
	(void)state;
	toy_run(oversized_line);
}

static void oversized_request(struct toy *toy)
{
	struct toy_answer answer;
	size_t size = 5 * 1024 * 1024;
	char *params = calloc(1, size + 1);
	memset(params, ' ', size);
	toy_link(toy, "toy.echo.say", params, NULL, &answer);
	free(params);
	expect_fails(&answer, ERROR_TOO_LARGE, "request");
	toy_link(toy, "toy.big.text", "{\"bytes\":3000000}", NULL, &answer);
	assert_int_equal(strlen(toy_at(&answer, "/result")), 3000000);
	toy_answer_free(&answer);
}

static void test_oversized_request(void **state)
{
	(void)state;
	toy_run(oversized_request);
}

static void leave_early_on_both_sides(struct toy *toy)
{
	static const char nap[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.sleep.nap\",\"params\":{\"milliseconds\":50}}\n";
	struct toy_answer answer;
	/* The caller leaves; its late answer is dropped and disturbs nobody. */
	call_with_deadline(toy->caller, "toy.sleep.hang", "{}", 20 * CLOCK_MILLISECOND, &answer);
	expect_fails(&answer, ERROR_DEADLINE_EXCEEDED, "");
	for (int i = 0; i < 20; i++) {
		toy_link(toy, "toy.sleep.nap", "{\"milliseconds\":5}", NULL, &answer);
		assert_string_equal(toy_at(&answer, "/result"), "slept");
		toy_answer_free(&answer);
	}
	assert_int_equal(link_server_in_flight(toy->link), 1);
	link_server_cancel(toy->link);
	/* The client goes away while its request is being handled. */
	int fd = raw_connect(link_server_port(toy->link));
	raw_send(fd, nap, sizeof(nap) - 1);
	while (toy->naps < 21)
		co_yield ();
	(void)close(fd);
	while (link_server_in_flight(toy->link) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	assert_int_equal(link_server_connections(toy->link), 1);
}

static void test_leave_early(void **state)
{
	(void)state;
	toy_run(leave_early_on_both_sides);
}

/* --- servers that fail --- */

static void silent_server(struct toy *toy)
{
	struct toy_answer answer;
	uint16_t port;
	(void)toy;
	int listener = raw_listen(&port);
	struct link_client *client = link_client_new("127.0.0.1", port, 0);
	/* Accepted by the kernel and never read. */
	call_with_deadline(client, "toy.echo.say", "{}", 50 * CLOCK_MILLISECOND, &answer);
	expect_fails(&answer, ERROR_DEADLINE_EXCEEDED, "");
	int fd = raw_accept(listener);
	assert_int_equal(link_client_state(client), LINK_UP);
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
	char line[2000];
	int fd = raw_accept(closer->listener);
	assert_true(raw_line(fd, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "\"method\":\"toy.echo.say\",\"params\":{},\"meta\":{\"request_id\":"));
	(void)close(fd);
}

static void connection_lost(struct toy *toy)
{
	struct toy_answer answer;
	struct closer closer;
	uint16_t port;
	(void)toy;
	closer.listener = raw_listen(&port);
	struct link_client *client = link_client_new("127.0.0.1", port, 0);
	assert_non_null(co_spawn("closer", close_after_request, &closer));
	call_with_deadline(client, "toy.echo.say", "{}", 20 * CLOCK_SECOND, &answer);
	expect_fails(&answer, ERROR_UNAVAILABLE, "connection_lost");
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
	struct toy_answer answer;
	(void)toy;
	struct link_client *client = link_client_new("127.0.0.1", raw_dead_port(), 0);
	for (int i = 0; i < 3; i++) {
		call_with_deadline(client, "toy.echo.say", "{}", 20 * CLOCK_SECOND, &answer);
		expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	}
	assert_int_equal(link_client_state(client), LINK_DOWN);
	link_client_free(client);
}

static void test_nobody_there(void **state)
{
	(void)state;
	toy_run(nobody_there);
}

static struct link_server *listen_again(struct toy *toy, uint16_t port)
{
	char error[200];
	struct link_server *server = link_server_new(
	    &(struct link_server_options){.address = "127.0.0.1", .port = port, .dispatcher = toy->dispatcher}, error,
	    sizeof(error));
	assert_non_null(server);
	return server;
}

static void comes_back(struct toy *toy)
{
	struct toy_answer answer;
	uint16_t port = link_server_port(toy->link);
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	toy_answer_free(&answer);
	link_server_free(toy->link);
	toy->link = NULL;
	while (link_client_state(toy->caller) != LINK_DOWN)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	toy->link = listen_again(toy, port);
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
	expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
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
	struct many *many = argument;
	struct toy_answer answer;
	toy_link(many->toy, "toy.sleep.nap", "{\"milliseconds\":100}", NULL, &answer);
	many->right = strcmp(toy_at(&answer, "/result"), "slept") == 0;
	many->number = 1;
	toy_answer_free(&answer);
}

static void drains(struct toy *toy)
{
	struct many nap = {.toy = toy};
	struct toy_answer answer;
	assert_non_null(co_spawn("nap", nap_in_background, &nap));
	while (toy->naps == 0)
		co_yield ();
	link_server_drain(toy->link);
	while (link_client_state(toy->caller) == LINK_UP)
		co_yield ();
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	assert_int_equal(nap.number, 0);
	while (nap.number == 0)
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
	struct many naps[3];
	struct toy_answer answer;
	for (int i = 0; i < 3; i++) {
		naps[i] = (struct many){.toy = toy};
		assert_non_null(co_spawn("nap", nap_in_background, &naps[i]));
	}
	while (toy->naps < 3)
		co_yield ();
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/error/data/code"), "overloaded");
	assert_string_equal(toy_at(&answer, "/error/data/retry_after_ms"), "100");
	toy_answer_free(&answer);
	for (int i = 0; i < 3; i++) {
		while (naps[i].number == 0)
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
	struct many *many = argument;
	struct toy_answer answer;
	toy_link(many->toy, "toy.sleep.hang", "{}", NULL, &answer);
	many->right = answer.text == NULL ? strcmp(answer.ctx.error.reason, "not_sent") != 0
					  : strcmp(toy_at(&answer, "/error/data/code"), "unavailable") == 0;
	many->number = 1;
	toy_answer_free(&answer);
}

/* At the end of its grace a daemon cancels what still runs: the callers are told. */
static void cancels(struct toy *toy)
{
	struct many hang = {.toy = toy};
	assert_non_null(co_spawn("hang", hang_in_background, &hang));
	while (link_server_in_flight(toy->link) == 0)
		co_yield ();
	co_yield ();
	link_server_cancel(toy->link);
	while (hang.number == 0)
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
	struct many hang = {.toy = toy};
	assert_non_null(co_spawn("hang", hang_in_background, &hang));
	while (link_server_in_flight(toy->link) == 0)
		co_yield ();
	link_client_free(toy->caller);
	toy->caller = NULL;
	while (hang.number == 0)
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
	    cmocka_unit_test(test_many_at_once),
	    cmocka_unit_test(test_meta),
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_unknown_meta),
	    cmocka_unit_test(test_oversized_line),
	    cmocka_unit_test(test_oversized_request),
	    cmocka_unit_test(test_leave_early),
	    cmocka_unit_test(test_silent_server),
	    cmocka_unit_test(test_connection_lost),
	    cmocka_unit_test(test_nobody_there),
	    cmocka_unit_test(test_comes_back),
	    cmocka_unit_test(test_drains),
	    cmocka_unit_test(test_in_flight_limit),
	    cmocka_unit_test(test_cancels),
	    cmocka_unit_test(test_freed_in_flight),
#ifdef EVENTLOOP_FAULTS
	    cmocka_unit_test(test_write_fails),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
