/* What cannot be read is answered in JSON with the right status, by both engines, and the server goes on. */
#include "http/http_fixture.h"

struct malformed {
	const char *what, *request;
	int status;
};

#define HOST "Host: x\r\n"

static const struct malformed CASES[] = {
    {"no request line", "\x01\x02\x03\r\n\r\n", 400},
    {"words", "hello server\r\n\r\n", 501},
    {"unknown method", "FROBNICATE /hello HTTP/1.1\r\n" HOST "\r\n", 501},
    {"method in lower case", "get /hello HTTP/1.1\r\n" HOST "\r\n", 501},
    {"CONNECT", "CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n", 501},
    {"no version", "GET /hello\r\n\r\n", 505},
    {"version 2", "GET /hello HTTP/2.0\r\n" HOST "\r\n", 505},
    {"version 9.9", "GET /hello HTTP/9.9\r\n" HOST "\r\n", 505},
    {"version of letters", "GET /hello HTTP/x.y\r\n" HOST "\r\n", 505},
    {"another protocol", "GET /hello FTP/1.1\r\n" HOST "\r\n", 400},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"TLS on the plain port", "\x16\x03\x01\x02\x08\x01\x08\x01\xfc\x03\x03\r\n\r\n", 400},
    {"no Host", "GET /hello HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET /hello HTTP/1.1\r\n" HOST "Host: y\r\n\r\n", 400},
    {"header without colon", "GET /hello HTTP/1.1\r\n" HOST "nonsense\r\n\r\n", 400},
    {"space before the colon", "GET /hello HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400},
    {"empty header name", "GET /hello HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400},
    {"control character",
     "GET /hello HTTP/1.1\r\n" HOST "A: b\x01"
     "c\r\n\r\n",
     400},
    {"length of letters", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: ten\r\n\r\n", 400},
    {"negative length", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
    {"length with sign", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\nx", 400},
    {"length out of range", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400},
    {"two lengths", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
    {"length and chunks",
     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"unknown coding", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 400},
    {"chunks, then a coding", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400},
    {"chunks in HTTP/1.0", "POST /echo HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunk size of letters", "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
    {"unknown expectation", "POST /echo HTTP/1.1\r\n" HOST "Expect: a miracle\r\nContent-Length: 1\r\n\r\nx", 417},
    {"body too large", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413},
    {"body too large for any route", "POST /large HTTP/1.1\r\n" HOST "Content-Length: 104857600\r\n\r\n", 413},
    {"too large, asking first",
     "POST /large HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 104857600\r\n\r\n", 413},
    {"chunk too large", "POST /large HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n7FFFFFFF\r\nxxxx", 413},
    {"broken percent-encoding", "GET /hel%zzlo HTTP/1.1\r\n" HOST "\r\n", 400},
    {"cut percent-encoding", "GET /hello%4 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"NUL in the path", "GET /hello%00.png HTTP/1.1\r\n" HOST "\r\n", 400},
    {"target without path", "GET hello HTTP/1.1\r\n" HOST "\r\n", 400},
    {"unknown path", "GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404},
    {"another method", "DELETE /hello HTTP/1.1\r\n" HOST "\r\n", 405},
    {"OPTIONS of the server", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 404},
};

static void test_each_is_answered_in_json(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	int wrong = 0;
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		const struct malformed *each = &CASES[i];
		struct answer answer = ask(fixture, each->request);
		if (answer.status != each->status)
			print_error("%s: %d instead of %d\n", each->what, answer.status, each->status);
		wrong += answer.status != each->status;
		assert_fault(&answer, answer.status);
		answer_free(&answer);
		assert_serves(fixture);
	}
	assert_int_equal(wrong, 0);
	fixture_stop(fixture);
}

/* Where the next request begins is not known after those: the connection ends. */
static void test_unreadable_requests_end_the_connection(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	static const char *const REQUESTS[] = {
	    "GET /hello\r\n\r\n",
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n",
	    "GET /hello HTTP/1.1\r\n\r\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(REQUESTS); i++) {
		int fd = dial(fixture);
		send_text(fd, REQUESTS[i]);
		struct answer answer;
		assert_true(read_answer(fd, &answer));
		assert_true(answer_says(&answer, "Connection", "close"));
		assert_true(closed_by_server(fd));
		answer_free(&answer);
		(void)close(fd);
	}
	fixture_stop(fixture);
}

static void test_not_allowed_says_what_is(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	struct answer answer = ask(fixture, "PUT /echo HTTP/1.1\r\n" HOST "\r\n");
	assert_fault(&answer, 405);
	assert_true(answer_says(&answer, "Allow", "POST"));
	answer_free(&answer);
	fixture_stop(fixture);
}

/* A head of so many bytes in one header. */
static char *head_of(size_t bytes, bool finished)
{
	static const char START[] = "GET /hello HTTP/1.1\r\n" HOST "Padding: ";
	static const char END[] = "\r\n\r\n";
	char *text = malloc(bytes + 1);
	assert_non_null(text);
	memcpy(text, START, sizeof(START) - 1);
	memset(text + sizeof(START) - 1, 'p', bytes - (sizeof(START) - 1));
	if (finished)
		memcpy(text + bytes - (sizeof(END) - 1), END, sizeof(END) - 1);
	text[bytes] = '\0';
	return text;
}

static void test_large_heads(void **state)
{
	enum http_engine_kind engine = ENGINE(state);
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = engine}, NULL);
	static const struct {
		size_t bytes;
		bool finished;
		int status;
	} HEADS[] = {
	    {16000, true, 200}, {17000, true, 431}, {17000, false, 431}, {1000000, true, 431}, {200000, false, 431}};
	for (size_t i = 0; i < ARRAY_SIZE(HEADS); i++) {
		char *request = head_of(HEADS[i].bytes, HEADS[i].finished);
		struct answer answer = ask(fixture, request);
		if (HEADS[i].status == 200)
			assert_int_equal(answer.status, 200);
		else
			assert_fault(&answer, HEADS[i].status);
		answer_free(&answer);
		free(request);
		assert_serves(fixture);
	}
	fixture_stop(fixture);
}

static void test_many_headers(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	char request[4096] = "GET /hello HTTP/1.1\r\n" HOST;
	size_t length = strlen(request);
	for (int i = 0; i < 101; i++)
		length += (size_t)snprintf(request + length, sizeof(request) - length, "A%d: b\r\n", i);
	(void)snprintf(request + length, sizeof(request) - length, "\r\n");
	struct answer answer = ask(fixture, request);
	assert_fault(&answer, 431);
	answer_free(&answer);
	assert_serves(fixture);
	fixture_stop(fixture);
}

/* The whole of a hundred mebibytes is sent before anybody looks for the answer, as simple clients do. */
static void test_huge_body_sent_in_full(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	static char zeros[1024 * 1024];
	int fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 104857600\r\n\r\n");
	for (int i = 0; i < 100; i++)
		send_bytes(fd, zeros, sizeof(zeros));
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 413);
	answer_free(&answer);
	(void)close(fd);
	assert_serves(fixture);
	fixture_stop(fixture);
}

/* Chunks have no length in front: the limit is met on the way. */
static void test_chunks_without_end(void **state)
{
	struct fixture *fixture = fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, NULL);
	enum { SIZE = 65536, START = 7 };
	static char chunk[START + SIZE + 3] = "10000\r\n";
	memset(chunk + START, 'c', SIZE);
	memcpy(chunk + START + SIZE, "\r\n", 3);
	int fd = dial(fixture);
	send_text(fd, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 400; i++)
		send_bytes(fd, chunk, sizeof(chunk) - 1);
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 413);
	answer_free(&answer);
	(void)close(fd);
	assert_serves(fixture);
	fixture_stop(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_each_is_answered_in_json),
	    BOTH_ENGINES(test_unreadable_requests_end_the_connection),
	    BOTH_ENGINES(test_not_allowed_says_what_is),
	    BOTH_ENGINES(test_large_heads),
	    BOTH_ENGINES(test_many_headers),
	    BOTH_ENGINES(test_huge_body_sent_in_full),
	    BOTH_ENGINES(test_chunks_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
