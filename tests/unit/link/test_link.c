/* The link: many calls on one connection, what rides beside them, and lines that are not what they should be. */
#include "rpc/toy.h"

#include "co/sync.h"
#include "link/raw_link.h"

#include <errno.h>

/* --- many at once --- */

struct many {
	struct toy *toy;
	int number;
	bool right;
};

static void one_of_many(void *argument)
{
	struct many *many = argument;
	char params[64];
	(void)snprintf(params, sizeof(params), "{\"number\":%d,\n\r\"text\":\"ab\"}", many->number);
	struct toy_answer answer;
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

/* A server with several workers is called over several connections. */
static void several_connections(struct toy *toy)
{
	struct link_client *client = toy_client(link_server_port(toy->link), 3);
	struct toy_answer answer;
	for (int i = 0; i < 2; i++) {
		toy_link_within(client, "toy.echo.say", "{}", CLOCK_SECOND, &answer);
		assert_string_equal(toy_at(&answer, "/result/number"), "7");
		toy_answer_free(&answer);
	}
	int64_t limit = deadline_after(CLOCK_SECOND);
	while (link_server_connections(toy->link) < 3 && deadline_left(limit) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	assert_int_equal(link_server_connections(toy->link), 3);
	link_client_free(client);
}

static void test_several_connections(void **state)
{
	(void)state;
	toy_run(several_connections);
}

/* --- what rides beside the call --- */

static void meta(struct toy *toy)
{
	struct link_request request = {.method = "toy.caller.user",
				       .method_length = 15,
				       .token = toy_user_token(&toy->key, "user"),
				       .user_agent = "browser/1"};
	struct toy_answer answer;
	context_init(&answer.ctx, deadline_after(20 * CLOCK_SECOND));
	memcpy(answer.ctx.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TRACEPARENT_SIZE);
	answer.tree = NULL;
	answer.text = link_call(&answer.ctx, toy->caller, &request, &answer.length);
	toy_parse(&answer);
	assert_string_equal(toy_at(&answer, "/result/id"), TOY_USER);
	assert_string_equal(toy_at(&answer, "/result/trace"), answer.ctx.traceparent);
	toy_answer_free(&answer);
	toy_link_within(toy->caller, "toy.deadline.left", "{}", 300 * CLOCK_MILLISECOND, &answer);
	assert_true(json_object_get_int64(json_object_object_get(answer.tree, "result")) <= 300);
	toy_answer_free(&answer);
	/* The server's own limit holds when the caller has more time. */
	toy_link_within(toy->caller, "toy.deadline.left", "{}", 3600 * CLOCK_SECOND, &answer);
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
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
	char line[1000], expected[200];
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
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
	raw_send(fd, sent, sizeof(sent) - 1);
	char line[1000];
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
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
	/* Byte by byte: lines are put together again. */
	for (size_t i = 0; i < sizeof(sent) - 1; i++) {
		raw_send(fd, sent + i, 1);
		co_yield ();
	}
	char line[1000];
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
	memset(chunk, 'x', sizeof(chunk));
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
	for (int i = 0; i < 80; i++)
		raw_send(fd, chunk, sizeof(chunk));
	char line[100];
	assert_int_equal(raw_line(fd, line, sizeof(line)), 0);
	(void)close(fd);
	struct toy_answer answer;
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
	size_t size = 5 * 1024 * 1024;
	char *params = calloc(1, size + 1);
	memset(params, ' ', size);
	struct toy_answer answer;
	toy_link(toy, "toy.echo.say", params, NULL, &answer);
	free(params);
	toy_expect_fails(&answer, ERROR_TOO_LARGE, "request");
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
	toy_link_within(toy->caller, "toy.sleep.hang", "{}", 20 * CLOCK_MILLISECOND, &answer);
	toy_expect_fails(&answer, ERROR_DEADLINE_EXCEEDED, "");
	for (int i = 0; i < 20; i++) {
		toy_link(toy, "toy.sleep.nap", "{\"milliseconds\":5}", NULL, &answer);
		assert_string_equal(toy_at(&answer, "/result"), "slept");
		toy_answer_free(&answer);
	}
	assert_int_equal(link_server_in_flight(toy->link), 1);
	link_server_cancel(toy->link);
	/* The client goes away while its request is being handled. */
	int fd = raw_link_connect(link_server_port(toy->link), "gateway");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many_at_once),   cmocka_unit_test(test_several_connections),
	    cmocka_unit_test(test_meta),	   cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_unknown_meta),   cmocka_unit_test(test_garbage),
	    cmocka_unit_test(test_oversized_line), cmocka_unit_test(test_oversized_request),
	    cmocka_unit_test(test_leave_early),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
