/*
 * What the files of the dispatcher share: text (dispatch.c), batch (dispatch_batch.c), one call (dispatch_call.c), its
 * parameters (dispatch_params.c), and what is measured and logged of it (dispatch_observe.c).
 */
#ifndef EVENTLOOP_RPC_DISPATCH_INTERNAL_H
#define EVENTLOOP_RPC_DISPATCH_INTERNAL_H

#include "api/api.h"
#include "rpc/dispatch.h"
#include "rpc/envelope.h"
#include "telemetry/metrics.h"

#define DISPATCH_CANCELLED (ERROR_OVERLOADED + 1) /* an outcome of its own: the caller has gone */
#define DISPATCH_OUTCOMES (DISPATCH_CANCELLED + 1)

/* A method, its handler, and its series, which are made at first use. */
struct dispatch_entry {
	const struct api_method *method; /* NULL for rpc.discover and for what does not exist */
	rpc_handler_function *function;
	const char *name; /* for metrics and logs */
	struct metric *requests[DISPATCH_OUTCOMES];
	struct metric *duration;
};

struct rpc_dispatcher {
	struct rpc_dispatcher_options options;
	struct dispatch_entry *entries; /* by method index, then `discover` and `unknown` */
	struct dispatch_entry *discover;
	struct dispatch_entry *unknown;
	struct metric_family *requests;
	struct metric_family *durations;
};

/* Who calls, found out when the text is read, and again when a call of a batch starts. */
struct dispatch_caller {
	const struct rpc_meta *meta;
	const struct identity *identity; /* NULL until known, or when refused */
	const struct error *refused;	 /* why the token is not accepted, in the arena; NULL otherwise */
};

/* Verifies the token, unless that has been done; ctx lives as long as `caller` is used. */
void dispatch_identify(struct context *ctx, struct rpc_dispatcher *dispatcher,
		       struct dispatch_caller *caller) MAY_SUSPEND;

/* Makes call->params of the envelope's: NFC, trimmed, without the nulls that stand for nothing, and as the method's
 * schema wants them. Or -1 with invalid_params that says what and where. */
int dispatch_read_params(struct rpc_call *call, const struct envelope_call *envelope) MUST_CHECK;

/* Runs one call and renders its answer in ctx's arena; NULL for a notification. ctx's error is the call's. */
const char *dispatch_call(struct context *ctx, struct rpc_dispatcher *dispatcher, struct dispatch_caller *caller,
			  const struct envelope_call *envelope, size_t *ret_length) MAY_SUSPEND;

/* Runs the calls of a batch side by side, none after its caller's token is known to be revoked, and renders their
 * answers as an array; NULL when all were notifications. */
const char *dispatch_batch(struct context *ctx, struct rpc_dispatcher *dispatcher, struct dispatch_caller *caller,
			   const struct envelope *envelope, size_t *ret_length) MAY_SUSPEND;

/* The entry of a method name; dispatcher->unknown when there is none. */
struct dispatch_entry *dispatch_find(const struct rpc_dispatcher *dispatcher, struct json_span name);

/* Counts and logs a finished call; the context's error is its outcome. */
void dispatch_observe(struct rpc_dispatcher *dispatcher, struct dispatch_entry *entry, const struct context *ctx,
		      int64_t started);

#endif
