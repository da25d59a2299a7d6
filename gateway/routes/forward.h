/*
 * One call at the gateway: from its envelope to its answer.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_FORWARD_H
#define EVENTLOOP_GATEWAY_ROUTES_FORWARD_H

#include "limits/buckets.h"
#include "rpc/dispatch.h"
#include "rpc/envelope.h"

struct gateway;
struct http_piece;
struct shared_text;

/* The answer of one call: a text, or one that ends in a document that all such answers share. */
struct forward_answer {
	const char *text; /* NULL for a notification */
	size_t length;
	struct shared_text
	    *document; /* what `result` is, after the text and before "}"; held by the call's context; NULL */
};

/* An answer has so many pieces at most. */
#define FORWARD_PIECES 3

/* What all calls of one request share. */
struct forward_request {
	struct gateway *gateway;
	const struct rpc_meta *meta;
	bool refused; /* the token is no good here: `error` says why */
	struct error error;
	const char *user;     /* of a good token, for logs; NULL */
	const char *actor;    /* who acts as that user, for logs; NULL */
	struct caller caller; /* who pays */
	size_t *refusals;     /* counts what was refused by the limits */
};

/* Verifies the request's token, when it has one, and finds who pays for its calls. ctx: the request's. */
void forward_identify(struct context *ctx, struct forward_request *request) MAY_SUSPEND;

/* Takes a charge from who pays for the request. -1 with rate_limited in ctx. */
int forward_pay(struct context *ctx, const struct forward_request *request, const struct charge *charge) MUST_CHECK;

/* Takes the cost of reading a body; that of a small one is part of the cost of its calls. */
int forward_pay_body(struct context *ctx, const struct forward_request *request, size_t length) MUST_CHECK;

/* Before the answer: rests when something was refused (limits_rest). */
void forward_rest(const struct forward_request *request) MAY_SUSPEND;

/* Answers one call in ctx's arena. ctx->error is the gateway's part of the outcome. */
void forward_call(struct context *ctx, const struct forward_request *request, const struct envelope_call *call,
		  struct forward_answer *ret) MAY_SUSPEND;

/* Answers a call with the context's error, in its arena. */
void forward_error(struct context *ctx, const struct envelope_call *call, struct forward_answer *ret);

/* The bytes of an answer; 0 for a notification's. */
size_t forward_answer_length(const struct forward_answer *answer);

/* Writes the parts of an answer; returns how many, at most FORWARD_PIECES. */
size_t forward_answer_pieces(const struct forward_answer *answer, struct http_piece *pieces);

#endif
