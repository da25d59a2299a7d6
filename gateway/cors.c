#include "cors.h"

#include <string.h>

bool cors_allows(const struct cors *cors, const char *origin)
{
	const char *at = cors->origins;
	size_t length = strlen(origin);
	if (strcmp(at, "*") == 0)
		return true;
	while (*at) {
		at += strspn(at, ", ");
		size_t size = strcspn(at, ", ");
		if (size == length && size > 0 && memcmp(at, origin, length) == 0)
			return true;
		at += size;
	}
	return false;
}

void cors_reply(const struct cors *cors, struct http_exchange *exchange)
{
	const char *origin = cors->origins[0] ? http_header(exchange, "Origin") : NULL;
	if (!cors->origins[0])
		return;
	http_reply_header(exchange, "Vary", "Origin");
	if (!origin || !cors_allows(cors, origin))
		return;
	http_reply_header(exchange, "Access-Control-Allow-Origin", origin);
	http_reply_header(exchange, "Access-Control-Expose-Headers", "X-Request-Id, ETag");
}

void cors_preflight(struct http_exchange *exchange, void *argument)
{
	const struct cors *cors = argument;
	const char *origin = http_header(exchange, "Origin");
	cors_reply(cors, exchange);
	if (origin && cors_allows(cors, origin)) {
		http_reply_header(exchange, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
		http_reply_header(
		    exchange, "Access-Control-Allow-Headers",
		    "Authorization, Content-Type, X-Request-Id, X-Deadline-Ms, traceparent, Range, If-None-Match");
		http_reply_header(exchange, "Access-Control-Max-Age", "600");
	}
	http_reply(exchange, 204, NULL, NULL, 0);
}
