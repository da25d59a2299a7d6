/*
 * The floor of a daemon's HTTP: libevent's evhttp and json-c, with nothing of ours: `bench_echo PORT`.
 *
 * POST /rpc parses the body and answers {"jsonrpc","id","result": params}.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

static void answer(struct evhttp_request *request, struct json_object *call)
{
	struct json_object *reply = json_object_new_object();
	struct evbuffer *body = evbuffer_new();
	(void)json_object_object_add(reply, "jsonrpc", json_object_new_string("2.0"));
	(void)json_object_object_add(reply, "id", json_object_get(json_object_object_get(call, "id")));
	(void)json_object_object_add(reply, "result", json_object_get(json_object_object_get(call, "params")));
	size_t length;
	const char *text = json_object_to_json_string_length(reply, JSON_C_TO_STRING_PLAIN, &length);
	(void)evbuffer_add(body, text, length);
	(void)evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	evhttp_send_reply(request, HTTP_OK, "OK", body);
	evbuffer_free(body);
	json_object_put(reply);
}

static void echo(struct evhttp_request *request, void *argument)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	struct json_tokener *tokener = argument;
	size_t length = evbuffer_get_length(input);
	json_tokener_reset(tokener);
	struct json_object *call =
	    json_tokener_parse_ex(tokener, (const char *)evbuffer_pullup(input, -1), (int)length);
	if (!call) {
		evhttp_send_reply(request, HTTP_BADREQUEST, "Bad Request", NULL);
		return;
	}
	answer(request, call);
	json_object_put(call);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_echo PORT\n");
		return 2;
	}
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct json_tokener *tokener = json_tokener_new();
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_gencb(http, echo, tokener);
	if (evhttp_bind_socket(http, "127.0.0.1", (unsigned short)strtoul(argv[1], NULL, 10)) != 0) {
		(void)fprintf(stderr, "bench_echo: the port is taken\n");
		return 1;
	}
	(void)event_base_dispatch(base);
	return 0;
}
