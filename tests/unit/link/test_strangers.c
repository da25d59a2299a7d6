/* Whoever reaches the port of the link without the secret: can call nothing, holds nothing, and keeps nobody out. */
#include "link/raw_link.h"

#define CALL "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.echo.say\"}\n"
#define STRANGERS 64
#define STRANGERS_OF_ADDRESS 16

/* True when the other side has closed, or closes before this test gives up. */
static bool closes(int fd)
{
	char line[1000];
	size_t length;
	while ((length = raw_line(fd, line, sizeof(line))) > 0)
		assert_memory_equal(line, "link/1 challenge toy ", 21);
	(void)close(fd);
	return length == 0;
}

static void expect_reachable(struct toy *toy)
{
	struct toy_answer answer;
	toy_link(toy, "toy.echo.say", "{}", NULL, &answer);
	assert_string_equal(toy_at(&answer, "/result/number"), "7");
	toy_answer_free(&answer);
}

static void nothing_before_the_proof(struct toy *toy)
{
	static char large[1024];
	static const char *const sent[] = {CALL, "\n", "link/1 prove gateway\n", "link/1 challenge toy x\n"};
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		int fd = raw_connect(link_server_port(toy->link));
		raw_send(fd, sent[i], strlen(sent[i]));
		assert_true(closes(fd));
	}
	/* A line that a daemon may send, but no stranger. */
	memset(large, ' ', sizeof(large));
	int fd = raw_connect(link_server_port(toy->link));
	raw_send(fd, large, sizeof(large));
	assert_true(closes(fd));
	assert_int_equal(toy->naps, 0);
	assert_int_equal(link_server_connections(toy->link), 0);
	expect_reachable(toy);
	assert_int_equal(link_server_connections(toy->link), 1);
}

static void test_nothing_before_the_proof(void **state)
{
	(void)state;
	toy_run(nothing_before_the_proof);
}

static void wrong_secret(struct toy *toy)
{
	struct link_client *client =
	    link_client_new(&(struct link_client_options){.host = "127.0.0.1",
							  .port = link_server_port(toy->link),
							  .self = "gateway",
							  .server = "toy",
							  .secrets = {"the secret of an other installation", NULL}});
	struct toy_answer answer;
	toy_link_within(client, "toy.echo.say", "{}", 20 * CLOCK_SECOND, &answer);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	link_client_free(client);
	/* The right one, but it is not the daemon that is wanted: passport's tokens are not for it. */
	client = toy_client(link_server_port(toy->passport), 0);
	toy_link_within(client, "toy.echo.say", "{}", 20 * CLOCK_SECOND, &answer);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	link_client_free(client);
	assert_int_equal(link_server_connections(toy->link), 0);
}

static void test_wrong_secret(void **state)
{
	(void)state;
	toy_run(wrong_secret);
}

struct impostor {
	int listener;
	bool told; /* something other than a proof */
};

/* Challenges, and welcomes whoever answers with what it was sent. */
static void pretend(void *argument)
{
	struct impostor *impostor = argument;
	static const char challenge[] = "link/1 challenge toy 0123456789012345678901234567890123456789012\n";
	int fd = raw_accept(impostor->listener);
	raw_send(fd, challenge, sizeof(challenge) - 1);
	char line[1000], welcome[100];
	size_t length = raw_line(fd, line, sizeof(line));
	assert_true(length > 0);
	line[length - 1] = '\0';
	int size = snprintf(welcome, sizeof(welcome), "link/1 welcome %s\n", strrchr(line, ' ') + 1);
	raw_send(fd, welcome, (size_t)size);
	impostor->told = raw_line(fd, line, sizeof(line)) > 0;
	(void)close(fd);
	(void)close(impostor->listener);
}

/* A client sends neither call nor token to a server that does not know the secret. */
static void server_without_the_secret(struct toy *toy)
{
	struct impostor impostor;
	uint16_t port;
	impostor.listener = raw_listen(&port);
	struct link_client *client = toy_client(port, 0);
	assert_non_null(co_spawn("impostor", pretend, &impostor));
	struct link_request request = {
	    .method = "toy.echo.say", .method_length = 12, .token = toy_service_token(&toy->key, "gateway")};
	struct toy_answer answer;
	context_init(&answer.ctx, deadline_after(20 * CLOCK_SECOND));
	answer.tree = NULL;
	answer.text = link_call(&answer.ctx, client, &request, &answer.length);
	toy_expect_fails(&answer, ERROR_UNAVAILABLE, "not_sent");
	assert_false(impostor.told);
	link_client_free(client);
}

static void test_server_without_the_secret(void **state)
{
	(void)state;
	toy_run(server_without_the_secret);
}

/* Only the daemon that speaks for clients says who they are. */
static void who_speaks_for_clients(struct toy *toy)
{
	static const char *const names[] = {"gateway", "events", "gateway2"};
	char call[2000], line[2000];
	int length = snprintf(call, sizeof(call),
			      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.caller.user\",\"meta\":{\"token\":\"%s\","
			      "\"peer\":\"203.0.113.9\",\"user_agent\":\"browser/1\"}}\n",
			      toy_user_token(&toy->key, "user"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = raw_link_connect(link_server_port(toy->link), names[i]);
		raw_send(fd, call, (size_t)length);
		assert_true(raw_line(fd, line, sizeof(line)) > 0);
		assert_non_null(strstr(line, i == 0 ? "\"agent\":\"browser/1\"" : "\"agent\":\"\""));
		assert_non_null(strstr(line, i == 0 ? "\"peer\":\"203.0.113.9\"" : "\"peer\":\"127.0.0.1\""));
		(void)close(fd);
	}
}

static void test_who_speaks_for_clients(void **state)
{
	(void)state;
	toy_run(who_speaks_for_clients);
}

/* As many connections as one likes: of one address the oldest go, and a daemon is let in at once. */
static void many_strangers(struct toy *toy)
{
	int idle[2 * STRANGERS];
	char line[1000];
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		idle[i] = raw_connect(link_server_port(toy->link));
		(void)raw_line(idle[i], line, sizeof(line));
	}
	for (size_t i = 0; i < ARRAY_SIZE(idle) - STRANGERS_OF_ADDRESS; i++)
		assert_true(closes(idle[i]));
	expect_reachable(toy);
	assert_int_equal(link_server_connections(toy->link), 1);
	for (size_t i = ARRAY_SIZE(idle) - STRANGERS_OF_ADDRESS; i < ARRAY_SIZE(idle); i++)
		(void)close(idle[i]);
}

static void test_many_strangers(void **state)
{
	(void)state;
	toy_run(many_strangers);
}

/* Who does not prove himself in time goes; so does half a line, whoever began it. */
static void timeout(struct toy *toy)
{
	int idle = raw_connect(link_server_port(toy->link)), half = raw_connect(link_server_port(toy->link));
	int proved = raw_link_connect(link_server_port(toy->link), "events");
	raw_send(half, "link/1 prove", 12);
	raw_send(proved, CALL "{\"jsonrpc\":", sizeof(CALL) - 1 + 11);
	char line[1000];
	assert_true(raw_line(proved, line, sizeof(line)) > 0);
	assert_true(closes(idle));
	assert_true(closes(half));
	assert_true(closes(proved));
	expect_reachable(toy);
}

static void test_timeout(void **state)
{
	struct toy toy = {.proof_timeout = 50 * CLOCK_MILLISECOND, .line_timeout = 50 * CLOCK_MILLISECOND};
	(void)state;
	toy_run_with(&toy, timeout);
}

/* Lines that come in parts, one after the other, are late each by itself. */
static void slow_lines(struct toy *toy)
{
	int fd = raw_link_connect(link_server_port(toy->link), "events");
	int64_t end = deadline_after(toy->line_timeout * 2);
	char line[1000];
	while (deadline_left(end) > 0) {
		raw_send(fd, CALL, 20);
		co_yield ();
		raw_send(fd, &CALL[20], sizeof(CALL) - 1 - 20);
		assert_true(raw_line(fd, line, sizeof(line)) > 0);
	}
	(void)close(fd);
}

static void test_slow_lines(void **state)
{
	struct toy toy = {.line_timeout = 500 * CLOCK_MILLISECOND};
	(void)state;
	toy_run_with(&toy, slow_lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_before_the_proof),
	    cmocka_unit_test(test_wrong_secret),
	    cmocka_unit_test(test_server_without_the_secret),
	    cmocka_unit_test(test_who_speaks_for_clients),
	    cmocka_unit_test(test_many_strangers),
	    cmocka_unit_test(test_timeout),
	    cmocka_unit_test(test_slow_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
