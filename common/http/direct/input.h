/*
 * What comes on a connection of the direct engine: requests, one after the other, each handed to the server.
 *
 * Ownership: none of its own; bytes that came before their turn are the connection's `pending`. Invariants: of one
 * connection one request is handled at a time, and what comes meanwhile stays in the kernel or pending. Any of these
 * functions may end the connection. To call: direct_on_readable is the callback of the connection's read event;
 * direct_continue tells that an answer is complete, direct_time_out that the client's time is up.
 */
#ifndef EVENTLOOP_DIRECT_INPUT_H
#define EVENTLOOP_DIRECT_INPUT_H

#include "http/direct/connection.h"

#include <stdbool.h>

/* The event callback of readable sockets; argument: the connection. */
void direct_on_readable(int fd, short what, void *argument);

/* Reads what is there. False when nothing is; after true the connection may be gone. */
bool direct_look_once(struct direct_connection *connection);

/* The answer is out and the handler is done: goes on with the next request, or closes. */
void direct_continue(struct direct_connection *connection);

/* Ends a connection whose time is up: answers 408 to a request that is being read and closes gently; else closes at
 * once, by a reset if an answer is unsent. */
void direct_time_out(struct direct_connection *connection);

/* Frees what the connection holds, see http_engine.shed. */
void direct_shed(struct direct_connection *connection);

#endif
