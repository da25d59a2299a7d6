/*
 * An HTTP server to be loaded from outside: `bench_http direct|evhttp PORT`.
 *
 * GET / is a static answer of the size that nginx's `return 200` gives in tests/bench; POST /rpc parses the body with
 * json-c and answers with what it held, which is what the cheapest method costs.
 */
#include "base/fatal.h"
#include "co/loop.h"
#include "http/server.h"

#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_static(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	static const char BODY[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"ok\"}";
	http_reply(exchange, 200, "application/json", BODY, sizeof(BODY) - 1);
}

static void answer_json(struct http_exchange *exchange, void *argument)
{
	(void)argument;
	struct json_object *request = json_tokener_parse(exchange->body);
	if (!request) {
		http_reply(exchange, 400, "application/json", "{}", 2);
		return;
	}
	struct json_object *answer = json_object_new_object();
	(void)json_object_object_add(answer, "jsonrpc", json_object_new_string("2.0"));
	(void)json_object_object_add(answer, "id", json_object_get(json_object_object_get(request, "id")));
	(void)json_object_object_add(answer, "result", json_object_get(json_object_object_get(request, "params")));
	size_t length;
	const char *text = json_object_to_json_string_length(answer, JSON_C_TO_STRING_PLAIN, &length);
	http_reply(exchange, 200, "application/json", text, length);
	json_object_put(answer);
	json_object_put(request);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		(void)fprintf(stderr, "usage: bench_http direct|evhttp PORT\n");
		return 2;
	}
	struct loop *loop = loop_new(NULL);
	if (!loop)
		fatal("no loop");
	struct http_server_options options = {
	    .engine = strcmp(argv[1], "direct") == 0 ? HTTP_ENGINE_DIRECT : HTTP_ENGINE_EVHTTP,
	    .address = "127.0.0.1",
	    .port = (uint16_t)strtoul(argv[2], NULL, 10),
	    .max_connections = 16384,
	};
	char error[200];
	struct http_server *server = http_server_new(&options, error, sizeof(error));
	if (!server)
		fatal("%s", error);
	http_server_route(server, "GET", "/", 0, answer_static, NULL);
	http_server_route(server, "POST", "/rpc", 0, answer_json, NULL);
	loop_run(loop);
	http_server_free(server);
	loop_free(loop);
	return 0;
}
