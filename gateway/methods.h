/*
 * The methods of the daemons behind the gateway, learnt from their rpc.discover.
 *
 * Purpose: tells which methods exist, which may come from outside, which may be repeated; makes the merged OpenRPC
 * document. Ownership: one a thread. What methods_find returns is valid until the caller's next wait. Invariants:
 * documents are fetched in the background, again and again; a daemon that is away keeps its last one. Methods that only
 * daemons may call (x-access service, x-internal) are not in it: through the gateway they do not exist.
 */
#ifndef EVENTLOOP_GATEWAY_METHODS_H
#define EVENTLOOP_GATEWAY_METHODS_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct methods;
struct rpc_client;

/* A method that may come from outside. */
struct remote_method {
	const char *daemon; /* static */
	bool idempotent;
	int64_t deadline; /* microseconds that its daemon gives it */
};

enum methods_answer {
	METHODS_KNOWN,
	METHODS_UNKNOWN, /* no such method */
	METHODS_UNSURE	 /* its daemon has not told its methods yet */
};

/* own: the gateway's own methods; server: where callers post to, for the merged document; both borrowed. Starts
 * fetching the others' documents. NULL when no coroutine is left. */
struct methods *methods_new(struct rpc_client *client, const struct api *own, const char *server) MAY_SUSPEND;

/* Ends the fetching and frees. */
void methods_free(struct methods *methods) MAY_SUSPEND;

/* Finds a method by name; *ret is set when it is known. */
enum methods_answer methods_find(const struct methods *methods, const char *name, size_t length,
				 const struct remote_method **ret);

/* The same, but waits up to a second for a daemon that has not told its methods yet: all may just be starting. */
enum methods_answer methods_await(struct context *ctx, const struct methods *methods, const char *name, size_t length,
				  const struct remote_method **ret) MAY_SUSPEND;

/* The merged OpenRPC document; borrowed until the next wait. */
const char *methods_document(const struct methods *methods);

#endif
