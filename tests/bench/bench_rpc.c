/*
 * What a cheap authenticated call costs a daemon: CPU of the serving process a call, by the dispatcher alone, over the
 * link, and over HTTP with either engine.
 *
 * Use: bench_rpc [SECONDS [CALLERS]]; prints `name value unit` lines. The server is a child process, so that the
 * caller's work is not in its figures; its log goes to /dev/null.
 */
#include "../unit/toy_token.h"
#include "api/api.h"
#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "http/server.h"
#include "link/link.h"
#include "rpc/dispatch.h"
#include "rpc/http_endpoint.h"
#include "telemetry/log.h"
#include "token/token.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_PARAM "{\"name\":\"id\",\"required\":true,\"schema\":{\"type\":\"string\",\"format\":\"uuid\"}}"
#define UNITS_PARAM "{\"name\":\"units\",\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}}"
#define REST                                                                                               \
	"\"summary\":\"s\",\"description\":\"d\",\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[]," \
	"\"examples\":[{\"name\":\"e\",\"params\":[],\"result\":{\"name\":\"r\",\"value\":null}}],"        \
	"\"x-idempotent\":true,\"x-deadline-ms\":3000,\"x-cost\":1"

static const char api_text[] = "{\"methods\":[{\"name\":\"bench.cheap.get\",\"params\":[" ID_PARAM "," UNITS_PARAM
			       "],\"x-access\":[\"user\"]," REST "},"
			       "{\"name\":\"bench.cpu.get\",\"params\":[],\"x-access\":[\"public\"]," REST "}]}";

#define LINK_SECRET "the secret of a bench that calls itself"

static const char params[] = "{\"id\":\"" TOY_USER "\",\"units\":2}";

static int cheap_get(struct rpc_call *call)
{
	return rpc_reply_printf(call, "{\"id\":\"%s\",\"units\":%lld,\"state\":\"confirmed\",\"note\":\"as agreed\"}",
				rpc_param(call, "id"), (long long)rpc_param_integer(call, "units", 1));
}

/* CPU time of this process in microseconds. */
static int64_t cpu_time(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
	return seconds * CLOCK_SECOND + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int cpu_get(struct rpc_call *call)
{
	return rpc_reply_printf(call, "%lld", (long long)cpu_time());
}

static const struct rpc_handler handlers[] = {{"bench.cheap.get", cheap_get}, {"bench.cpu.get", cpu_get}, {NULL, NULL}};

/* --- the server --- */

struct server {
	struct api *api;
	struct token_verifier *verifier;
	struct rpc_dispatcher *dispatcher;
	const char *token;
	uint16_t ports[3]; /* evhttp, direct, link */
	int64_t rounds;	   /* of the dispatcher alone */
};

static void make_dispatcher(struct server *server, struct toy_key *key)
{
	const struct embedded_file files[] = {
	    {"bench.json", api_text, api_text + sizeof(api_text) - 1},
	    {NULL, NULL, NULL},
	};
	char error[300];
	server->api = api_load(files, &(struct api_about){"Bench", "1", NULL}, error, sizeof(error));
	if (!server->api)
		fatal("%s", error);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	server->verifier =
	    token_verifier_new(&(struct token_verifier_options){.issuer = TOY_ISSUER, .audience = TOY_AUDIENCE});
	if (token_verifier_set_keys(server->verifier, &ctx, key->jwks, strlen(key->jwks)))
		fatal("%s", ctx.error.cause);
	context_done(&ctx);
	struct rpc_dispatcher_options options = {
	    .api = server->api, .handlers = handlers, .verifier = server->verifier, .expose_service_methods = true};
	server->dispatcher = rpc_dispatcher_new(&options, error, sizeof(error));
	if (!server->dispatcher)
		fatal("%s", error);
}

static void open_ports(struct server *server)
{
	char error[300];
	for (int engine = 0; engine < 2; engine++) {
		struct http_server_options options = {
		    .engine = (enum http_engine_kind)engine, .address = "127.0.0.1", .on_fault = rpc_http_fault};
		struct http_server *http = http_server_new(&options, error, sizeof(error));
		if (!http)
			fatal("%s", error);
		http_server_route(http, "POST", "/rpc", 0, rpc_http_endpoint, server->dispatcher);
		server->ports[engine] = http_server_port(http);
	}
	struct link_server *link = link_server_new(&(struct link_server_options){.address = "127.0.0.1",
										 .name = "bench",
										 .secrets = {LINK_SECRET, NULL},
										 .dispatcher = server->dispatcher},
						   error, sizeof(error));
	if (!link)
		fatal("%s", error);
	server->ports[2] = link_server_port(link);
}

static void serve(struct toy_key *key, int ready)
{
	struct server server = {.rounds = 0};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	(void)dup2(null, STDOUT_FILENO);
	log_configure("bench", LOG_INFO, LOG_JSON);
	struct loop *loop = loop_new(NULL);
	make_dispatcher(&server, key);
	open_ports(&server);
	if (write(ready, server.ports, sizeof(server.ports)) != sizeof(server.ports))
		_exit(1);
	loop_run(loop);
	_exit(0);
}

/* --- the dispatcher alone --- */

static void dispatch_rounds(void *argument)
{
	struct server *server = argument;
	struct rpc_meta meta = {.token = server->token, .token_length = strlen(server->token)};
	char text[300];
	int length = snprintf(text, sizeof(text),
			      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"bench.cheap.get\",\"params\":%s}", params);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	for (int64_t i = 0; i < server->rounds; i++) {
		size_t answer_length;
		const char *answer =
		    rpc_dispatch(&ctx, server->dispatcher, &meta, text, (size_t)length, &answer_length);
		if (!answer || !strstr(answer, "confirmed"))
			fatal("the dispatcher answers %s", answer ? answer : "nothing");
		context_restart(&ctx, DEADLINE_NEVER);
	}
	context_done(&ctx);
}

static void bench_dispatcher(struct toy_key *key, const char *token)
{
	struct server server = {.token = token, .rounds = 200000};
	struct loop *loop = loop_new(NULL);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	log_configure("bench", LOG_INFO, LOG_JSON);
	log_set_output(null);
	make_dispatcher(&server, key);
	int64_t before = cpu_time();
	if (!co_spawn("dispatch", dispatch_rounds, &server))
		fatal("no coroutine");
	loop_run_until_idle(loop);
	printf("rpc_dispatch_cpu %.2f us\n", (double)(cpu_time() - before) / (double)server.rounds);
	rpc_dispatcher_free(server.dispatcher);
	token_verifier_free(server.verifier);
	api_free(server.api);
	loop_free(loop);
	(void)close(null);
}

/* --- callers --- */

struct bench {
	struct link_client *link;
	const char *token;
	uint16_t ports[3];
	int64_t ends, calls;
	int seconds, callers, running;
	int engine; /* of HTTP, or 2 for the link */
};

static void call_link(void *argument)
{
	struct bench *bench = argument;
	struct link_request request = {.method = "bench.cheap.get",
				       .method_length = 15,
				       .params = params,
				       .params_length = sizeof(params) - 1,
				       .token = bench->token};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	while (clock_monotonic() < bench->ends) {
		ctx.deadline = deadline_after(5 * CLOCK_SECOND);
		size_t length;
		const char *answer = link_call(&ctx, bench->link, &request, &length);
		if (!answer || !strstr(answer, "confirmed"))
			fatal("the link answers %s", answer ? answer : ctx.error.reason);
		bench->calls++;
		context_restart(&ctx, DEADLINE_NEVER);
	}
	context_done(&ctx);
	bench->running--;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		fatal("cannot connect");
	return fd;
}

static void call_http(void *argument)
{
	struct bench *bench = argument;
	char request[3000], body[300], answer[4096];
	int body_length = snprintf(
	    body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"bench.cheap.get\",\"params\":%s}", params);
	int length =
	    snprintf(request, sizeof(request),
		     "POST /rpc HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer "
		     "%s\r\nContent-Length: %d\r\n\r\n%s",
		     bench->token, body_length, body);
	int fd = connect_to(bench->ports[bench->engine]);
	while (clock_monotonic() < bench->ends) {
		if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
			fatal("HTTP takes no request");
		if (co_wait_fd(fd, EV_READ, deadline_after(5 * CLOCK_SECOND), NULL) != CO_OK)
			fatal("HTTP does not answer");
		ssize_t got = recv(fd, answer, sizeof(answer) - 1, 0);
		answer[got > 0 ? got : 0] = '\0';
		if (!strstr(answer, "confirmed"))
			fatal("HTTP answers %s", answer);
		bench->calls++;
	}
	(void)close(fd);
	bench->running--;
}

static int64_t server_cpu(struct bench *bench)
{
	struct link_request request = {.method = "bench.cpu.get", .method_length = 13};
	struct context ctx;
	context_init(&ctx, deadline_after(5 * CLOCK_SECOND));
	size_t length;
	const char *answer = link_call(&ctx, bench->link, &request, &length);
	const char *result = answer ? strstr(answer, "\"result\":") : NULL;
	if (!result)
		fatal("the server does not tell its CPU time: %s", answer ? answer : ctx.error.reason);
	int64_t value = strtoll(result + 9, NULL, 10);
	context_done(&ctx);
	return value;
}

static void measure(struct bench *bench, const char *name, void (*caller)(void *argument))
{
	bench->calls = 0;
	bench->running = bench->callers;
	int64_t before = server_cpu(bench), started = clock_monotonic();
	bench->ends = deadline_after(bench->seconds * CLOCK_SECOND);
	for (int i = 0; i < bench->callers; i++) {
		if (!co_spawn(name, caller, bench))
			fatal("no coroutine");
	}
	while (bench->running > 0)
		(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	double elapsed = (double)(clock_monotonic() - started) / (double)CLOCK_SECOND;
	printf("%s_cpu %.2f us\n", name, (double)(server_cpu(bench) - before) / (double)bench->calls);
	printf("%s_rate %.0f 1/s\n", name, (double)bench->calls / elapsed);
}

static void run(void *argument)
{
	struct bench *bench = argument;
	bench->link = link_client_new(&(struct link_client_options){
	    .host = "127.0.0.1", .port = bench->ports[2], .self = "bench", .secrets = {LINK_SECRET, NULL}});
	measure(bench, "rpc_link", call_link);
	bench->engine = HTTP_ENGINE_DIRECT;
	measure(bench, "rpc_http_direct", call_http);
	bench->engine = HTTP_ENGINE_EVHTTP;
	measure(bench, "rpc_http_evhttp", call_http);
	link_client_free(bench->link);
}

int main(int argc, char **argv)
{
	struct bench bench = {.seconds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3,
			      .callers = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 64};
	struct toy_key key;
	toy_key_make(&key);
	bench.token = toy_user_token(&key, "user");
	int ready[2];
	if (pipe(ready) != 0)
		return 1;
	pid_t child = fork();
	if (child == 0)
		serve(&key, ready[1]);
	if (child < 0 || read(ready[0], bench.ports, sizeof(bench.ports)) != sizeof(bench.ports))
		return 1;
	bench_dispatcher(&key, bench.token);
	struct loop *loop = loop_new(NULL);
	if (!co_spawn("bench", run, &bench))
		return 1;
	loop_run_until_idle(loop);
	loop_free(loop);
	(void)kill(child, SIGTERM);
	(void)waitpid(child, NULL, 0);
	toy_key_done(&key);
	return 0;
}
