/*
 * A connection of the evhttp engine, watched from outside: its beginning, its buffers, its end.
 *
 * Ownership: the engine owns peers; evhttp owns the connection, and the peer goes when evhttp says that it does.
 * Invariants: a peer is adopted (has its socket, address and entry among the peers) before a request of it is handled;
 * one that lingers has the callbacks of its stream taken from evhttp. What cannot be done inside evhttp's own calls
 * waits for peers_attend. To call: peer_new where evhttp wants a stream for a connection, peer_of where it gives a
 * request; any of peer_refuse, peer_end, peer_evict and peer_shed may end the peer.
 */
#ifndef EVENTLOOP_EVHTTP_PEER_H
#define EVENTLOOP_EVHTTP_PEER_H

#include "http/evhttp/state.h"

#include <stdbool.h>

struct bufferevent;
struct event_base;
struct evhttp_request;

/* Makes the peer of a new connection. Returns the stream for it, which evhttp owns. */
struct bufferevent *peer_new(struct event_base *base, struct evhttp_engine *engine);

/* Does what could not be done inside evhttp's own calls: adopts new peers, replaces answers. An event callback;
 * argument: the engine. */
void peers_attend(int fd, short what, void *argument);

/* The peer of a request's connection, or NULL. */
struct evhttp_peer *peer_of(const struct evhttp_engine *engine, struct evhttp_request *request);

/* Answers with a fault, closes for writing, and ends the connection when the client does. */
void peer_refuse(struct evhttp_peer *peer, int status);

/* Ends the connection now, as if the client had. */
void peer_end(struct evhttp_peer *peer);

/* Of a peer (argument): ends an idle connection, unless something has come for it (false); frees what one holds. */
bool peer_evict(void *argument);
void peer_shed(void *argument);

#endif
