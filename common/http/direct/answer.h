/*
 * Sends the answer to a call on a connection of the direct engine, and changes the connection's state accordingly.
 *
 * Ownership: the connection owns what is not sent yet; a file is taken over. Invariants: the write event is on exactly
 * while something is left to send; once all is out and the handler is done, the connection goes on (direct_continue).
 * A call whose client is gone has no connection, and nothing is sent. To call: the first four are members of struct
 * http_engine, which says when; direct_on_writable is the callback of the connection's write event.
 */
#ifndef EVENTLOOP_DIRECT_ANSWER_H
#define EVENTLOOP_DIRECT_ANSWER_H

#include "http/engine.h"

#include <stddef.h>

/* See http_engine.send. */
void direct_answer_send(struct http_call *call, const struct http_reply_parts *parts);

/* See http_engine.write. */
void direct_answer_write(struct http_call *call, const struct http_piece *piece);

/* See http_engine.unsent. The call has a connection. */
size_t direct_answer_unsent(const struct http_call *call);

/* See http_engine.done: waits for the rest of the answer to leave, goes on, or closes. */
void direct_answer_done(struct http_call *call);

/* The event callback of writable sockets; argument: the connection, which may be gone afterwards. */
void direct_on_writable(int fd, short what, void *argument);

#endif
