/*
 * Calls to other daemons: JSON-RPC over the link.
 *
 * Purpose: rpc_invoke reads like a function call to another program.
 * Ownership: one client a thread; answers belong to the context.
 * Invariants: the call carries the context's deadline, request id and traceparent; it is made as this daemon (service
 * token, fetched and renewed in the background) or with the caller's own token. Transport faults are retried once, and
 * only for idempotent methods; application errors are final. A peer whose connection was lost within the last second is
 * most likely being restarted: calls wait for it. For one that fails repeatedly a circuit breaker opens, and calls fail
 * with `unavailable` at once; several addresses of a daemon are used in turn.
 */
#ifndef EVENTLOOP_CLIENT_CLIENT_H
#define EVENTLOOP_CLIENT_CLIENT_H

#include "base/context.h"
#include "base/macros.h"
#include "link/handshake.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct rpc_client;

enum rpc_as { RPC_AS_SERVICE, RPC_AS_CALLER, RPC_AS_ANONYMOUS };

struct rpc_peer {
	const char *daemon;    /* first segment of the method names it serves, and its name; NULL ends a table */
	const char *addresses; /* "host:port,host:port" of its link; "" when not configured */
};

struct rpc_client_options {
	const char *self;	      /* this daemon's name, the service account */
	const char *secret;	      /* of the service account; NULL or "": no service calls */
	struct link_secrets link;     /* prove daemons to each other; current is set */
	const struct rpc_peer *peers; /* copied */
	size_t connections;	      /* to each address; 0: 1 */
	/* Makes the service token instead of asking passport for one (passport's own). In ctx's arena; NULL with an
	 * error. May be NULL. */
	const char *(*make_token)(struct context *ctx, void *argument, int64_t *ret_lifetime);
	void *argument;
};

/* Makes a client on this thread's loop; connects when it is first asked for a peer. */
struct rpc_client *rpc_client_new(const struct rpc_client_options *options);
/* Frees it; calls under way end with an error. Accepts NULL. The loop must run on until idle. */
void rpc_client_free(struct rpc_client *client);

/* One call. */
struct rpc_request {
	const char *method;
	const char *params; /* JSON object text */
	const char *daemon; /* which peer; NULL: the first segment of the method */
	const char *token;  /* with RPC_AS_CALLER */
	enum rpc_as as;
	bool idempotent; /* may be sent again after a transport fault */
};

/* Calls and waits. Returns the result (a reference owned by ctx), or NULL with the error of the peer (code, reason,
 * message, details taken over; `internal`, `unauthenticated` and `method_not_found` of a peer become `unavailable` for
 * a service call) or of the transport. */
struct json_object *rpc_invoke(struct context *ctx, struct rpc_client *client,
			       const struct rpc_request *request) MAY_SUSPEND MUST_CHECK;

/* The same without parsing: the answer's raw JSON-RPC text is spliced for the gateway. `id` and `params` are raw JSON
 * texts; the answer is a whole response object with that id, in ctx's arena; NULL with an error in ctx on transport
 * faults. */
struct rpc_raw_call {
	const char *daemon;		  /* which peer */
	const char *method, *params, *id; /* raw JSON; params NULL for none; id NULL for a notification */
	size_t method_length, params_length, id_length;
	const char *token;	       /* the end user's, or NULL */
	const char *peer, *user_agent; /* of the end client */
	bool idempotent;
};
const char *rpc_forward(struct context *ctx, struct rpc_client *client, const struct rpc_raw_call *call,
			size_t *ret_length) MAY_SUSPEND MUST_CHECK;

/* True when at least one address of the daemon is connected, or it has not failed yet. */
bool rpc_client_peer_up(const struct rpc_client *client, const char *daemon);

#endif
