/*
 * HTTP client on libcurl's multi interface: outgoing requests that read like blocking calls.
 *
 * Ownership: a client belongs to one thread; answers belong to the context.
 * Invariants: connections are pooled and reused; the context's deadline bounds the whole transfer; answers over
 * max_answer are an error; redirects are not followed; only http and https; proxies named by the environment are not
 * used. Name resolution never blocks the loop (libcurl's threaded resolver). A fetch that is cancelled or out of time
 * takes its transfer down with it.
 */
#ifndef EVENTLOOP_HTTP_CLIENT_H
#define EVENTLOOP_HTTP_CLIENT_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>

struct http_client;

struct http_outgoing {
	const char *method; /* NULL: GET, or POST when there is a body. HEAD has no body either way */
	const char *url;
	const char *const *headers; /* "Name: value" lines ended by NULL; NULL for none */
	const void *body;
	size_t body_length;
	size_t max_answer; /* bytes; 0: 4 MiB */
};

struct http_answer_field {
	const char *name, *value;
};

struct http_answer {
	int status;
	const char *body; /* NUL-terminated, in the context's arena */
	size_t body_length;
	const char *content_type; /* "" when none */
	size_t field_count;
	const struct http_answer_field *fields; /* all headers, in the context's arena */
};

/* A client on this thread's loop. max_connections: a host; 0: 8; further requests wait for one. */
struct http_client *http_client_new(size_t max_connections);

/* Closes all connections. No fetch may be running. Accepts NULL. */
void http_client_free(struct http_client *client);

/* Sends the request and waits for the whole answer. 0 for any HTTP status; -1 with unavailable (reason "connect",
 * nothing was sent; or "transfer", broken off), deadline_exceeded, too_large, or internal (an url that is none) in ctx.
 * Everything in the request is borrowed until the call returns. Adds X-Request-Id and traceparent from ctx. */
int http_fetch(struct context *ctx, struct http_client *client, const struct http_outgoing *request,
	       struct http_answer *ret) MAY_SUSPEND MUST_CHECK;

/* A header of the answer, or NULL. name in any case. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

#endif
