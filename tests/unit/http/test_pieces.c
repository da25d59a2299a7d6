/* Requests in a row on one connection, cut anywhere: each is answered as if it had come alone. Both engines. */
#include "http/http_fixture.h"

#include <netinet/tcp.h>

#define HOST "Host: x\r\n"

/* An empty line first, chunks with extensions and trailers, a length, no body. */
static const char REQUESTS[] = "\r\n"
			       "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
			       "5;name=value\r\nhello\r\n6\r\n world\r\n0;x\r\nTrailer: y\r\n\r\n"
			       "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 7\r\n\r\nGET /a\n"
			       "\r\n"
			       "GET /hello HTTP/1.1\r\n" HOST "\r\n"
			       "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
static const char *const BODIES[] = {"hello world", "GET /a\n", "hello", ""};

static int dial_at_once(const struct fixture *fixture)
{
	int fd = dial(fixture), on = 1;
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	return fd;
}

static void assert_answers(int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(BODIES); i++) {
		struct answer answer;
		assert_true(read_answer(fd, &answer));
		assert_int_equal(answer.status, 200);
		assert_int_equal(answer.body_length, strlen(BODIES[i]));
		assert_memory_equal(answer.body, BODIES[i], answer.body_length);
		answer_free(&answer);
	}
}

static void test_cut_in_two(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	for (size_t at = 0; at < sizeof(REQUESTS) - 1; at++) {
		int fd = dial_at_once(fixture);
		send_bytes(fd, REQUESTS, at);
		/* Another connection's request in between: by its answer, the first part has been read. */
		assert_serves(fixture);
		send_bytes(fd, REQUESTS + at, sizeof(REQUESTS) - 1 - at);
		assert_answers(fd);
		(void)close(fd);
	}
	fixture_stop(fixture);
}

static void test_byte_by_byte(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	int fd = dial_at_once(fixture);
	for (size_t at = 0; at < sizeof(REQUESTS) - 1; at++) {
		send_bytes(fd, REQUESTS + at, 1);
		assert_serves(fixture);
	}
	assert_answers(fd);
	(void)close(fd);
	fixture_stop(fixture);
}

/* The one that cannot be read ends the connection, after those before it were answered; the one behind it never is. */
static void test_a_bad_one_among_good_ones(void **state)
{
	static const char GOOD[] = "GET /hello HTTP/1.1\r\n" HOST "\r\n";
	static const char BAD[] = "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	char text[sizeof(GOOD) * 3 + sizeof(BAD)];
	(void)snprintf(text, sizeof(text), "%s%s%s%s", GOOD, GOOD, BAD, GOOD);
	static const int STATUSES[] = {200, 200, 501};
	int fd = dial(fixture);
	send_text(fd, text);
	for (size_t i = 0; i < ARRAY_SIZE(STATUSES); i++) {
		struct answer answer;
		assert_true(read_answer(fd, &answer));
		assert_int_equal(answer.status, STATUSES[i]);
		answer_free(&answer);
	}
	assert_true(closed_by_server(fd));
	(void)close(fd);
	fixture_stop(fixture);
}

/* Whoever asks before a body is invited on a connection that has answered before as well. */
static void test_asking_first_again(void **state)
{
	static const char HEAD[] = "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n";
	static const char INVITED[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	int fd = dial_at_once(fixture);
	for (int i = 0; i < 3; i++) {
		char text[sizeof(INVITED)] = "";
		send_text(fd, HEAD);
		assert_int_equal(recv(fd, text, sizeof(INVITED) - 1, MSG_WAITALL), sizeof(INVITED) - 1);
		assert_string_equal(text, INVITED);
		send_text(fd, "hello");
		struct answer answer;
		assert_true(read_answer(fd, &answer));
		assert_int_equal(answer.status, 200);
		answer_free(&answer);
	}
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_empty_lines_without_end(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	static char lines[20000];
	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 2 == 0 ? '\r' : '\n';
	int fd = dial(fixture);
	send_bytes(fd, lines, sizeof(lines));
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 431);
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

/* A client that leaves in the middle of a request leaves nothing behind. */
static void test_cut_off(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	for (size_t at = 0; at < sizeof(REQUESTS) - 1; at++) {
		int fd = dial_at_once(fixture);
		send_bytes(fd, REQUESTS, at);
		(void)close(fd);
	}
	assert_serves(fixture);
	fixture_stop(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_cut_in_two),
	    BOTH_ENGINES(test_byte_by_byte),
	    BOTH_ENGINES(test_a_bad_one_among_good_ones),
	    BOTH_ENGINES(test_asking_first_again),
	    BOTH_ENGINES(test_empty_lines_without_end),
	    BOTH_ENGINES(test_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
