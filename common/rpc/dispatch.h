/*
 * From a JSON-RPC text to its answer: the one dispatch under HTTP and the link.
 *
 * Purpose: read the envelope, find the method, authenticate, check access, validate and normalise the parameters, run
 * the handler with its deadline, render the answer; a batch runs its calls side by side and is answered whole.
 * Ownership: one dispatcher a thread; answers belong to the context.
 * Invariants: the answer is always well-formed JSON-RPC; `internal` never shows a cause; each call is logged once, with
 * its outcome. `rpc.discover` is answered here. Every call of a batch runs in a coroutine and a context of its own,
 * under its method's deadline, which the request's deadline bounds. When the caller has hung up, calls of methods that
 * change nothing are cancelled (rpc/hangup.h).
 */
#ifndef EVENTLOOP_RPC_DISPATCH_H
#define EVENTLOOP_RPC_DISPATCH_H

#include "api/api.h"
#include "base/context.h"
#include "rpc/call.h"
#include "rpc/envelope.h"

struct token_verifier;
struct rpc_dispatcher;
struct rpc_hangup;

struct rpc_dispatcher_options {
	const struct api *api;		    /* borrowed, shared by threads */
	const struct rpc_handler *handlers; /* borrowed while it is made; ended by a NULL name */
	struct token_verifier *verifier;    /* borrowed; NULL: every token is refused */
	struct rpc_call prototype;	    /* worker, db, client, app are copied into every call */
	struct pg *lanes[API_LANE_COUNT];   /* db of the calls of methods in that lane; NULL: the prototype's */
	size_t max_batch;		    /* calls; 0: 100 */
	size_t max_answer;		    /* bytes; 0: 4 MiB */
	size_t max_depth;		    /* 0: 32 */
	bool expose_service_methods;	    /* HTTP and link of a daemon: true */
};

/* NULL with one line in `error` when a method has no handler or a handler no method. */
struct rpc_dispatcher *rpc_dispatcher_new(const struct rpc_dispatcher_options *options, char *error, size_t error_size);
void rpc_dispatcher_free(struct rpc_dispatcher *dispatcher);
/* Sets the `app` of every call from now on. */
void rpc_dispatcher_set_app(struct rpc_dispatcher *dispatcher, void *app);

/* What came beside the JSON-RPC text. */
struct rpc_meta {
	const char *token; /* bearer token, NUL-terminated, or NULL */
	size_t token_length;
	const char *peer, *user_agent; /* "" when unknown */
	struct rpc_hangup *hangup;     /* told when the caller has hung up; NULL: that is not detected */
};

/* Answers the text. ret_length gets the length; NULL when nothing is to be answered (notifications only). The context's
 * error is set afterwards only when no call could be read: parse_error, invalid_request or too_large. */
const char *rpc_dispatch(struct context *ctx, struct rpc_dispatcher *dispatcher, const struct rpc_meta *meta,
			 const char *text, size_t length, size_t *ret_length) MAY_SUSPEND;

/* The same for a text that has been scanned, within the limits that rpc_dispatch_limits gives. */
const char *rpc_dispatch_envelope(struct context *ctx, struct rpc_dispatcher *dispatcher, const struct rpc_meta *meta,
				  const struct envelope *envelope, size_t *ret_length) MAY_SUSPEND;

/* The limits of request texts. */
struct envelope_limits rpc_dispatch_limits(const struct rpc_dispatcher *dispatcher);

/* For what is answered without a handler: 0 when the call has no parameters ({} and [] are none), else -1 with
 * invalid_params. */
int rpc_expect_no_params(struct context *ctx, const struct envelope_call *envelope) MUST_CHECK;

/* Renders the context's error as a JSON-RPC response for the raw id text (NULL: null). In ctx's arena. */
const char *rpc_render_error(struct context *ctx, const char *id, size_t id_length);

#endif
