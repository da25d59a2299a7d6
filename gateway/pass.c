#include "pass.h"

#include "base/ids.h"
#include "base/log.h"
#include "gateway.h"
#include "io/http_client.h"
#include "limits/door.h"
#include "limits/limits.h"
#include "rpc/http_endpoint.h"

#include <string.h>

#define MAX_IMAGE (64 << 20)

/* What images and the gateway do for one of a few bytes; each 64 KiB costs one more. */
static const struct charge picture = {.cost = 3}, upload = {.cost = 200, .writes = true};

static const char *const asked[] = {"Authorization", "Content-Encoding", "Content-Type",
				    "If-None-Match", "If-Range",	 "Range"};
static const char *const answered[] = {
    "Accept-Encoding", "Accept-Ranges", "Cache-Control",    "Content-Range",	      "Content-Security-Policy", "ETag",
    "Location",	       "Retry-After",	"WWW-Authenticate", "X-Content-Type-Options",
};

static int fetch(struct http_exchange *exchange, const struct gateway *gateway, struct http_answer *ret)
{
	struct arena *arena = &exchange->ctx->arena;
	const char *headers[ARRAY_SIZE(asked) + 1] = {NULL};
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		const char *value = http_header_list(exchange, asked[i]);
		if (value)
			headers[count++] = arena_printf(arena, "%s: %s", asked[i], value);
	}
	/* What HEAD asks for is the length that GET would have. */
	struct http_outgoing request = {
	    .method = strcmp(exchange->method, "HEAD") == 0 ? "GET" : exchange->method,
	    .url = arena_printf(arena, "%s%s", gateway->images_url, exchange->path),
	    .headers = headers,
	    .body = exchange->body_length > 0 ? exchange->body : NULL,
	    .body_length = exchange->body_length,
	    .max_answer = MAX_IMAGE,
	};
	return http_fetch(exchange->ctx, gateway->worker->http_client, &request, ret);
}

/* images gave no answer. */
static void refuse(struct http_exchange *exchange)
{
	enum error_code code = exchange->ctx->error.code;
	log_error_of(LOG_WARNING, exchange->ctx, "images cannot be reached");
	rpc_http_fail(exchange, code == ERROR_TOO_LARGE ? 413 : code == ERROR_DEADLINE_EXCEEDED ? 504 : 503);
}

static bool is_upload(const struct http_exchange *exchange)
{
	return strcmp(exchange->method, "POST") == 0;
}

void pass_handle(struct http_exchange *exchange, void *argument)
{
	struct gateway *gateway = argument;
	struct http_answer answer;
	struct caller caller;
	/* The path comes decoded: only an id may become part of the URL that is fetched, never dots, spaces or line
	 * ends. */
	if (strcmp(exchange->path, "/images") != 0 && !uuid_valid(exchange->path + strlen("/images/"))) {
		context_fail(exchange->ctx, ERROR_NOT_FOUND, NULL, "image not found");
		rpc_http_fail(exchange, 404);
		return;
	}
	if (door_enter(gateway, exchange, is_upload(exchange) ? &upload : &picture, &caller))
		return;
	if (fetch(exchange, gateway, &answer)) {
		refuse(exchange);
		return;
	}
	limits_owe(gateway->limits, &caller, limits_cost_of_bytes(exchange->body_length + answer.body_length));
	for (size_t i = 0; i < ARRAY_SIZE(answered); i++) {
		const char *value = http_answer_header(&answer, answered[i]);
		if (value)
			http_reply_header(exchange, answered[i], value);
	}
	http_reply(exchange, answer.status, answer.content_type[0] ? answer.content_type : NULL, answer.body,
		   answer.body_length);
}
