/* What handlers may do with an exchange, and how a server stops. Both engines. */
#include "http/http_fixture.h"

#include <sys/mman.h>

#define HOST "Host: x\r\n"
#define GET_HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"

enum { FILE_SIZE = 3 * 1024 * 1024 };

static void reply_nothing(struct http_exchange *exchange, void *argument)
{
	(void)exchange, (void)argument;
}

static void reply_twice(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	http_reply(exchange, 201, "text/plain", "first", 5);
	http_reply(exchange, 200, "text/plain", "second", 6);
}

static void reply_with_headers(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	http_reply_header(exchange, "ETag", "\"abc\"");
	http_reply_header(exchange, "X-Second", http_header(exchange, "x-question"));
	http_reply(exchange, 200, NULL, NULL, 0);
}

static void reply_empty(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	http_reply(exchange, strcmp(exchange->query, "304") == 0 ? 304 : 204, NULL, NULL, 0);
}

/* A file of which byte i is i modulo 251; "offset,length" in the query. */
static void reply_a_file(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *bytes = arena_alloc(&exchange->ctx->arena, FILE_SIZE);
	for (size_t i = 0; i < FILE_SIZE; i++)
		bytes[i] = (char)(i % 251);
	ssize_t written = write(fd, bytes, FILE_SIZE);
	char *rest;
	long long offset = strtoll(exchange->query, &rest, 10);
	long long length = strtoll(rest + 1, NULL, 10);
	http_reply_file(exchange, written == FILE_SIZE ? 206 : 500, "image/png", fd, offset, length);
}

static void suspend_then_reply(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	const char *value = http_header(exchange, "X-Kept");
	http_reply(exchange, 200, "text/plain", value, strlen(value));
}

static void add_routes(struct fixture *fixture)
{
	http_server_route(fixture->server, "GET", "/nothing", 0, reply_nothing, NULL);
	http_server_route(fixture->server, "GET", "/twice", 0, reply_twice, NULL);
	http_server_route(fixture->server, "GET", "/headers", 0, reply_with_headers, NULL);
	http_server_route(fixture->server, NULL, "/empty", 0, reply_empty, NULL);
	http_server_route(fixture->server, "GET", "/file", 0, reply_a_file, NULL);
	http_server_route(fixture->server, "GET", "/suspend", 0, suspend_then_reply, NULL);
	http_server_route(fixture->server, "GET", "/suspend*", 0, reply_nothing, NULL);
	http_server_route(fixture->server, "GET", "/suspend/deep/*", 0, reply_twice, NULL);
}

static struct fixture *start(void **state)
{
	return fixture_start(&(struct http_server_options){.engine = ENGINE(state)}, add_routes);
}

static struct answer ask_on(int fd, const char *request)
{
	send_text(fd, request);
	struct answer answer;
	assert_true(read_answer_of(fd, &answer, strncmp(request, "HEAD", 4) == 0));
	return answer;
}

static void test_a_handler_without_answer(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	struct answer answer = ask_on(fd, "GET /nothing HTTP/1.1\r\n" HOST "\r\n");
	assert_fault(&answer, 500);
	answer_free(&answer);
	answer = ask_on(fd, GET_HELLO);
	assert_int_equal(answer.status, 200);
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_only_the_first_answer_counts(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	struct answer answer = ask_on(fd, "GET /twice HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(answer.status, 201);
	assert_string_equal(answer.body, "first");
	answer_free(&answer);
	answer = ask_on(fd, GET_HELLO);
	assert_string_equal(answer.body, "hello");
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_headers_of_answers(void **state)
{
	struct fixture *fixture = start(state);
	struct answer answer = ask(fixture, "GET /headers HTTP/1.1\r\n" HOST "X-QUESTION:  value \t\r\n\r\n");
	assert_int_equal(answer.status, 200);
	assert_true(answer_says(&answer, "ETag", "\"abc\""));
	assert_true(answer_says(&answer, "X-Second", "value"));
	assert_true(answer_says(&answer, "Content-Length", "0"));
	size_t length;
	assert_null(answer_header(&answer, "Content-Type", &length));
	answer_free(&answer);
	fixture_stop(fixture);
}

static void test_answers_without_content(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	struct answer answer = ask_on(fd, "DELETE /empty HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(answer.status, 204);
	size_t length;
	assert_null(answer_header(&answer, "Content-Length", &length));
	answer_free(&answer);
	answer = ask_on(fd, "GET /empty?304 HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(answer.status, 304);
	answer_free(&answer);
	answer = ask_on(fd, GET_HELLO);
	assert_string_equal(answer.body, "hello");
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void assert_part_of_file(int fd, size_t offset, size_t length)
{
	char request[128];
	(void)snprintf(request, sizeof(request), "GET /file?%zu,%zu HTTP/1.1\r\n" HOST "\r\n", offset, length);
	struct answer answer = ask_on(fd, request);
	assert_int_equal(answer.status, 206);
	assert_int_equal(answer.body_length, length);
	for (size_t i = 0; i < length; i++)
		assert_int_equal((unsigned char)answer.body[i], (offset + i) % 251);
	answer_free(&answer);
}

static void test_files(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	assert_part_of_file(fd, 0, FILE_SIZE);
	assert_part_of_file(fd, 12345, 54321);
	assert_part_of_file(fd, 0, 0);
	assert_part_of_file(fd, FILE_SIZE - 1, 1);
	struct answer answer = ask_on(fd, "HEAD /file?0,1000 HTTP/1.1\r\n" HOST "\r\n");
	assert_true(answer_says(&answer, "Content-Length", "1000"));
	answer_free(&answer);
	answer = ask_on(fd, GET_HELLO);
	assert_string_equal(answer.body, "hello");
	answer_free(&answer);
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_what_is_read_survives_a_suspend(void **state)
{
	struct fixture *fixture = start(state);
	int fd = dial(fixture);
	for (int i = 0; i < 3; i++) {
		struct answer answer = ask_on(fd, "GET /suspend HTTP/1.1\r\n" HOST "X-Kept: still here\r\n\r\n");
		assert_string_equal(answer.body, "still here");
		answer_free(&answer);
	}
	(void)close(fd);
	fixture_stop(fixture);
}

static void test_exact_paths_win_then_long_prefixes(void **state)
{
	struct fixture *fixture = start(state);
	struct answer answer = ask(fixture, "GET /suspended HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(answer.status, 500);
	answer_free(&answer);
	answer = ask(fixture, "GET /suspend/deep/er HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(answer.status, 201);
	answer_free(&answer);
	fixture_stop(fixture);
}

/* A stopping server lets nobody in, sends idle clients away, and answers what it has begun. */
static void test_draining(void **state)
{
	struct fixture *fixture = start(state);
	int idle = dial(fixture);
	struct answer answer = ask_on(idle, GET_HELLO);
	answer_free(&answer);
	int busy = dial(fixture);
	send_text(busy, "GET /gate HTTP/1.1\r\n" HOST "\r\n");
	int reading = dial(fixture);
	send_text(reading, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nha");
	while (atomic_load(&fixture->at_gate) == 0)
		(void)sched_yield();
	assert_serves(fixture);
	fixture_on_thread(fixture, fixture_drain);
	assert_true(closed_by_server(idle));
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	answer = ask_on(reading, "lf");
	assert_string_equal(answer.body, "half");
	assert_true(answer_says(&answer, "Connection", "close"));
	answer_free(&answer);
	atomic_store(&fixture->gate_open, true);
	assert_true(read_answer(busy, &answer));
	assert_string_equal(answer.body, "through");
	assert_true(answer_says(&answer, "Connection", "close"));
	assert_true(closed_by_server(busy));
	answer_free(&answer);
	(void)close(idle);
	(void)close(busy);
	(void)close(reading);
	(void)close(late);
	fixture_stop(fixture);
}

static void test_ports_that_cannot_be_had(void **state)
{
	struct loop *loop = loop_new(NULL);
	char error[200] = "";
	struct http_server_options options = {.engine = ENGINE(state), .address = "not numeric"};
	assert_null(http_server_new(&options, error, sizeof(error)));
	assert_string_equal(error, "cannot listen: 'not numeric' is not a numeric address");
	struct sockaddr_in to = {.sin_family = AF_INET};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t length = sizeof(to);
	int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(taken, (struct sockaddr *)&to, length), 0);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&to, &length), 0);
	options.address = "127.0.0.1";
	options.port = ntohs(to.sin_port);
	assert_null(http_server_new(&options, error, sizeof(error)));
	assert_non_null(strstr(error, "Address already in use"));
	(void)close(taken);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    BOTH_ENGINES(test_a_handler_without_answer),
	    BOTH_ENGINES(test_only_the_first_answer_counts),
	    BOTH_ENGINES(test_headers_of_answers),
	    BOTH_ENGINES(test_answers_without_content),
	    BOTH_ENGINES(test_files),
	    BOTH_ENGINES(test_what_is_read_survives_a_suspend),
	    BOTH_ENGINES(test_exact_paths_win_then_long_prefixes),
	    BOTH_ENGINES(test_draining),
	    BOTH_ENGINES(test_ports_that_cannot_be_had),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
