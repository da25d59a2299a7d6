/*
 * The methods of the daemons behind the gateway, learnt from their rpc.discover.
 *
 * Purpose: tells which methods exist, which may come from outside, which may be repeated; makes the merged OpenRPC
 * document. Ownership: one a thread. Invariants: documents are fetched in the background, again at intervals, and a
 * daemon's methods are those of its latest one; a daemon that is away keeps its last. Methods that only daemons may
 * call (x-access service, x-internal) are not in it: through the gateway they do not exist.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_METHODS_H
#define EVENTLOOP_GATEWAY_ROUTES_METHODS_H

#include "base/context.h"
#include "base/macros.h"
#include "routes/method_table.h"

#include <stddef.h>

struct api;
struct methods;
struct rpc_client;
struct shared_text;

/* own: the gateway's own methods; server: where callers post to, for the merged document; both borrowed. Starts
 * fetching the others' documents. NULL when no coroutine is left. */
struct methods *methods_new(struct rpc_client *client, const struct api *own, const char *server) MAY_SUSPEND;

/* Ends the fetching and frees. */
void methods_free(struct methods *methods) MAY_SUSPEND;

/* Finds a method by name; *ret is filled when it is known. Waits up to a second for a daemon that has not told its
 * methods yet: all may just be starting. */
enum methods_answer methods_await(struct context *ctx, const struct methods *methods, const char *name, size_t length,
				  struct remote_method *ret) MAY_SUSPEND;

/* The merged OpenRPC document; borrowed until the next wait, unless held. */
struct shared_text *methods_document(const struct methods *methods);

#endif
