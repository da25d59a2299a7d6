/*
 * A server of either engine on a thread of its own, and raw blocking sockets to talk to it.
 *
 * Use: fixture_start, any of the calls below, fixture_stop. Every socket has a receive timeout, so that a server that
 * does not answer fails the test instead of stopping it.
 */
#ifndef EVENTLOOP_TESTS_HTTP_HTTP_FIXTURE_H
#define EVENTLOOP_TESTS_HTTP_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants those first. */
#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_LIMIT (64 * 1024 * 1024)

struct fixture {
	struct http_server_options options;
	struct http_server *server;
	struct loop *loop;
	pthread_t thread;
	sem_t ready;
	uint16_t port;
	bool drained;
	/* What /gate waits for. */
	atomic_bool gate_open;
	atomic_int at_gate, cleaned_up;
	void (*add_routes)(struct fixture *fixture);
};

struct answer {
	int status;
	char *text; /* head and body, to be freed by answer_free */
	const char *body;
	size_t head_length, body_length;
};

static inline const char *fixture_fault(struct context *ctx, int status)
{
	return arena_printf(&ctx->arena,
			    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"fault\","
			    "\"data\":{\"status\":%d,\"request_id\":\"%s\"}}}",
			    status, ctx->request_id);
}

static inline void count_clean_up(void *argument)
{
	struct fixture *fixture = argument;
	atomic_fetch_add(&fixture->cleaned_up, 1);
}

static inline void handle_hello(struct http_exchange *exchange, void *argument)
{
	context_defer(exchange->ctx, count_clean_up, argument);
	http_reply(exchange, 200, "text/plain", "hello", 5);
}

static inline void handle_echo(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	http_reply(exchange, 200, http_header(exchange, "Content-Type"), exchange->body, exchange->body_length);
}

static inline void handle_gate(struct http_exchange *exchange, void *argument)
{
	struct fixture *fixture = argument;
	atomic_fetch_add(&fixture->at_gate, 1);
	while (!atomic_load(&fixture->gate_open))
		(void)co_sleep_until(deadline_after(2 * CLOCK_MILLISECOND));
	http_reply(exchange, 200, "text/plain", "through", 7);
}

static inline void handle_identity(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	const char *text = arena_printf(&exchange->ctx->arena, "%s|%s|%lld|%s|%s|%s|%s", exchange->ctx->request_id,
					exchange->ctx->traceparent,
					(long long)(deadline_left(exchange->ctx->deadline) / CLOCK_MILLISECOND),
					exchange->peer, exchange->method, exchange->path, exchange->query);
	http_reply(exchange, 200, "text/plain", text, strlen(text));
}

static inline void fixture_routes(struct fixture *fixture)
{
	struct http_server *server = fixture->server;
	http_server_route(server, "GET", "/hello", 0, handle_hello, fixture);
	http_server_route(server, "POST", "/echo", 0, handle_echo, fixture);
	http_server_route(server, "POST", "/large", 20 * 1024 * 1024, handle_echo, fixture);
	http_server_route(server, "GET", "/gate", 0, handle_gate, fixture);
	http_server_route(server, NULL, "/identity*", 0, handle_identity, fixture);
	if (fixture->add_routes)
		fixture->add_routes(fixture);
}

static inline void *fixture_thread(void *argument)
{
	struct fixture *fixture = argument;
	char error[200] = "";
	fixture->loop = loop_new(NULL);
	fixture->server = http_server_new(&fixture->options, error, sizeof(error));
	if (!fixture->server) {
		(void)fprintf(stderr, "%s\n", error);
		abort();
	}
	fixture_routes(fixture);
	fixture->port = http_server_port(fixture->server);
	(void)sem_post(&fixture->ready);
	loop_run(fixture->loop);
	http_server_free(fixture->server);
	loop_free(fixture->loop);
	return NULL;
}

/* Options not set get short time limits; the engine is in *options. */
static inline struct fixture *fixture_start(const struct http_server_options *options,
					    void (*add_routes)(struct fixture *fixture))
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	fixture->options = *options;
	fixture->options.address = "127.0.0.1";
	fixture->options.on_fault = fixture_fault;
	fixture->add_routes = add_routes;
	assert_int_equal(sem_init(&fixture->ready, 0, 0), 0);
	assert_int_equal(pthread_create(&fixture->thread, NULL, fixture_thread, fixture), 0);
	while (sem_wait(&fixture->ready) != 0)
		assert_int_equal(errno, EINTR);
	return fixture;
}

/* Calls function(argument) on the server's thread and waits for it. */
struct fixture_call {
	void (*function)(struct fixture *fixture);
	struct fixture *fixture;
	sem_t done;
};

static inline void fixture_run(void *argument)
{
	struct fixture_call *call = argument;
	call->function(call->fixture);
	(void)sem_post(&call->done);
}

static inline void fixture_on_thread(struct fixture *fixture, void (*function)(struct fixture *fixture))
{
	struct fixture_call call = {.function = function, .fixture = fixture};
	assert_int_equal(sem_init(&call.done, 0, 0), 0);
	loop_post(fixture->loop, fixture_run, &call);
	while (sem_wait(&call.done) != 0)
		assert_int_equal(errno, EINTR);
	(void)sem_destroy(&call.done);
}

static size_t fixture_held_now;

static inline void fixture_read_held(struct fixture *fixture)
{
	fixture_held_now = http_server_held(fixture->server);
}

/* Bytes that the server holds for its clients. */
static inline size_t fixture_held(struct fixture *fixture)
{
	fixture_on_thread(fixture, fixture_read_held);
	return fixture_held_now;
}

static inline void fixture_drain(struct fixture *fixture)
{
	http_server_drain(fixture->server);
}

/* Ends the loop once nothing is in flight. */
static inline void stop_when_idle(void *argument)
{
	struct fixture *fixture = argument;
	if (http_server_in_flight(fixture->server) > 0)
		loop_post(fixture->loop, stop_when_idle, fixture);
	else
		loop_stop(fixture->loop);
}

static inline void fixture_stop(struct fixture *fixture)
{
	atomic_store(&fixture->gate_open, true);
	loop_post(fixture->loop, stop_when_idle, fixture);
	assert_int_equal(pthread_join(fixture->thread, NULL), 0);
	(void)sem_destroy(&fixture->ready);
	free(fixture);
}

static inline int dial(const struct fixture *fixture)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
	struct timeval limit = {.tv_sec = 20};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Sends what the server takes; one that has closed already is the server's right. */
static inline void send_bytes(int fd, const void *bytes, size_t length)
{
	const char *place = bytes;
	while (length > 0) {
		ssize_t sent = send(fd, place, length, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		place += sent;
		length -= (size_t)sent;
	}
}

static inline void send_text(int fd, const char *text)
{
	send_bytes(fd, text, strlen(text));
}

/* The value of a header in the answer's head, or NULL; *ret_length gets its length. */
static inline const char *answer_header(const struct answer *answer, const char *name, size_t *ret_length)
{
	const char *line = strstr(answer->text, "\r\n");
	const char *end = answer->text + answer->head_length;
	size_t length = strlen(name);
	while (line && line + 2 < end) {
		line += 2;
		const char *next = strstr(line, "\r\n");
		if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
			const char *value = line + length + 1 + strspn(line + length + 1, " ");
			*ret_length = (size_t)(next - value);
			return value;
		}
		line = next;
	}
	return NULL;
}

static inline bool answer_says(const struct answer *answer, const char *name, const char *value)
{
	size_t length;
	const char *found = answer_header(answer, name, &length);
	return found && length == strlen(value) && strncasecmp(found, value, length) == 0;
}

static inline size_t receive(int fd, char **text, size_t length, size_t *capacity)
{
	if (*capacity - length < 65536) {
		*capacity = *capacity == 0 ? 131072 : *capacity * 2;
		*text = realloc(*text, *capacity);
		assert_non_null(*text);
	}
	ssize_t came = recv(fd, *text + length, *capacity - length - 1, 0);
	if (came < 0)
		assert_true(errno == ECONNRESET || errno == EPIPE);
	size_t total = length + (came > 0 ? (size_t)came : 0);
	(*text)[total] = '\0';
	return total;
}

static inline size_t content_length(const struct answer *answer, bool head_only)
{
	size_t length;
	const char *value = answer_header(answer, "Content-Length", &length);
	return !value || head_only ? 0 : strtoul(value, NULL, 10);
}

/* Reads one answer, not a byte more when more is not sent. False when the connection ended without one. */
static inline bool read_answer_of(int fd, struct answer *answer, bool head_only)
{
	size_t length = 0, capacity = 0, wanted = SIZE_MAX;
	*answer = (struct answer){0};
	while (length < wanted) {
		size_t before = length;
		/* Never beyond this answer: the next one is left in the socket. */
		char peek[2048];
		ssize_t seen = recv(fd, peek, sizeof(peek), MSG_PEEK);
		if (seen <= 0)
			break;
		size_t take = (size_t)seen;
		if (wanted != SIZE_MAX && take > wanted - length)
			take = wanted - length;
		if (wanted == SIZE_MAX)
			take = 1;
		if (capacity - length < take + 1) {
			capacity = capacity * 2 + take + 4096;
			answer->text = realloc(answer->text, capacity);
			assert_non_null(answer->text);
		}
		ssize_t came = recv(fd, answer->text + length, take, 0);
		assert_true(came > 0);
		length = before + (size_t)came;
		answer->text[length] = '\0';
		if (wanted == SIZE_MAX && length >= 4 && memcmp(answer->text + length - 4, "\r\n\r\n", 4) == 0) {
			answer->head_length = length;
			wanted = length + content_length(answer, head_only);
		}
	}
	if (length < wanted || !answer->text)
		return false;
	answer->body = answer->text + answer->head_length;
	answer->body_length = length - answer->head_length;
	answer->status = (int)strtol(answer->text + 9, NULL, 10);
	return true;
}

static inline bool read_answer(int fd, struct answer *answer)
{
	return read_answer_of(fd, answer, false);
}

static inline void answer_free(struct answer *answer)
{
	free(answer->text);
	*answer = (struct answer){0};
}

/* True when the server has closed: the next read gives the end (or a reset). */
static inline bool closed_by_server(int fd)
{
	char *text = NULL;
	size_t capacity = 0;
	size_t length = receive(fd, &text, 0, &capacity);
	free(text);
	return length == 0;
}

/* One request on a connection of its own. */
static inline struct answer ask(const struct fixture *fixture, const char *request)
{
	int fd = dial(fixture);
	send_text(fd, request);
	bool head = strncmp(request, "HEAD ", 5) == 0;
	struct answer answer;
	bool answered = read_answer_of(fd, &answer, head);
	assert_true(answered);
	if (!answered)
		answer.body = "";
	(void)close(fd);
	return answer;
}

static inline void assert_serves(const struct fixture *fixture)
{
	struct answer answer = ask(fixture, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "hello");
	answer_free(&answer);
}

/* The answer is our JSON for that status, and nothing of libevent's. */
static inline void assert_fault(const struct answer *answer, int status)
{
	assert_int_equal(answer->status, status);
	assert_true(answer_says(answer, "Content-Type", "application/json"));
	struct json_object *body = json_tokener_parse(answer->body);
	assert_non_null(body);
	struct json_object *error, *data, *number;
	assert_true(json_object_object_get_ex(body, "error", &error));
	assert_true(json_object_object_get_ex(error, "data", &data));
	assert_true(json_object_object_get_ex(data, "status", &number));
	assert_int_equal(json_object_get_int(number), status);
	json_object_put(body);
}

/* A test for each engine: the fixture of the test is in *state. */
#define BOTH_ENGINES(function)                                                                     \
	{#function " (direct)", function, NULL, NULL, (void *)(uintptr_t)HTTP_ENGINE_DIRECT},      \
	{                                                                                          \
#function " (evhttp)", function, NULL, NULL, (void *)(uintptr_t)HTTP_ENGINE_EVHTTP \
	}
#define ENGINE(state) ((enum http_engine_kind)(uintptr_t) * (state))

#endif
