/*
 * Cross-origin requests of browsers (the Fetch standard's CORS protocol): which origins may call.
 */
#ifndef EVENTLOOP_GATEWAY_CORS_H
#define EVENTLOOP_GATEWAY_CORS_H

#include "io/http_server.h"

#include <stdbool.h>

struct cors {
	const char *origins; /* "https://a.example,https://b.example", "*" for all, "" for none */
};

/* True when the list has the origin, compared exactly. */
bool cors_allows(const struct cors *cors, const char *origin);

/* Adds the headers that let the request's origin read the answer, when it may. */
void cors_reply(const struct cors *cors, struct http_exchange *exchange);

/* Answers an OPTIONS request. argument: struct cors. */
void cors_preflight(struct http_exchange *exchange, void *argument);

#endif
