/*
 * What a client of the evhttp engine sends, read by the parser of both engines before evhttp reads it.
 *
 * evhttp never sees input that the parser refuses: it is removed from the input buffer, and the connection is refused
 * later.
 * Ownership: the peer owns the call that is being read (`incoming`). Invariants: the last peer->unread bytes of the
 * input buffer are those that the parser has not had; the parser stops at the end of a request until evhttp has taken
 * it. To call: peer_read when something came, peer_take_call when evhttp has a request.
 */
#ifndef EVENTLOOP_EVHTTP_INPUT_H
#define EVENTLOOP_EVHTTP_INPUT_H

#include "http/evhttp/state.h"

/* The parser reads what is there, up to the end of a request. Anew after each answer. */
void peer_read(struct evhttp_peer *peer);

/* evhttp has a request: the call that the parser made of it, or NULL when the two do not agree. */
struct http_call *peer_take_call(struct evhttp_peer *peer) MUST_CHECK;

/* Forgets what was read of a request that does not come to be handled. */
void peer_drop_incoming(struct evhttp_peer *peer);

#endif
