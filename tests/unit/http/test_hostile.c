/* Clients that are slow, silent, too many, or gone: each is cut off, the others are served. Both engines. */
#include "http/http_fixture.h"

#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>

#define HOST "Host: x\r\n"
#define GET_HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"
#define SHORT (300 * CLOCK_MILLISECOND)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static struct fixture *start_with_short_timeouts(void **state)
{
	return fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .read_timeout = SHORT, .idle_timeout = 2 * SHORT},
	    NULL);
}

/* Waits up to so many milliseconds for something to read. */
static bool readable(int fd, int milliseconds)
{
	struct pollfd watched = {.fd = fd, .events = POLLIN};
	return poll(&watched, 1, milliseconds) > 0;
}

static void drip(struct fixture *fixture, const char *start, const char *drop)
{
	int fd = dial(fixture);
	send_text(fd, start);
	for (int i = 0; !readable(fd, 20); i++) {
		assert_true(i < 1000);
		send_text(fd, drop);
		if (i == 5)
			assert_serves(fixture);
	}
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 408);
	assert_true(answer_says(&answer, "Connection", "close"));
	answer_free(&answer);
	(void)close(fd);
	assert_serves(fixture);
}

static void test_a_body_that_drips_is_cut_off(void **state)
{
	struct fixture *fixture = start_with_short_timeouts(state);
	drip(fixture, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n", "x");
	drip(fixture, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n");
	fixture_stop(fixture);
}

static void test_headers_without_end_are_cut_off(void **state)
{
	struct fixture *fixture = start_with_short_timeouts(state);
	drip(fixture, "GET /hello HTTP/1.1\r\n" HOST, "A: b\r\n");
	drip(fixture, "GET /", "a");
	fixture_stop(fixture);
}

static void test_silent_clients_are_closed_without_an_answer(void **state)
{
	struct fixture *fixture = start_with_short_timeouts(state);
	int silent = dial(fixture);
	int idle = dial(fixture);
	send_text(idle, GET_HELLO);
	struct answer answer;
	assert_true(read_answer(idle, &answer));
	answer_free(&answer);
	assert_true(closed_by_server(silent));
	assert_true(closed_by_server(idle));
	(void)close(silent);
	(void)close(idle);
	fixture_stop(fixture);
}

/* A body that comes at a fair pace may take longer than the time for a request. */
static void test_a_large_body_is_waited_for(void **state)
{
	struct fixture *fixture = start_with_short_timeouts(state);
	static char body[400 * 1024];
	int fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 409600\r\n\r\n");
	send_bytes(fd, body, sizeof(body) - 1);
	assert_false(readable(fd, 3 * (int)(SHORT / CLOCK_MILLISECOND)));
	send_bytes(fd, body, 1);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body_length, sizeof(body));
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_clients_that_never_read(void **state)
{
	struct fixture *fixture = start_with_short_timeouts(state);
	enum { COUNT = 8, SIZE = 8 * 1024 * 1024 };
	char *body = calloc(1, SIZE);
	assert_non_null(body);
	int clients[COUNT];
	for (int i = 0; i < COUNT; i++) {
		clients[i] = dial(fixture);
		send_text(clients[i], "POST /large HTTP/1.1\r\n" HOST "Content-Length: 8388608\r\n\r\n");
		send_bytes(clients[i], body, SIZE);
	}
	for (int i = 0; i < 20; i++)
		assert_serves(fixture);
	struct answer answer;
	assert_true(read_answer(clients[0], &answer));
	assert_int_equal(answer.body_length, SIZE);
	answer_free(&answer);
	for (int i = 0; i < COUNT; i++)
		(void)close(clients[i]);
	free(body);
	fixture_stop(fixture);
}

static void allow_many_files(void)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

enum { MANY = 2000 };

static void hello_from_each(const int *clients, int count, int step)
{
	for (int i = 0; i < count; i += step)
		send_text(clients[i], GET_HELLO);
	for (int i = 0; i < count; i += step) {
		struct answer answer;
		assert_true(read_answer(clients[i], &answer));
		assert_string_equal(answer.body, "hello");
		answer_free(&answer);
	}
}

/* Closes with a reset. */
static void slam(int fd)
{
	struct linger now = {.l_onoff = 1};
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	(void)close(fd);
}

static void test_two_thousand_connections(void **state)
{
	allow_many_files();
	enum http_engine_kind engine = ENGINE(state);
	struct fixture *fixture =
	    fixture_start(&(struct http_server_options){.engine = engine, .max_connections = MANY + 10}, NULL);
	static int clients[MANY];
	for (int i = 0; i < MANY / 2; i++)
		clients[i] = dial(fixture);
	hello_from_each(clients, MANY / 2, 1);
	/* By now the pools of calls and stacks are as large as they get; the next answer shows that all before are
	 * over. */
	assert_serves(fixture);
	size_t before = mallinfo2().uordblks;
	for (int i = MANY / 2; i < MANY; i++)
		clients[i] = dial(fixture);
	hello_from_each(clients + MANY / 2, MANY / 2, 1);
	assert_serves(fixture);
	size_t each = (mallinfo2().uordblks - before) / (MANY / 2);
	print_message("memory of an idle connection: %zu bytes\n", each);
#ifndef SANITIZED
	if (engine == HTTP_ENGINE_DIRECT)
		assert_in_range(each, 1, 1024);
#endif
	for (int i = 1; i < MANY; i += 2)
		slam(clients[i]);
	hello_from_each(clients, MANY, 2);
	for (int i = 0; i < MANY; i += 2)
		(void)close(clients[i]);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_connections_over_the_cap_are_refused(void **state)
{
	struct fixture *fixture =
	    fixture_start(&(struct http_server_options){.engine = ENGINE(state), .max_connections = 10}, NULL);
	int clients[10];
	for (int i = 0; i < 10; i++) {
		clients[i] = dial(fixture);
		send_text(clients[i], "GET /gate HTTP/1.1\r\n" HOST "\r\n");
	}
	while (atomic_load(&fixture->at_gate) < 10)
		(void)sched_yield();
	struct answer answer;
	for (int i = 0; i < 30; i++) {
		int fd = dial(fixture);
		assert_true(read_answer(fd, &answer));
		assert_fault(&answer, 503);
		assert_true(answer_says(&answer, "Retry-After", "1"));
		assert_true(closed_by_server(fd));
		answer_free(&answer);
		(void)close(fd);
	}
	atomic_store(&fixture->gate_open, true);
	for (int i = 0; i < 10; i++) {
		assert_true(read_answer(clients[i], &answer));
		assert_int_equal(answer.status, 200);
		answer_free(&answer);
	}
	(void)close(clients[3]);
	/* The server learns of the close in its own time. */
	int status = 0;
	for (int i = 0; i < 10000 && status != 200; i++) {
		answer = ask(fixture, GET_HELLO);
		status = answer.status;
		answer_free(&answer);
	}
	assert_int_equal(status, 200);
	for (int i = 0; i < 10; i++)
		if (i != 3)
			(void)close(clients[i]);
	fixture_stop(fixture);
}

/* Silent connections, however many, keep nobody out: the oldest of them goes. */
static void test_idle_connections_over_the_cap_make_room(void **state)
{
	struct fixture *fixture =
	    fixture_start(&(struct http_server_options){.engine = ENGINE(state), .max_connections = 10}, NULL);
	enum { MANY_IDLE = 60 };
	int clients[MANY_IDLE];
	struct answer answer;
	for (int i = 0; i < MANY_IDLE; i++) {
		clients[i] = dial(fixture);
		if (i % 2 == 0)
			continue;
		send_text(clients[i], GET_HELLO);
		assert_true(read_answer(clients[i], &answer));
		assert_int_equal(answer.status, 200);
		answer_free(&answer);
	}
	assert_true(closed_by_server(clients[0]));
	assert_true(closed_by_server(clients[1]));
	send_text(clients[MANY_IDLE - 1], GET_HELLO);
	assert_true(read_answer(clients[MANY_IDLE - 1], &answer));
	answer_free(&answer);
	for (int i = 0; i < MANY_IDLE; i++)
		(void)close(clients[i]);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_requests_over_the_cap_are_refused(void **state)
{
	struct fixture *fixture =
	    fixture_start(&(struct http_server_options){.engine = ENGINE(state), .max_in_flight = 3}, NULL);
	int clients[3];
	for (int i = 0; i < 3; i++) {
		clients[i] = dial(fixture);
		send_text(clients[i], "GET /gate HTTP/1.1\r\n" HOST "\r\n");
	}
	while (atomic_load(&fixture->at_gate) < 3)
		(void)sched_yield();
	int fd = dial(fixture);
	send_text(fd, GET_HELLO);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 503);
	assert_true(answer_says(&answer, "Retry-After", "1"));
	answer_free(&answer);
	atomic_store(&fixture->gate_open, true);
	for (int i = 0; i < 3; i++) {
		assert_true(read_answer(clients[i], &answer));
		assert_string_equal(answer.body, "through");
		answer_free(&answer);
		(void)close(clients[i]);
	}
	(void)close(fd);
	fixture_stop(fixture);
}

static atomic_size_t connections_seen;

static void look_at_connections(struct fixture *fixture)
{
	atomic_store(&connections_seen, http_server_connections(fixture->server));
}

static void wait_for_no_connections(struct fixture *fixture)
{
	do
		fixture_on_thread(fixture, look_at_connections);
	while (atomic_load(&connections_seen) > 0);
}

/* Takes every descriptor there is, also those that the server has still been closing. */
static size_t take_all_descriptors(struct fixture *fixture, int *fds, size_t most)
{
	size_t count = 0;
	for (int round = 0; round < 3; round++) {
		while (count < most && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
			count++;
		fixture_on_thread(fixture, look_at_connections);
	}
	assert_true(count < most);
	return count;
}

/* With no descriptor left a client is taken and closed; afterwards all goes on. */
static void test_descriptors_run_out(void **state)
{
#ifdef __SANITIZE_THREAD__
	/* Its reports need descriptors. */
	skip();
#endif
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	enum { FEW = 200, CLIENTS = 3 };
	assert_serves(fixture);
	wait_for_no_connections(fixture);
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	struct rlimit few = before;
	few.rlim_cur = FEW;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int fillers[FEW], clients[CLIENTS];
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t count = take_all_descriptors(fixture, fillers, FEW);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < CLIENTS; i++) {
		assert_int_equal(connect(clients[i], (struct sockaddr *)&to, sizeof(to)), 0);
		assert_true(closed_by_server(clients[i]));
		(void)close(clients[i]);
		clients[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	for (size_t i = 0; i < count; i++)
		(void)close(fillers[i]);
	for (int i = 0; i < CLIENTS; i++)
		(void)close(clients[i]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_clients_that_vanish(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	static const char *const STARTS[] = {"", "GET /hel",
					     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n1234", GET_HELLO,
					     "GET /gate HTTP/1.1\r\n" HOST "\r\n"};
	enum { ROUNDS = 20 };
	for (int i = 0; i < ROUNDS; i++)
		for (size_t j = 0; j < ARRAY_SIZE(STARTS); j++) {
			int fd = dial(fixture);
			send_text(fd, STARTS[j]);
			if (j == ARRAY_SIZE(STARTS) - 1)
				while (atomic_load(&fixture->at_gate) <= i)
					(void)sched_yield();
			if (i % 2 == 0)
				slam(fd);
			else
				(void)close(fd);
		}
	atomic_store(&fixture->gate_open, true);
	wait_for_no_connections(fixture);
	assert_serves(fixture);
	fixture_stop(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_a_body_that_drips_is_cut_off),
	    BOTH_ENGINES(test_headers_without_end_are_cut_off),
	    BOTH_ENGINES(test_silent_clients_are_closed_without_an_answer),
	    BOTH_ENGINES(test_a_large_body_is_waited_for),
	    BOTH_ENGINES(test_clients_that_never_read),
	    BOTH_ENGINES(test_two_thousand_connections),
	    BOTH_ENGINES(test_connections_over_the_cap_are_refused),
	    BOTH_ENGINES(test_idle_connections_over_the_cap_make_room),
	    BOTH_ENGINES(test_requests_over_the_cap_are_refused),
	    BOTH_ENGINES(test_descriptors_run_out),
	    BOTH_ENGINES(test_clients_that_vanish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
