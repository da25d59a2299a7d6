/*
 * Requests of the evhttp engine: evhttp decides which request is next, our parser provides the call, and evhttp sends
 * our answer.
 *
 * Ownership: evhttp owns the request and frees it when it is answered; call->request points to it until then.
 * Invariants: every request that evhttp gives is answered, also one whose client is gone. A peer goes on to its next
 * request when the answer has been sent, even if its handler is still running. To call: evhttp_take_request is evhttp's
 * callback, the others are members of struct http_engine, which says when.
 */
#ifndef EVENTLOOP_EVHTTP_REQUEST_H
#define EVENTLOOP_EVHTTP_REQUEST_H

#include "http/engine.h"

#include <stddef.h>

struct evhttp_request;

/* evhttp's callback for a complete request; argument: the engine. */
void evhttp_take_request(struct evhttp_request *request, void *argument);

/* See http_engine.send. */
void evhttp_send_answer(struct http_call *call, const struct http_reply_parts *parts);

/* See http_engine.write. */
void evhttp_write(struct http_call *call, const struct http_piece *piece);

/* See http_engine.unsent. The call has a connection. */
size_t evhttp_unsent(const struct http_call *call);

/* See http_engine.done. */
void evhttp_done(struct http_call *call);

#endif
