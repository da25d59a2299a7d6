/* What a client that keeps to the protocol gets, from both engines. */
#include "http/http_fixture.h"

#define HOST "Host: x\r\n"
#define GET_HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"

static struct fixture *start(void **state)
{
	return fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
}

static void assert_hello(int fd)
{
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "hello");
	assert_true(answer_says(&answer, "Content-Length", "5"));
	assert_true(answer_says(&answer, "Content-Type", "text/plain"));
	answer_free(&answer);
}

static void test_keep_alive(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	for (int i = 0; i < 5; i++) {
		send_text(fd, GET_HELLO);
		assert_hello(fd);
	}
	(void)close(fd);
	/* A context ends after its answer has left. */
	while (atomic_load(&fixture->cleaned_up) < 5)
		(void)sched_yield();
	fixture_stop(fixture);
}

static void test_an_answer_has_a_date(void **state)
{
	struct fixture *fixture = start(state);
	struct answer answer = ask(fixture, GET_HELLO);
	size_t length;
	const char *date = answer_header(&answer, "Date", &length);
	assert_non_null(date);
	struct tm parts = {0};
	const char *end = strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
	assert_non_null(end);
	assert_int_equal(end - date, length);
	answer_free(&answer);
	fixture_stop(fixture);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
	struct fixture *fixture = start(state);
	enum { COUNT = 300 };
	static char requests[COUNT * 64];
	size_t length = 0;
	for (int i = 0; i < COUNT; i++)
		length += (size_t)snprintf(requests + length, sizeof(requests) - length,
					   i % 3 == 2 ? "GET /missing/%d HTTP/1.1\r\nHost: x\r\n\r\n"
						      : "GET /identity/%d HTTP/1.1\r\nHost: x\r\n\r\n",
					   i);
	int fd = dial(fixture);
	send_bytes(fd, requests, length);
	for (int i = 0; i < COUNT; i++) {
		struct answer answer;
		assert_true(read_answer(fd, &answer));
		assert_int_equal(answer.status, i % 3 == 2 ? 404 : 200);
		char wanted[64];
		(void)snprintf(wanted, sizeof(wanted), "|/identity/%d|", i);
		assert_true(i % 3 == 2 || strstr(answer.body, wanted));
		answer_free(&answer);
	}
	(void)close(fd);
	fixture_stop(fixture);
}

/* A waiting handler holds back what was sent after it on its connection, and nothing on others. */
static void test_pipelining_behind_a_slow_handler(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	send_text(fd, "GET /gate HTTP/1.1\r\n" HOST "\r\n" GET_HELLO);
	while (atomic_load(&fixture->at_gate) == 0)
		(void)sched_yield();
	send_text(fd, GET_HELLO);
	assert_serves(fixture);
	atomic_store(&fixture->gate_open, true);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_string_equal(answer.body, "through");
	answer_free(&answer);
	assert_hello(fd);
	assert_hello(fd);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_head_has_no_body(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	send_text(fd, "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
	struct answer answer;
	assert_true(read_answer_of(fd, &answer, true));
	assert_int_equal(answer.status, 200);
	assert_true(answer_says(&answer, "Content-Length", "5"));
	answer_free(&answer);
	/* Had there been one, this would be read as its answer's start. */
	send_text(fd, GET_HELLO);
	assert_hello(fd);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_connection_close_is_honoured(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	send_text(fd, "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_true(answer_says(&answer, "Connection", "close"));
	assert_true(closed_by_server(fd));
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_http_1_0(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	send_text(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_true(answer_says(&answer, "Connection", "keep-alive"));
	answer_free(&answer);
	send_text(fd, "GET /hello HTTP/1.0\r\n\r\n");
	assert_true(read_answer(fd, &answer));
	assert_string_equal(answer.body, "hello");
	answer_free(&answer);
	assert_true(closed_by_server(fd));
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_a_client_that_asks_first_is_told_to_go_on(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 100);
	answer_free(&answer);
	send_text(fd, "body");
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "body");
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void fill(char *bytes, size_t length)
{
	uint32_t value = 12345;
	for (size_t i = 0; i < length; i++) {
		value = value * 1664525 + 1013904223;
		bytes[i] = (char)(value >> 24);
	}
}

static void assert_echoed(int fd, const char *body, size_t length)
{
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body_length, length);
	assert_memory_equal(answer.body, body, length);
	answer_free(&answer);
}

static void test_bodies_of_all_sizes(void **state)
{
	struct fixture *fixture = start(state);
	static const size_t SIZES[] = {0, 1, 100, 4095, 4096, 16384, 65535, 65536, 65537, 1048576, 5000000, 20971520};
	size_t largest = SIZES[ARRAY_SIZE(SIZES) - 1];
	char *body = malloc(largest);
	assert_non_null(body);
	fill(body, largest);
	int fd = dial(fixture);
	for (size_t i = 0; i < ARRAY_SIZE(SIZES); i++) {
		char head[128];
		(void)snprintf(head, sizeof(head), "POST /large HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n",
			       SIZES[i]);
		send_text(fd, head);
		send_bytes(fd, body, SIZES[i]);
		assert_echoed(fd, body, SIZES[i]);
	}
	(void)close(fd);
	free(body);
	fixture_stop(fixture);
}

/* One byte more than the route takes, sent in full. */
static void test_a_byte_too_many(void **state)
{
	struct fixture *fixture = start(state);
	size_t length = 1024 * 1024 + 1;
	char *body = calloc(1, length);
	assert_non_null(body);
	int fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n");
	send_bytes(fd, body, length);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 413);
	answer_free(&answer);
	(void)close(fd);
	fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
	send_bytes(fd, body, length - 1);
	assert_echoed(fd, body, length - 1);
	(void)close(fd);
	free(body);
	fixture_stop(fixture);
}

static void test_chunked_bodies(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		      "5\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: dropped\r\n\r\n" GET_HELLO);
	assert_echoed(fd, "hello 0123456789", 16);
	assert_hello(fd);
	(void)close(fd);
	fixture_stop(fixture);
}

/* Every byte in a packet of its own. */
static void test_a_byte_at_a_time(void **state)
{
	struct fixture *fixture = start(state);
	static const char TEXT[] =
	    "POST /echo?a=b HTTP/1.1\r\n" HOST "X-Request-Id: one\r\nContent-Length: 3\r\n\r\nabc"
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n";
	int fd = dial(fixture);
	for (size_t i = 0; i < sizeof(TEXT) - 1; i++) {
		send_bytes(fd, TEXT + i, 1);
		if (i % 16 == 0)
			assert_serves(fixture);
	}
	assert_echoed(fd, "abc", 3);
	assert_echoed(fd, "de", 2);
	(void)close(fd);
	fixture_stop(fixture);
}

static void assert_identity(const struct fixture *fixture, const char *request, const char *start_with,
			    const char *end_with)
{
	struct answer answer = ask(fixture, request);
	assert_int_equal(answer.status, 200);
	size_t start_length = strlen(start_with), end_length = strlen(end_with);
	assert_true(answer.body_length > start_length + end_length);
	assert_memory_equal(answer.body, start_with, start_length);
	assert_string_equal(answer.body + answer.body_length - end_length, end_with);
	answer_free(&answer);
}

/* "request id|traceparent|milliseconds left|peer|method|path|query" */
static void test_requests_keep_their_names(void **state)
{
	struct fixture *fixture = start(state);
	assert_identity(fixture, "PATCH /identity/a%20b%2Fc?q=%20&r HTTP/1.1\r\n" HOST "X-Request-Id: A.b_c-1\r\n\r\n",
			"A.b_c-1||", "|127.0.0.1|PATCH|/identity/a b/c|q=%20&r");
	assert_identity(fixture, "GET http://other:80/identity?x HTTP/1.1\r\n" HOST "X-Deadline-Ms: 0\r\n\r\n", "",
			"||0|127.0.0.1|GET|/identity|x");
	static const char TRACE[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	char request[256];
	(void)snprintf(request, sizeof(request),
		       "GET /identity HTTP/1.1\r\n" HOST "X-Request-Id: t\r\ntraceparent: %s\r\n\r\n", TRACE);
	struct answer answer = ask(fixture, request);
	assert_memory_equal(answer.body, "t|00-0af7651916cd43dd8448eb211c80319c-", 38);
	assert_memory_not_equal(answer.body + 38, "b7ad6b7169203331", 16);
	assert_memory_equal(answer.body + 54, "-01|", 4);
	answer_free(&answer);
	fixture_stop(fixture);
}

/* What cannot be taken over is made anew: the id is a UUID then, the trace none. */
static void test_names_that_are_refused(void **state)
{
	struct fixture *fixture = start(state);
	static const char *const HEADERS[] = {
	    "X-Request-Id: has space",
	    "X-Request-Id: 0123456789012345678901234567890123456",
	    "X-Request-Id: \"quoted\"",
	    "traceparent: 01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	    "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01",
	    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
	    "X-Deadline-Ms: -5",
	    "X-Deadline-Ms: 99999999999999999999",
	};
	for (size_t i = 0; i < ARRAY_SIZE(HEADERS); i++) {
		char request[256];
		(void)snprintf(request, sizeof(request), "GET /identity HTTP/1.1\r\n" HOST "%s\r\n\r\n", HEADERS[i]);
		struct answer answer = ask(fixture, request);
		assert_int_equal(strcspn(answer.body, "|"), 36);
		assert_memory_equal(answer.body + 36, "||", 2);
		long left = strtol(answer.body + 38, NULL, 10);
		assert_in_range(left, 1000, 10000);
		answer_free(&answer);
	}
	fixture_stop(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_keep_alive),
	    BOTH_ENGINES(test_an_answer_has_a_date),
	    BOTH_ENGINES(test_pipelined_requests_are_answered_in_order),
	    BOTH_ENGINES(test_pipelining_behind_a_slow_handler),
	    BOTH_ENGINES(test_head_has_no_body),
	    BOTH_ENGINES(test_connection_close_is_honoured),
	    BOTH_ENGINES(test_http_1_0),
	    BOTH_ENGINES(test_a_client_that_asks_first_is_told_to_go_on),
	    BOTH_ENGINES(test_bodies_of_all_sizes),
	    BOTH_ENGINES(test_a_byte_too_many),
	    BOTH_ENGINES(test_chunked_bodies),
	    BOTH_ENGINES(test_a_byte_at_a_time),
	    BOTH_ENGINES(test_requests_keep_their_names),
	    BOTH_ENGINES(test_names_that_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
