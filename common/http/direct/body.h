/*
 * The body of a request whose handler runs before the body has arrived (STREAMING) in the direct engine: read while the
 * handler keeps up, left in the kernel while it does not, dropped when the handler needs no more of it.
 *
 * Ownership: none of its own; the connection's call holds what was read. Invariants: in STREAMING either the read event
 * is on or `paused` says since when it is not; time in which we do not read is not counted against the client. To call:
 * direct_start_early once the head is there and the handler is to run, then direct_pause_body and direct_want in turn,
 * until the body is whole, direct_leave_body or direct_stream_fails.
 */
#ifndef EVENTLOOP_DIRECT_BODY_H
#define EVENTLOOP_DIRECT_BODY_H

#include "http/direct/connection.h"

/* Answers Expect: 100-continue with 100 (RFC 9110 section 10.1.1), once. */
void direct_invite_body(struct direct_connection *connection);

/* Runs the handler, which says when it wants the body: from then on STREAMING. */
void direct_start_early(struct direct_connection *connection);

/* What comes of the body from now on stays in the kernel, until direct_want. */
void direct_pause_body(struct direct_connection *connection);

/* Goes on to read a body in STREAMING, when its handler has room for it. */
void direct_want(struct direct_connection *connection);

/* The handler answers before the body in STREAMING has come: nobody reads on, and the answer is the last. */
void direct_leave_body(struct direct_connection *connection);

/* The body in STREAMING does not come: answers with the status, and closes gently once the handler is done. */
void direct_stream_fails(struct direct_connection *connection, int status);

#endif
