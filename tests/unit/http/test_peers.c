/* One client takes no room of the others: connections of an address, and the budget of what waits in memory. */
#include "http/http_fixture.h"

#include "http/stream.h"

#include <poll.h>

#define HOST "Host: x\r\n"
#define GET_HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define LARGE (12 * 1024 * 1024)

/* A connection from another address of this machine. */
static int dial_from(const struct fixture *fixture, const char *address)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
	struct timeval limit = {.tv_sec = 20};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int ask_on(int fd, const char *request)
{
	send_text(fd, request);
	struct answer answer;
	int status = read_answer(fd, &answer) ? answer.status : 0;
	answer_free(&answer);
	return status;
}

static void test_an_address_gives_up_its_own_oldest(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .max_connections_per_address = 4}, NULL);
	int other = dial_from(fixture, "127.0.0.3"), mine[9];
	assert_int_equal(ask_on(other, GET_HELLO), 200);
	for (int i = 0; i < 9; i++) {
		mine[i] = dial_from(fixture, "127.0.0.2");
		assert_int_equal(ask_on(mine[i], GET_HELLO), 200);
	}
	for (int i = 0; i < 5; i++)
		assert_true(closed_by_server(mine[i]));
	for (int i = 5; i < 9; i++)
		assert_int_equal(ask_on(mine[i], GET_HELLO), 200);
	/* It is older than all of them. */
	assert_int_equal(ask_on(other, GET_HELLO), 200);
	for (int i = 0; i < 9; i++)
		(void)close(mine[i]);
	(void)close(other);
	fixture_stop(fixture);
}

static void test_an_address_with_nothing_idle_is_refused(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .max_connections_per_address = 3}, NULL);
	int mine[3];
	for (int i = 0; i < 3; i++) {
		mine[i] = dial_from(fixture, "127.0.0.2");
		send_text(mine[i], "GET /gate HTTP/1.1\r\n" HOST "\r\n");
	}
	while (atomic_load(&fixture->at_gate) < 3)
		(void)sched_yield();
	int late = dial_from(fixture, "127.0.0.2"), other = dial_from(fixture, "127.0.0.3");
	struct answer answer;
	assert_true(read_answer(late, &answer));
	assert_fault(&answer, 503);
	assert_true(answer_says(&answer, "Retry-After", "1"));
	answer_free(&answer);
	assert_int_equal(ask_on(other, GET_HELLO), 200);
	for (int i = 0; i < 3; i++)
		(void)close(mine[i]);
	(void)close(late);
	(void)close(other);
	fixture_stop(fixture);
}

static bool is_proxy(const char *peer, void *argument)
{
	(void)argument;
	return strcmp(peer, "127.0.0.2") == 0;
}

static void trust_a_proxy(struct fixture *fixture)
{
	http_server_exempt(fixture->server, is_proxy, NULL);
}

static void test_a_proxy_has_no_limit_of_its_own(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .max_connections_per_address = 2}, trust_a_proxy);
	int mine[6];
	for (int i = 0; i < 6; i++) {
		mine[i] = dial_from(fixture, "127.0.0.2");
		assert_int_equal(ask_on(mine[i], GET_HELLO), 200);
	}
	for (int i = 0; i < 6; i++) {
		assert_int_equal(ask_on(mine[i], GET_HELLO), 200);
		(void)close(mine[i]);
	}
	fixture_stop(fixture);
}

/* Half a body: the connection holds what it sent. */
static int send_half(const struct fixture *fixture, const char *from)
{
	int fd = dial_from(fixture, from);
	char *bytes = calloc(1, LARGE / 2);
	assert_non_null(bytes);
	char head[100];
	(void)snprintf(head, sizeof(head), "POST /large HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", LARGE);
	send_text(fd, head);
	send_bytes(fd, bytes, LARGE / 2);
	free(bytes);
	return fd;
}

static void test_the_greediest_address_is_shed(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .budget = (size_t)64 * 1024 * 1024}, NULL);
	enum { GREEDY = 12 };
	int greedy[GREEDY], modest = send_half(fixture, "127.0.0.3"), shed = 0;
	for (int i = 0; i < GREEDY; i++)
		greedy[i] = send_half(fixture, "127.0.0.2");
	while (fixture_held(fixture) > (size_t)64 * 1024 * 1024)
		(void)sched_yield();
	char *rest = calloc(1, LARGE / 2);
	send_bytes(modest, rest, LARGE / 2);
	struct answer answer;
	assert_true(read_answer(modest, &answer));
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body_length, LARGE);
	answer_free(&answer);
	for (int i = 0; i < GREEDY; i++) {
		char byte;
		ssize_t seen = recv(greedy[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (seen > 0 && read_answer(greedy[i], &answer)) {
			assert_fault(&answer, 503);
			assert_true(answer_says(&answer, "Retry-After", "1"));
			answer_free(&answer);
		}
		shed += seen > 0 || (seen < 0 && errno == ECONNRESET);
		(void)close(greedy[i]);
	}
	assert_true(shed >= GREEDY / 4);
	assert_true(shed < GREEDY);
	free(rest);
	(void)close(modest);
	while (fixture_held(fixture) > 0)
		(void)sched_yield();
	fixture_stop(fixture);
}

static void reply_much(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	char *bytes = arena_zalloc(&exchange->ctx->arena, LARGE);
	http_reply(exchange, 200, "text/plain", bytes, LARGE);
}

static void add_much(struct fixture *fixture)
{
	http_server_route(fixture->server, "GET", "/much", 0, reply_much, NULL);
}

static void test_unread_answers_are_shed(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .budget = (size_t)48 * 1024 * 1024}, add_much);
	enum { GREEDY = 16 };
	int greedy[GREEDY];
	for (int i = 0; i < GREEDY; i++) {
		greedy[i] = dial_from(fixture, "127.0.0.2");
		send_text(greedy[i], "GET /much HTTP/1.1\r\n" HOST "\r\n");
	}
	int other = dial_from(fixture, "127.0.0.3");
	assert_int_equal(ask_on(other, "GET /much HTTP/1.1\r\n" HOST "\r\n"), 200);
	while (fixture_held(fixture) > (size_t)48 * 1024 * 1024)
		(void)sched_yield();
	for (int i = 0; i < GREEDY; i++)
		(void)close(greedy[i]);
	(void)close(other);
	while (fixture_held(fixture) > 0)
		(void)sched_yield();
	fixture_stop(fixture);
}

static void hold_much(struct http_exchange *exchange, void *argument)
{
	struct fixture *fixture = argument;
	int result = http_exchange_hold(exchange, LARGE);
	atomic_fetch_add(&fixture->at_gate, 1);
	while (result == 0 && !atomic_load(&fixture->gate_open))
		(void)co_sleep_until(deadline_after(2 * CLOCK_MILLISECOND));
	http_reply(exchange, result == 0 ? 200 : 503, "text/plain", "", 0);
}

static void add_hold(struct fixture *fixture)
{
	http_server_route(fixture->server, "GET", "/hold", 0, hold_much, fixture);
}

/* What does not fit ends one of them, not all. */
static void test_what_handlers_hold_is_counted(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .budget = (size_t)2 * LARGE + 100000}, add_hold);
	int mine[3], good = 0;
	for (int i = 0; i < 3; i++) {
		mine[i] = dial_from(fixture, "127.0.0.2");
		send_text(mine[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n");
		while (atomic_load(&fixture->at_gate) < i + 1)
			(void)sched_yield();
		assert_true(fixture_held(fixture) >= (size_t)2 * LARGE || i == 0);
	}
	atomic_store(&fixture->gate_open, true);
	for (int i = 0; i < 3; i++) {
		struct answer answer;
		good += read_answer(mine[i], &answer) && answer.status == 200;
		answer_free(&answer);
		(void)close(mine[i]);
	}
	assert_int_equal(good, 2);
	while (fixture_held(fixture) > 0)
		(void)sched_yield();
	fixture_stop(fixture);
}

/* --- connections that stand still --- */

static void want_body(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	if (http_body_whole(exchange) == 0)
		http_reply(exchange, 200, "text/plain", "", 0);
}

static void add_standing(struct fixture *fixture)
{
	add_much(fixture);
	http_server_route_early(fixture->server, "POST", "/wanted", LARGE, 0, want_body, NULL);
}

/* Comes until it is let in, and stays with a handler that is at work. False when it takes too long. */
static bool come_to_the_gate(struct fixture *fixture, int *ret)
{
	int before = atomic_load(&fixture->at_gate);
	int64_t deadline = deadline_after(10 * CLOCK_SECOND);
	while (deadline_left(deadline) > 0) {
		*ret = dial_from(fixture, "127.0.0.3");
		send_text(*ret, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
		struct pollfd refusal = {.fd = *ret, .events = POLLIN};
		while (atomic_load(&fixture->at_gate) == before && poll(&refusal, 1, 10) == 0)
			continue;
		if (atomic_load(&fixture->at_gate) > before)
			return true;
		(void)close(*ret);
	}
	return false;
}

/* Where nothing is idle, who reads nothing and who sends nothing makes room; who is served does not. */
static void test_who_stands_still_makes_room(void **state)
{
	(void)state;
	enum { COUNT = 4 };
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = HTTP_ENGINE_DIRECT, .max_connections = COUNT}, add_standing);
	int standing[COUNT], others[COUNT], statuses[COUNT] = {0};
	for (int i = 0; i < COUNT; i++) {
		standing[i] = dial_from(fixture, "127.0.0.2");
		send_text(standing[i], i % 2 ? "GET /much HTTP/1.1\r\n" HOST "\r\n"
					     : "POST /wanted HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
	}
	for (int i = 0; i < COUNT; i++)
		assert_true(come_to_the_gate(fixture, &others[i]));
	int late = dial_from(fixture, "127.0.0.3");
	assert_int_equal(ask_on(late, GET_HELLO), 503);
	struct answer answer;
	for (int i = 0; i < COUNT; i++) {
		if (read_answer(standing[i], &answer))
			statuses[i] = answer.status;
		answer_free(&answer);
		assert_int_equal(statuses[i], i % 2 ? 0 : 503);
		(void)close(standing[i]);
	}
	atomic_store(&fixture->gate_open, true);
	for (int i = 0; i < COUNT; i++) {
		assert_true(read_answer(others[i], &answer));
		assert_int_equal(answer.status, 200);
		answer_free(&answer);
		(void)close(others[i]);
	}
	(void)close(late);
	fixture_stop(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_an_address_gives_up_its_own_oldest),
	    BOTH_ENGINES(test_an_address_with_nothing_idle_is_refused),
	    BOTH_ENGINES(test_a_proxy_has_no_limit_of_its_own),
	    BOTH_ENGINES(test_the_greediest_address_is_shed),
	    BOTH_ENGINES(test_unread_answers_are_shed),
	    BOTH_ENGINES(test_what_handlers_hold_is_counted),
	    cmocka_unit_test(test_who_stands_still_makes_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
