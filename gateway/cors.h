/*
 * Cross-origin requests of browsers (the Fetch standard's CORS protocol): which origins may call.
 *
 * Invariants: every answer that leaves the gateway passes cors_answer, refusals of the HTTP server included, so that a
 * page can read why it was refused. Access-Control-Allow-Credentials is never sent: callers authenticate by a bearer
 * token, never by a cookie, so a page needs no credentials mode, and no other site can act for a user. An answer that
 * depends on the origin says so (Vary).
 */
#ifndef EVENTLOOP_GATEWAY_CORS_H
#define EVENTLOOP_GATEWAY_CORS_H

#include "base/context.h"
#include "base/macros.h"
#include "http/server.h"

#include <stdbool.h>

struct cors {
	const char *origins; /* "https://a.example,https://b.example", "*" for all, "" for none */
};

/* 0 when the list is one of origins as browsers send them: scheme://host[:port] in lower case, without a path, the
 * scheme's own port left out (RFC 6454 section 6.2), apart by commas or blanks; or "*" alone. -1 with the error in ctx,
 * which names the entry: a wrong entry would never match, and silently. */
int cors_check(struct context *ctx, const char *origins) MUST_CHECK;

/* True when the list has the origin, compared exactly. "null" and several origins at once are in no list. */
bool cors_allows(const struct cors *cors, const char *origin);

/* The HTTP server's hook for answers: adds the headers that let the request's origin read this one, when it may.
 * argument: struct cors. */
void cors_answer(struct http_exchange *exchange, void *argument);

/* Answers an OPTIONS request. argument: struct cors. */
void cors_preflight(struct http_exchange *exchange, void *argument);

#endif
