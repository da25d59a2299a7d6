/* Clients that hang up while their request is being handled, and clients that only stop sending. */
#include "http/http_fixture.h"

#include <poll.h>

static atomic_int told, asked;

static void on_hangup(void *argument)
{
	(void)argument;
	atomic_fetch_add(&told, 1);
}

/* /ask waits for the gate like /gate, and wants to know of a hang-up meanwhile. */
static void handle_ask(struct http_exchange *exchange, void *argument)
{
	struct fixture *fixture = argument;
	http_on_hangup(exchange, on_hangup, fixture);
	atomic_fetch_add(&asked, 1);
	while (!atomic_load(&fixture->gate_open))
		(void)co_sleep_until(deadline_after(2 * CLOCK_MILLISECOND));
	http_on_hangup(exchange, NULL, NULL);
	http_reply(exchange, 200, "text/plain", "through", 7);
}

/* /late asks only when the gate is open, and then waits until it is told. */
static void handle_late(struct http_exchange *exchange, void *argument)
{
	struct fixture *fixture = argument;
	int64_t limit = deadline_after(20 * CLOCK_SECOND);
	atomic_fetch_add(&asked, 1);
	while (!atomic_load(&fixture->gate_open))
		(void)co_sleep_until(deadline_after(2 * CLOCK_MILLISECOND));
	http_on_hangup(exchange, on_hangup, fixture);
	while (atomic_load(&told) == 0 && deadline_left(limit) > 0)
		(void)co_sleep_until(deadline_after(2 * CLOCK_MILLISECOND));
	http_on_hangup(exchange, NULL, NULL);
}

static void add_routes(struct fixture *fixture)
{
	http_server_route(fixture->server, "GET", "/late", 0, handle_late, fixture);
	http_server_route(fixture->server, "GET", "/ask", 0, handle_ask, fixture);
}

static void await(atomic_int *count, int value)
{
	int64_t limit = deadline_after(20 * CLOCK_SECOND);
	while (atomic_load(count) < value && deadline_left(limit) > 0)
		(void)poll(NULL, 0, 1);
	assert_int_equal(atomic_load(count), value);
}

static struct fixture *begin(enum http_engine_kind engine)
{
	atomic_store(&told, 0);
	atomic_store(&asked, 0);
	return fixture_start(&(struct http_server_options){.engine = engine}, add_routes);
}

static int dial_and_ask(struct fixture *fixture, const char *request)
{
	int fd = dial(fixture);
	send_text(fd, request);
	await(&asked, 1);
	return fd;
}

/* Longer than others are let alone. */
static void expect_silence(int fd)
{
	struct pollfd input = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&input, 1, 150), 0);
}

#define ASK "GET /ask HTTP/1.1\r\nHost: a\r\n\r\n"
#define ASK_1_0 "GET /ask HTTP/1.0\r\n\r\n"

static void closed(enum http_engine_kind engine)
{
	struct fixture *fixture = begin(engine);
	(void)close(dial_and_ask(fixture, ASK));
	await(&told, 1);
	fixture_stop(fixture);
	assert_int_equal(atomic_load(&told), 1);
}

static void reset(enum http_engine_kind engine)
{
	struct fixture *fixture = begin(engine);
	const struct linger none = {.l_onoff = 1};
	int fd = dial_and_ask(fixture, ASK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
	(void)close(fd);
	await(&told, 1);
	fixture_stop(fixture);
}

/* The server sees the end before the handler asks. */
static void closed_before(enum http_engine_kind engine)
{
	static const struct linger reset_at_once = {.l_onoff = 1}, in_order = {.l_onoff = 0};
	const struct linger *const ways[] = {&in_order, &reset_at_once};
	for (size_t i = 0; i < 2; i++) {
		struct fixture *fixture = begin(engine);
		int fd = dial_and_ask(fixture, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, ways[i], sizeof(*ways[i])), 0);
		(void)close(fd);
		(void)poll(NULL, 0, 50);
		atomic_store(&fixture->gate_open, true);
		await(&told, 1);
		fixture_stop(fixture);
	}
}

/* Who sends no more but reads is answered: after an interim answer, if it takes long. */
static void half_closed(enum http_engine_kind engine)
{
	struct fixture *fixture = begin(engine);
	int fd = dial_and_ask(fixture, ASK);
	(void)shutdown(fd, SHUT_WR);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 100);
	answer_free(&answer);
	atomic_store(&fixture->gate_open, true);
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "through");
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
	assert_int_equal(atomic_load(&told), 0);
}

static void half_closed_of_1_0(enum http_engine_kind engine)
{
	struct fixture *fixture = begin(engine);
	int fd = dial_and_ask(fixture, ASK_1_0);
	(void)shutdown(fd, SHUT_WR);
	expect_silence(fd);
	atomic_store(&fixture->gate_open, true);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
	assert_int_equal(atomic_load(&told), 0);
}

/* Requests sent ahead are handled, one after the other. */
static void sent_ahead(enum http_engine_kind engine)
{
	struct fixture *fixture = begin(engine);
	int fd = dial_and_ask(fixture, ASK ASK);
	(void)shutdown(fd, SHUT_WR);
	atomic_store(&fixture->gate_open, true);
	struct answer answer;
	for (int i = 0; i < 2;) {
		assert_true(read_answer(fd, &answer));
		assert_true(answer.status == 200 || answer.status == 100);
		i += answer.status == 200;
		answer_free(&answer);
	}
	(void)close(fd);
	fixture_stop(fixture);
	assert_int_equal(atomic_load(&told), 0);
}

/* A handler that did not ask hears nothing, and ends as it would. */
static void not_asked(enum http_engine_kind engine)
{
	struct fixture *fixture = begin(engine);
	int fd = dial(fixture);
	send_text(fd, "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
	await(&fixture->at_gate, 1);
	(void)shutdown(fd, SHUT_WR);
	expect_silence(fd);
	atomic_store(&fixture->gate_open, true);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

#define BOTH(name)                            \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		name(HTTP_ENGINE_DIRECT);     \
		name(HTTP_ENGINE_EVHTTP);     \
	}

BOTH(closed)
BOTH(reset)
BOTH(closed_before)
BOTH(half_closed)
BOTH(half_closed_of_1_0)

/* evhttp ends with its input. */
static void test_sent_ahead(void **state)
{
	(void)state;
	sent_ahead(HTTP_ENGINE_DIRECT);
}

BOTH(not_asked)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_closed),
	    cmocka_unit_test(test_reset),
	    cmocka_unit_test(test_closed_before),
	    cmocka_unit_test(test_half_closed),
	    cmocka_unit_test(test_half_closed_of_1_0),
	    cmocka_unit_test(test_sent_ahead),
	    cmocka_unit_test(test_not_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
