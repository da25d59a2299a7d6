/*
 * What the two ways of fetching share: whole answers (client.c) and answers in pieces (transfer.c). Not for
 * the layers above.
 *
 * Ownership: a fetch belongs to the coroutine that waits for it. Invariants: libcurl's callbacks only note what came
 * and wake; a handle is added and removed outside of them.
 */
#ifndef EVENTLOOP_HTTP_CLIENT_INTERNAL_H
#define EVENTLOOP_HTTP_CLIENT_INTERNAL_H

#include "base/buffer.h"
#include "http/client.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

enum { HANDLES_KEPT = 32 };

struct co;
struct event;

struct http_client {
	CURLM *
	    multi; /* NULL before the first transfer: libcurl and TLS take their memory and time when they are needed */
	size_t max_connections; /* to one host */
	struct event *timer;
	CURL *handles[HANDLES_KEPT]; /* idle ones */
	size_t handle_count, in_flight;
};

/* One transfer. */
struct fetch {
	struct http_client *client;
	CURL *handle;
	struct co *waiter; /* NULL: nobody waits now */
	struct buffer body;
	struct curl_slist *headers;
	CURLcode result;
	bool done;
	char cause[CURL_ERROR_SIZE];
};

/* Wakes the coroutine that waits for the fetch, if one does. */
void client_wake(struct fetch *fetch);

/* 0; -1 with the error in ctx when the request cannot even begin. */
int client_check(struct context *ctx, const struct http_outgoing *request) MUST_CHECK;

/* An idle handle, or a new one; to be given back. */
CURL *client_take_handle(struct http_client *client);
void client_give_handle_back(struct http_client *client, CURL *handle);

/* Adds a line to the head of the request, before client_set_up. */
void client_add_header(struct fetch *fetch, const char *line);

/* Prepares the handle for the request, except for where the answer goes. */
void client_set_up(struct fetch *fetch, struct context *ctx, const struct http_outgoing *request);

/* Says in ctx why a transfer that is done has failed. Returns -1. */
int client_fail(const struct fetch *fetch, struct context *ctx);

/* Status, type and headers of the answer. */
void client_read_head(const struct fetch *fetch, struct context *ctx, struct http_answer *ret);

#endif
