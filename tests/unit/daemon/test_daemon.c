/* A whole daemon in a child process: command line, start, endpoints, signals, graceful stop. */
#include "base/clock.h"
#include "co/co.h"
#include "daemon/daemon.h"
#include "link/handshake.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINK_SECRET "the link's secret, the same for all"

#define METHOD(name, deadline)                                                                                      \
	"{\"name\":\"" name                                                                                         \
	"\",\"summary\":\"s\",\"description\":\"d\",\"params\":[{\"name\":\"milliseconds\",\"schema\":"             \
	"{\"type\":\"integer\"}}],\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[],\"examples\":[{\"name\":" \
	"\"e\",\"params\":[],\"result\":{\"name\":\"r\",\"value\":null}}],\"x-"                                     \
	"access\":["                                                                                                \
	"\"public\"],\"x-idempotent\":true,\"x-deadline-ms\":" deadline ",\"x-cost\":1}"

static const char api_text[] =
    "{\"methods\":[" METHOD("toy.sleep.nap", "60000") "," METHOD("toy.sleep.hang", "60000") "]}";

static const struct embedded_file api[] = {{"toy.json", api_text, api_text + sizeof(api_text) - 1}, {NULL, NULL, NULL}};

static int nap(struct rpc_call *call)
{
	int64_t end = deadline_after(rpc_param_integer(call, "milliseconds", 0) * CLOCK_MILLISECOND);
	enum co_result result = co_sleep_until(end);
	if (result == CO_CANCELLED)
		return co_check(call->ctx, result);
	return rpc_reply_printf(call, "\"%s\"", (const char *)call->app);
}

/* Cannot even be cancelled. */
static int hang(struct rpc_call *call)
{
	while (call) {
		if (co_sleep_until(deadline_after(100 * CLOCK_MILLISECOND)) == CO_CANCELLED)
			co_yield ();
	}
	return -1;
}

static const struct rpc_handler handlers[] = {{"toy.sleep.nap", nap}, {"toy.sleep.hang", hang}, {NULL, NULL}};

static int start(struct daemon_worker *worker, struct context *ctx)
{
	if (config_boolean(worker->config, "fail_at_start"))
		return context_fail_internal(ctx, "told to fail");
	worker->app = "rested";
	return 0;
}

static int count_arguments(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	(void)ctx;
	(void)worker;
	for (int i = 0; i < argc; i++)
		printf("[%s]", argv[i]);
	printf("%s\n", config_text(worker->config, "log_level"));
	return 7;
}

static const struct config_option options[] = {
    {.name = "fail_at_start", .type = CONFIG_BOOLEAN, .fallback = "false", .help = "x"},
    {.name = NULL},
};

static const struct daemon_command commands[] = {
    {"count", "ARGUMENTS: writes them", count_arguments},
    {NULL, NULL, NULL},
};

static const struct daemon_spec spec = {
    .name = "toy",
    .port = 7999,
    .api = api,
    .handlers = handlers,
    .options = options,
    .commands = commands,
    .issues_tokens = true,
    .start = start,
};

struct child {
	pid_t pid;
	int output; /* standard output and error */
	char text[65536];
	size_t length;
	long port, link_port;
};

static void run_daemon(struct child *child, const char *const *arguments)
{
	char *argv[16] = {(char *)(uintptr_t) "eventloop-toy"};
	int argc = 1, ends[2];
	while (arguments[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
		argc++;
	}
	memset(child, 0, sizeof(*child));
	assert_int_equal(pipe(ends), 0);
	(void)fflush(NULL);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)dup2(ends[1], STDERR_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		int status = daemon_main(argc, argv, &spec);
		(void)fflush(NULL);
		_exit(status);
	}
	(void)close(ends[1]);
	child->output = ends[0];
}

/* Reads what the daemon writes until the text is in it. False at its end. */
static bool read_until(struct child *child, const char *text)
{
	while (!strstr(child->text, text)) {
		struct pollfd waits = {.fd = child->output, .events = POLLIN};
		assert_int_equal(poll(&waits, 1, 30000), 1);
		ssize_t got = read(child->output, child->text + child->length, sizeof(child->text) - child->length - 1);
		if (got <= 0)
			return false;
		child->length += (size_t)got;
		child->text[child->length] = '\0';
	}
	return true;
}

static int wait_status(struct child *child)
{
	(void)read_until(child, "\x01");
	int status;
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	(void)close(child->output);
	if (strstr(child->text, "Sanitizer"))
		fail_msg("%s", child->text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static long number_after(const char *text, const char *name)
{
	const char *found = strstr(text, name);
	assert_non_null(found);
	return strtol(found + strlen(name), NULL, 10);
}

static void serve(struct child *child, const char *extra)
{
	run_daemon(child, (const char *const[]){"serve", "--port=0", extra, NULL});
	if (!read_until(child, "\"serving\""))
		fail_msg("%s", child->text);
	while (!strchr(strstr(child->text, "\"serving\""), '\n'))
		(void)read_until(child, "}\n");
	child->port = number_after(child->text, "\"port\":");
	child->link_port = number_after(child->text, "\"link_port\":");
}

static int dial(long port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
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

/* Each line is an object: nobody but the log speaks. */
static void expect_log_lines(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		if (length < 2 || text[0] != '{' || text[length - 1] != '}')
			fail_msg("no log line: %.*s", (int)length, text);
		text += length + (text[length] == '\n' ? 1 : 0);
	}
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

static void expect_complaint(const char *const *arguments, int status, const char *part)
{
	static struct child child;
	run_daemon(&child, arguments);
	assert_int_equal(wait_status(&child), status);
	if (!strstr(child.text, part))
		fail_msg("%s is not in %s", part, child.text);
	expect_log_lines(child.text);
}

static void expect_run(const char *const *arguments, int status, const char *part)
{
	static struct child child;
	run_daemon(&child, arguments);
	assert_int_equal(wait_status(&child), status);
	if (!strstr(child.text, part))
		fail_msg("%s is not in %s", part, child.text);
}

static void test_command_line(void **state)
{
	(void)state;
	expect_run((const char *const[]){"--version", NULL}, 0, "eventloop-toy 0.");
	expect_run((const char *const[]){"--help", NULL}, 0, "count ARGUMENTS: writes them");
	expect_run((const char *const[]){"--help", NULL}, 0, "--shutdown-grace");
	expect_run((const char *const[]){"serve", "--print-config", "--service-secret", "hidden", NULL}, 0,
		   "service_secret = ***");
	expect_complaint((const char *const[]){"--link-secret=", NULL}, 2, "\\\"link_secret\\\" is required");
	expect_complaint((const char *const[]){"--link-secret=0123456789012345678901234567890", NULL}, 2,
			 "(32 to 500 bytes)");
	expect_complaint((const char *const[]){"--link-secret-previous=short", NULL}, 2, "link_secret_previous");
	expect_complaint((const char *const[]){"--port", "70000", NULL}, 2, "port");
	expect_complaint((const char *const[]){"serve", "--no-such", "x", NULL}, 2, "no-such");
	expect_complaint((const char *const[]){"serve", "operand", NULL}, 2, "operand");
	expect_complaint((const char *const[]){"nonsense", NULL}, 2, "there is no such command");
	expect_run((const char *const[]){"count", "--own", "a b", "--log-level", "error", "file", "--x=1", NULL}, 7,
		   "[--own][a b][file][--x=1]error");
	expect_complaint((const char *const[]){"migrate", NULL}, 0, "");
	expect_complaint((const char *const[]){"dead-letters", "replay", NULL}, 2, "no database");
	expect_complaint((const char *const[]){"check", NULL}, 2, "no database");
	expect_complaint((const char *const[]){"--port=0", "--fail-at-start", NULL}, 1, "told to fail");
	expect_complaint((const char *const[]){"--port=0", "--workers=9", NULL}, 1, "buffer_budget is too small");
}

static void test_taken_port(void **state)
{
	static struct child child;
	(void)state;
	serve(&child, NULL);
	char port[32];
	(void)snprintf(port, sizeof(port), "--port=%ld", child.port);
	expect_run((const char *const[]){"serve", port, NULL}, 1, "taken");
	(void)snprintf(port, sizeof(port), "--link-port=%ld", child.link_port);
	expect_run((const char *const[]){"serve", "--port=0", port, NULL}, 1, "taken");
	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(wait_status(&child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_endpoints),	  cmocka_unit_test(test_workers),
	    cmocka_unit_test(test_graceful_stop), cmocka_unit_test(test_second_signal),
	    cmocka_unit_test(test_end_of_grace),  cmocka_unit_test(test_signals),
	    cmocka_unit_test(test_command_line),  cmocka_unit_test(test_taken_port),
	};
	(void)setenv("EVENTLOOP_LINK_SECRET", LINK_SECRET, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
