/*
 * A batch at the gateway: its calls run side by side, a few at a time, and its answer is bounded while it grows.
 *
 * Invariants: calls start in their order, at most BATCH_AT_ONCE run at once, and fewer while many batches run
 * (BATCH_PLACES). Once the answers have more bytes than max_answer, or the server has no memory for more, no further
 * call is sent on, and each call without an answer gets an error in its place: calls done before stay done and
 * answered. Each answer is freed when it is dropped, not at the end.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_BATCH_H
#define EVENTLOOP_GATEWAY_ROUTES_BATCH_H

#include "http/server.h"
#include "routes/forward.h"

#define BATCH_AT_ONCE 16
#define BATCH_PLACES 1024 /* of all batches of a thread, beside the first call of each */

/* Runs the calls and answers the exchange. */
void batch_answer(struct http_exchange *exchange, const struct forward_request *request,
		  const struct envelope *envelope) MAY_SUSPEND;

#endif
