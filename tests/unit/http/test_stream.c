/* Bodies read and answers written in pieces, by handlers of both engines. */
#include "http/http_fixture.h"

#include "base/shared_text.h"
#include "http/stream.h"

#include <netinet/tcp.h>

#define HOST "Host: x\r\n"

enum { WHOLE = 5 * 1024 * 1024, SEED = 251 };

static void fill(char *bytes, size_t length, size_t from)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)((from + i) % SEED);
}

/* Counts a body, and looks whether it is what `fill` made. */
static void count_body(struct http_exchange *exchange, void *argument)
{
	struct fixture *fixture = argument;
	char *piece = arena_alloc(&exchange->ctx->arena, 10000);
	char *wanted = arena_alloc(&exchange->ctx->arena, 10000);
	size_t total = 0;
	atomic_fetch_add(&fixture->at_gate, 1);
	int64_t length;
	while ((length = http_body_read(exchange, piece, 10000)) > 0) {
		fill(wanted, (size_t)length, total);
		total += memcmp(piece, wanted, (size_t)length) == 0 ? (size_t)length : 0;
	}
	const char *text = arena_printf(&exchange->ctx->arena, "%zu %lld", total, (long long)length);
	atomic_fetch_add(&fixture->cleaned_up, 1);
	http_reply(exchange, 200, "text/plain", text, strlen(text));
}

static void refuse_at_the_head(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	if (!http_header(exchange, "Authorization")) {
		http_reply(exchange, 401, "application/json", "{}", 2);
		return;
	}
	if (http_body_whole(exchange) == 0)
		http_reply(exchange, 200, "text/plain", exchange->body, exchange->body_length);
}

static void write_pieces(struct http_exchange *exchange, void *argument)
{
	struct fixture *fixture = argument;
	enum { PIECE = 50000 };
	char *piece = arena_alloc(&exchange->ctx->arena, PIECE);
	size_t short_of = strcmp(exchange->query, "short") == 0 ? 1000 : 0;
	int failed = 0;
	http_reply_begin(exchange, 200, "image/png", WHOLE);
	for (size_t at = 0; at < WHOLE - short_of && failed == 0; at += PIECE) {
		size_t length = WHOLE - short_of - at < PIECE ? WHOLE - short_of - at : PIECE;
		fill(piece, length, at);
		failed = http_reply_write(exchange, piece, length);
	}
	atomic_fetch_add(&fixture->cleaned_up, failed == 0 ? 1 : 100);
}

static struct shared_text *document;

static void reply_shared(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	struct http_piece pieces[201] = {{.bytes = "[", .length = 1}};
	for (size_t i = 1; i < 200; i += 2) {
		pieces[i] = (struct http_piece){document->bytes, document->length, document};
		pieces[i + 1] = (struct http_piece){",", 1, NULL};
	}
	pieces[200] = (struct http_piece){"]", 1, NULL};
	http_reply_pieces(exchange, 200, "text/plain", pieces, 201);
}

static void add_routes(struct fixture *fixture)
{
	struct http_server *server = fixture->server;
	size_t most = (size_t)20 * 1024 * 1024;
	http_server_route_early(server, "POST", "/count", most, 0, count_body, fixture);
	http_server_route_early(server, "POST", "/guarded", most, 1000, refuse_at_the_head, NULL);
	http_server_route(server, "GET", "/pieces", 0, write_pieces, fixture);
	http_server_route_early(server, "POST", "/pieces", most, 0, write_pieces, fixture);
	http_server_route(server, "GET", "/shared", 0, reply_shared, NULL);
}

static struct fixture *start(void **state)
{
	return fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, add_routes);
}

static void assert_body(int fd, int status, const char *body)
{
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.status, status);
	assert_string_equal(answer.body, body);
	answer_free(&answer);
}

static char *made(size_t length)
{
	char *bytes = malloc(length);
	assert_non_null(bytes);
	fill(bytes, length, 0);
	return bytes;
}

static void test_a_body_comes_in_pieces(void **state)
{
	struct fixture *fixture = start(state);
	char *bytes = made(WHOLE), head[100];
	int fd = dial(fixture);
	(void)snprintf(head, sizeof(head), "POST /count HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", WHOLE);
	/* The connection goes on afterwards, with what was sent ahead. */
	for (int i = 0; i < 3; i++) {
		send_text(fd, head);
		send_bytes(fd, bytes, WHOLE);
		send_text(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
		assert_body(fd, 200, "5242880 0");
		assert_body(fd, 200, "hello");
	}
	send_text(fd, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n");
	assert_body(fd, 200, "0 0");
	(void)close(fd);
	free(bytes);
	fixture_stop(fixture);
}

static void test_a_body_comes_in_chunks(void **state)
{
	struct fixture *fixture = start(state);
	char *bytes = made(300000), head[100];
	int fd = dial(fixture);
	send_text(fd, "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < 300000; at += 30000) {
		(void)snprintf(head, sizeof(head), "%x\r\n", 30000);
		send_text(fd, head);
		send_bytes(fd, bytes + at, 30000);
		send_text(fd, "\r\n");
	}
	send_text(fd, "0\r\n\r\n");
	assert_body(fd, 200, "300000 0");
	(void)close(fd);
	free(bytes);
	fixture_stop(fixture);
}

/* What is refused for its head is not read: the client need not even send it. */
static void test_a_head_is_refused(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	if (ENGINE(state) == HTTP_ENGINE_DIRECT) {
		send_text(fd, "POST /guarded HTTP/1.1\r\n" HOST "Content-Length: 20000000\r\n"
			      "Expect: 100-continue\r\n\r\n");
		assert_body(fd, 401, "{}");
		assert_true(closed_by_server(fd));
		(void)close(fd);
		fd = dial(fixture);
	}
	char *bytes = made(WHOLE), head[100];
	(void)snprintf(head, sizeof(head), "POST /guarded HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", WHOLE);
	send_text(fd, head);
	send_bytes(fd, bytes, WHOLE);
	assert_body(fd, 401, "{}");
	(void)close(fd);
	free(bytes);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_a_body_is_read_whole_after_the_head(void **state)
{
	struct fixture *fixture = start(state);
	static char text[4001];
	memset(text, 'x', 4000);
	int fd = dial(fixture);
	char head[200];
	for (int length = 500; length <= 4000; length += 3500) {
		(void)snprintf(head, sizeof(head),
			       "POST /guarded HTTP/1.1\r\n" HOST "Authorization: Bearer x\r\nContent-Length: %d\r\n"
			       "Expect: 100-continue\r\n\r\n",
			       length);
		send_text(fd, head);
		assert_body(fd, 100, "");
		send_bytes(fd, text, (size_t)length);
		assert_body(fd, 200, text + 4000 - length);
	}
	(void)close(fd);
	fixture_stop(fixture);
}

/* In chunks nobody knows how long it will be: the head is looked at once it is too long for strangers. */
static void test_a_body_in_chunks_is_refused_when_it_is_long(void **state)
{
	struct fixture *fixture = start(state);
	static const char head[] = "POST /guarded HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
	static const char chunk[] = "14\r\n01234567890123456789\r\n";
	for (int count = 10; count <= 100; count += 90) {
		int fd = dial(fixture);
		send_text(fd, head);
		for (int i = 0; i < count; i++)
			send_text(fd, chunk);
		send_text(fd, "0\r\n\r\n");
		assert_body(fd, 401, "{}");
		(void)close(fd);
	}
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_a_client_may_go_in_between(void **state)
{
	struct fixture *fixture = start(state);
	char *bytes = made(WHOLE), head[100];
	int fd = dial(fixture);
	(void)snprintf(head, sizeof(head), "POST /count HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", WHOLE);
	send_text(fd, head);
	send_bytes(fd, bytes, WHOLE / 2);
	(void)close(fd);
	while (ENGINE(state) == HTTP_ENGINE_DIRECT && atomic_load(&fixture->cleaned_up) < 1)
		(void)sched_yield();
	fd = dial(fixture);
	send_text(fd, "GET /pieces HTTP/1.1\r\n" HOST "\r\n");
	(void)recv(fd, bytes, 1000, 0);
	(void)close(fd);
	while (atomic_load(&fixture->cleaned_up) < 100)
		(void)sched_yield();
	free(bytes);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_a_slow_body_is_given_up(void **state)
{
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .read_timeout = 200 * CLOCK_MILLISECOND},
	    add_routes);
	int fd = dial(fixture);
	send_text(fd, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 5000\r\n\r\nabc");
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 408);
	answer_free(&answer);
	(void)close(fd);
	fd = dial(fixture);
	send_text(fd, "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n");
	assert_true(read_answer(fd, &answer));
	assert_fault(&answer, 400);
	answer_free(&answer);
	(void)close(fd);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_an_answer_goes_in_pieces(void **state)
{
	struct fixture *fixture = start(state);
	char *wanted = made(WHOLE);
	int fd = dial(fixture);
	struct answer answer;
	for (int i = 0; i < 2; i++) {
		send_text(fd, "GET /pieces HTTP/1.1\r\n" HOST "\r\n");
		assert_true(read_answer(fd, &answer));
		assert_int_equal(answer.status, 200);
		assert_int_equal(answer.body_length, WHOLE);
		assert_memory_equal(answer.body, wanted, WHOLE);
		answer_free(&answer);
	}
	send_text(fd, "HEAD /pieces HTTP/1.1\r\n" HOST "\r\n");
	assert_true(read_answer_of(fd, &answer, true));
	assert_true(answer_says(&answer, "Content-Length", "5242880"));
	answer_free(&answer);
	send_text(fd, "GET /pieces?short HTTP/1.1\r\n" HOST "\r\n");
	assert_false(read_answer(fd, &answer));
	answer_free(&answer);
	(void)close(fd);
	free(wanted);
	assert_serves(fixture);
	fixture_stop(fixture);
}

/* A connection of which the kernel at the server's end keeps little: it keeps many segments, which are small here. */
static int dial_narrow(const struct fixture *fixture)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), buffer = 4096, segment = 1000;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Also while nobody wants the rest of the request, so that no more of it is read (evhttp has read all of it). */
static void test_who_reads_nothing_of_an_answer_is_ended(void **state)
{
	static const char *const requests[] = {"GET /pieces HTTP/1.1\r\n" HOST "\r\n",
					       "POST /pieces HTTP/1.1\r\n" HOST "Content-Length: 20000\r\n\r\n"};
	char *body = made(20000);
	struct fixture *fixture = fixture_start(
	    &(struct http_server_options){.engine = ENGINE(state), .read_timeout = 200 * CLOCK_MILLISECOND},
	    add_routes);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		int fd = dial_narrow(fixture);
		send_text(fd, requests[i]);
		if (i == 1)
			send_bytes(fd, body, ENGINE(state) == HTTP_ENGINE_DIRECT ? 3 : 20000);
		while (atomic_load(&fixture->cleaned_up) < 100 * (int)(i + 1))
			(void)sched_yield();
		(void)close(fd);
	}
	free(body);
	assert_serves(fixture);
	fixture_stop(fixture);
}

static void test_a_document_is_not_copied(void **state)
{
	enum { SIZE = 100000 };
	char *bytes = made(SIZE);
	document = shared_text_new(bytes, SIZE);
	struct fixture *fixture = start(state);
	int slow = dial(fixture), fd = dial(fixture);
	send_text(slow, "GET /shared HTTP/1.1\r\n" HOST "\r\n");
	send_text(fd, "GET /shared HTTP/1.1\r\n" HOST "\r\n");
	struct answer answer;
	assert_true(read_answer(fd, &answer));
	assert_int_equal(answer.body_length, 100 * (SIZE + 1) + 1);
	for (size_t i = 0; i < 100; i++)
		assert_memory_equal(answer.body + 1 + i * (SIZE + 1), bytes, SIZE);
	answer_free(&answer);
	assert_true(fixture_held(fixture) < SIZE);
	assert_true(read_answer(slow, &answer));
	answer_free(&answer);
	(void)close(slow);
	(void)close(fd);
	free(bytes);
	fixture_stop(fixture);
	assert_int_equal(document->references, 1);
	shared_text_drop(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_a_body_comes_in_pieces),
	    BOTH_ENGINES(test_a_body_comes_in_chunks),
	    BOTH_ENGINES(test_a_head_is_refused),
	    BOTH_ENGINES(test_a_body_is_read_whole_after_the_head),
	    BOTH_ENGINES(test_a_body_in_chunks_is_refused_when_it_is_long),
	    BOTH_ENGINES(test_a_client_may_go_in_between),
	    BOTH_ENGINES(test_a_slow_body_is_given_up),
	    BOTH_ENGINES(test_an_answer_goes_in_pieces),
	    BOTH_ENGINES(test_who_reads_nothing_of_an_answer_is_ended),
	    BOTH_ENGINES(test_a_document_is_not_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
