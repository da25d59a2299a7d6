/*
 * One call at the gateway: from its envelope to its answer.
 */
#ifndef EVENTLOOP_GATEWAY_FORWARD_H
#define EVENTLOOP_GATEWAY_FORWARD_H

#include "limits/purses.h"
#include "rpc/dispatch.h"
#include "rpc/envelope.h"

struct gateway;

/* What all calls of one request share. */
struct forward_request {
	struct gateway *gateway;
	const struct rpc_meta *meta;
	size_t *documents; /* bytes of documents that its calls were answered with */
	bool refused;	   /* the token is no good here: `error` says why */
	struct error error;
	const char *user;     /* of a good token, for logs; NULL */
	const char *actor;    /* who acts as that user, for logs; NULL */
	struct caller caller; /* who pays */
};

/* Verifies the request's token, when it has one, and finds who pays for its calls. ctx: the request's. */
void forward_identify(struct context *ctx, struct forward_request *request) MAY_SUSPEND;

/* Takes a charge from who pays for the request. -1 with rate_limited in ctx. */
int forward_pay(struct context *ctx, const struct forward_request *request, const struct charge *charge) MUST_CHECK;

/* Takes what it costs to read a body, unless it is small: then it is in the cost of its calls. */
int forward_pay_body(struct context *ctx, const struct forward_request *request, size_t length) MUST_CHECK;

/* Answers one call in ctx's arena; NULL for a notification. ctx->error is the gateway's part of the outcome. */
const char *forward_call(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
			 size_t *ret_length) MAY_SUSPEND;

#endif
