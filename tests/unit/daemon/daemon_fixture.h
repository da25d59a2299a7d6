/*
 * A daemon with two methods that take their time, in a child process whose output is kept.
 *
 * Use: run_daemon starts it with arguments, serve on free ports; wait_status reads to its end. main() sets
 * EVENTLOOP_LINK_SECRET to LINK_SECRET first.
 */
#ifndef EVENTLOOP_TESTS_DAEMON_FIXTURE_H
#define EVENTLOOP_TESTS_DAEMON_FIXTURE_H

#include "base/clock.h"
#include "co/co.h"
#include "daemon/daemon.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
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

static inline int nap(struct rpc_call *call)
{
	int64_t end = deadline_after(rpc_param_integer(call, "milliseconds", 0) * CLOCK_MILLISECOND);
	enum co_result result = co_sleep_until(end);
	if (result == CO_CANCELLED)
		return co_check(call->ctx, result);
	return rpc_reply_printf(call, "\"%s\"", (const char *)call->app);
}

/* Cannot even be cancelled. */
static inline int hang(struct rpc_call *call)
{
	while (call) {
		if (co_sleep_until(deadline_after(100 * CLOCK_MILLISECOND)) == CO_CANCELLED)
			co_yield ();
	}
	return -1;
}

static const struct rpc_handler handlers[] = {{"toy.sleep.nap", nap}, {"toy.sleep.hang", hang}, {NULL, NULL}};

static inline int start(struct daemon_worker *worker, struct context *ctx)
{
	if (config_boolean(worker->config, "fail_at_start"))
		return context_fail_internal(ctx, "told to fail");
	worker->app = "rested";
	return 0;
}

static inline int count_arguments(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
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

static inline void run_daemon(struct child *child, const char *const *arguments)
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
static inline bool read_until(struct child *child, const char *text)
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

static inline int wait_status(struct child *child)
{
	(void)read_until(child, "\x01");
	int status;
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	(void)close(child->output);
	if (strstr(child->text, "Sanitizer"))
		fail_msg("%s", child->text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline long number_after(const char *text, const char *name)
{
	const char *found = strstr(text, name);
	assert_non_null(found);
	return strtol(found + strlen(name), NULL, 10);
}

static inline void serve(struct child *child, const char *extra)
{
	run_daemon(child, (const char *const[]){"serve", "--port=0", extra, NULL});
	if (!read_until(child, "\"serving\""))
		fail_msg("%s", child->text);
	while (!strchr(strstr(child->text, "\"serving\""), '\n'))
		(void)read_until(child, "}\n");
	child->port = number_after(child->text, "\"port\":");
	child->link_port = number_after(child->text, "\"link_port\":");
}

/* Each line is an object: nobody but the log speaks. */
static inline void expect_log_lines(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		if (length < 2 || text[0] != '{' || text[length - 1] != '}')
			fail_msg("no log line: %.*s", (int)length, text);
		text += length + (text[length] == '\n' ? 1 : 0);
	}
}

#endif
