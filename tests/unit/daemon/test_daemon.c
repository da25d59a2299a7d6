/* A whole daemon in a child process: start, endpoints, signals, graceful stop. */
#include "daemon/daemon_fixture.h"
#include "link/handshake.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static int dial(long port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval timeout = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* Reads a line; its length without LF. */
static size_t read_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	while (length + 1 < size && recv(fd, line + length, 1, 0) == 1 && line[length] != '\n')
		length++;
	assert_int_equal(line[length], '\n');
	return length;
}

/* A connection of the link that has proved itself. */
static int dial_link(const struct child *child)
{
	const struct link_secrets secrets = {LINK_SECRET, NULL};
	char line[1000] = "";
	int fd = dial(child->link_port);
	assert_true(fd >= 0);
	struct buffer answer;
	buffer_init(&answer, sizeof(line));
	size_t length = read_line(fd, line, sizeof(line));
	struct link_handshake handshake;
	assert_null(link_answer_challenge(&handshake, "events", "toy", &secrets, line, length, &answer));
	buffer_append_char(&answer, '\n');
	assert_int_equal(send(fd, buffer_text(&answer), answer.length, MSG_NOSIGNAL), (ssize_t)answer.length);
	length = read_line(fd, line, sizeof(line));
	assert_true(link_check_welcome(&handshake, line, length));
	buffer_done(&answer);
	return fd;
}

/* Sends the text, reads until the other side closes. */
static void exchange(long port, const char *request, char *answer, size_t size)
{
	size_t length = 0;
	int fd = dial(port);
	assert_true(fd >= 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	for (ssize_t got; (got = recv(fd, answer + length, size - length - 1, 0)) > 0;)
		length += (size_t)got;
	answer[length] = '\0';
	(void)close(fd);
}

static void get(const struct child *child, const char *path, char *answer, size_t size)
{
	char request[200];
	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	exchange(child->port, request, answer, size);
}

#define CALL_FORMAT "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{\"milliseconds\":%d}}"

static int post(const struct child *child, const char *method, int milliseconds)
{
	char body[200], request[500];
	int length = snprintf(body, sizeof(body), CALL_FORMAT, method, milliseconds);
	(void)snprintf(
	    request, sizeof(request),
	    "POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
	    "%d\r\n\r\n%s",
	    length, body);
	int fd = dial(child->port);
	assert_true(fd >= 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
}

static void expect_answer(int fd, const char *part)
{
	char answer[2000] = "";
	size_t length = 0;
	for (ssize_t got; (got = recv(fd, answer + length, sizeof(answer) - length - 1, 0)) > 0;)
		length += (size_t)got;
	answer[length] = '\0';
	if (!strstr(answer, part))
		fail_msg("%s is not in %s", part, answer);
	(void)close(fd);
}

static void test_endpoints(void **state)
{
	static char answer[200000];
	static struct child child;
	(void)state;
	serve(&child, NULL);
	get(&child, "/livez", answer, sizeof(answer));
	assert_non_null(strstr(answer, "200 OK"));
	assert_non_null(strstr(answer, "{\"status\":\"alive\"}"));
	get(&child, "/readyz", answer, sizeof(answer));
	assert_non_null(strstr(answer, "{\"status\":\"ready\"}"));
	expect_answer(post(&child, "toy.sleep.nap", 1), "\"result\":\"rested\"");
	get(&child, "/metrics", answer, sizeof(answer));
	assert_non_null(strstr(answer, "eventloop_rpc_requests_total{method=\"toy.sleep.nap\",code=\"ok\"} 1"));
	assert_non_null(strstr(answer, "process_resident_memory_bytes"));
	get(&child, "/openrpc.json", answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"toy.sleep.nap\""));
	get(&child, "/nothing", answer, sizeof(answer));
	assert_non_null(strstr(answer, "404"));
	assert_non_null(strstr(answer, "\"code\":\"not_found\""));
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(wait_status(&child), 0);
	assert_non_null(strstr(child.text, "\"stopped\""));
}

static void test_workers(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, "--workers=3");
	assert_true(read_until(&child, "\"worker\":2"));
	for (int i = 0; i < 20; i++)
		expect_answer(post(&child, "toy.sleep.nap", 1), "\"result\":\"rested\"");
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(wait_status(&child), 0);
}

static void test_graceful_stop(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, NULL);
	/* One request on each way in; both are answered though the stop comes in between. */
	int by_http = post(&child, "toy.sleep.nap", 300), by_link = dial_link(&child);
	char line[500];
	int length = snprintf(line, sizeof(line), CALL_FORMAT "\n", "toy.sleep.nap", 300);
	assert_int_equal(send(by_link, line, (size_t)length, MSG_NOSIGNAL), length);
	while (recv(by_link, line, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		;
	expect_answer(post(&child, "toy.sleep.nap", 50), "rested");
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_true(read_until(&child, "\"stopping\""));
	expect_answer(by_http, "rested");
	size_t total = 0;
	memset(line, 0, sizeof(line));
	while (!strstr(line, "rested")) {
		ssize_t got = recv(by_link, line + total, sizeof(line) - total - 1, 0);
		assert_true(got > 0);
		total += (size_t)got;
	}
	assert_non_null(strstr(line, "link.drain"));
	(void)close(by_link);
	assert_int_equal(wait_status(&child), 0);
	assert_int_equal(dial(child.port), -1);
}

static void test_second_signal(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, NULL);
	int fd = post(&child, "toy.sleep.nap", 30000);
	expect_answer(post(&child, "toy.sleep.nap", 20), "rested");
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_true(read_until(&child, "\"stopping\""));
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(wait_status(&child), 128 + SIGTERM);
	(void)close(fd);
}

/* What does not end within the grace is cut off, and the daemon ends all the same. */
static void test_end_of_grace(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, "--shutdown-grace=300ms");
	int fd = post(&child, "toy.sleep.hang", 0);
	expect_answer(post(&child, "toy.sleep.nap", 20), "rested");
	assert_int_equal(kill(child.pid, SIGINT), 0);
	assert_int_equal(wait_status(&child), 0);
	assert_non_null(strstr(child.text, "cut off"));
	(void)close(fd);
}

static void test_signals(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, NULL);
	int fd = post(&child, "toy.sleep.nap", 500);
	expect_answer(post(&child, "toy.sleep.nap", 20), "rested");
	assert_int_equal(kill(child.pid, SIGUSR1), 0);
	assert_true(read_until(&child, " request="));
	assert_int_equal(kill(child.pid, SIGHUP), 0);
	assert_true(read_until(&child, "settings read again"));
	expect_answer(fd, "rested");
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(wait_status(&child), 0);
	expect_log_lines(child.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_endpoints),	  cmocka_unit_test(test_workers),
	    cmocka_unit_test(test_graceful_stop), cmocka_unit_test(test_second_signal),
	    cmocka_unit_test(test_end_of_grace),  cmocka_unit_test(test_signals),
	};
	(void)setenv("EVENTLOOP_LINK_SECRET", LINK_SECRET, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
