/*
 * The evhttp engine and its peers: libevent's HTTP server with our limits and our error answers.
 *
 * What evhttp does not do by itself is added from outside, through its public interface:
 * - it answers what it cannot read with HTML: a callback on the output buffer sees an answer that nobody here gave,
 *   throws it away and sends on_fault's instead (peer.c);
 * - it has no limit for the time that a whole request takes, nor for connections: every connection has an entry (struct
 *   evhttp_peer) with a state and a deadline (engine.c); over the cap its listener is switched off and connections are
 *   refused by us (cap.c);
 * - it reads leniently, and gives no request before it is over: so the parser of both engines reads all input first
 *   (input.c) and decides what is a request, and what is in it. evhttp never sees what the parser refuses; for accepted
 *   requests it only decides when each is handled (request.c).
 * Ownership: the engine owns peers; a peer goes when evhttp says that its connection does. Invariants: evhttp and the
 * parser see the same request end at the same byte, or the connection ends. To call: each module above changes the
 * state of a peer as it goes; below stands what all of them need.
 */
#ifndef EVENTLOOP_EVHTTP_STATE_H
#define EVENTLOOP_EVHTTP_STATE_H

#include "base/macros.h"
#include "http/engine.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum peer_state {
	PEER_FRESH,	/* accepted; nothing came yet */
	PEER_IDLE,	/* between requests */
	PEER_READING,	/* a request is arriving */
	PEER_HANDLING,	/* a request is with its handler */
	PEER_WRITING,	/* the answer is leaving */
	PEER_LINGERING, /* refused; what still comes is thrown away */
};

struct evhttp_peer {
	TAILQ_ENTRY(evhttp_peer) link;
	TAILQ_ENTRY(evhttp_peer) waiting; /* in engine->todo, when queued */
	struct evhttp_engine *engine;
	struct bufferevent *stream;
	struct http_call *incoming; /* the request that the parser reads, or has read and evhttp has not; or NULL */
	struct http_call *call;	    /* in HANDLING, until answered */
	struct http_seat seat;
	size_t held; /* bytes: evhttp's copy of the body, and the answer while it leaves */
	int fd;	     /* -1 until adopted */
	enum peer_state state;
	bool queued;
	bool writing;	/* a piece of an answer is leaving */
	bool complete;	/* the parser has all of `incoming` */
	bool editing;	/* the input buffer is being changed by us */
	bool ours;	/* the answer in the output buffer is one of ours */
	int status;	/* to refuse with, as soon as evhttp is off the stack; 0: none */
	size_t unread;	/* bytes at the end of the input buffer that the parser has not had */
	size_t skipped; /* bytes of empty lines before the request */
	int64_t deadline;
	size_t received;	     /* bytes of this request so far */
	bufferevent_event_cb on_end; /* evhttp's, while LINGERING */
	void *on_end_argument;
	char address[LISTENER_PEER_SIZE];
};

TAILQ_HEAD(evhttp_peers, evhttp_peer);

struct evhttp_engine {
	struct evhttp_engine *next; /* of the same thread */
	struct http_server *server;
	struct http_listener *listener;
	struct evhttp *http;
	struct evhttp_bound_socket *bound;
	struct event *refusing; /* takes the listener's place at the cap */
	struct event *ticking, *adopting;
	bool ticking_on, at_cap;
	size_t max_body, lingering;
	struct evhttp_peers peers, todo;
	struct evhttp_peer **by_fd;
	size_t by_fd_size;
};

/* Has the peer attended to (peers_attend) once evhttp is off the stack. */
void peer_attend_later(struct evhttp_peer *peer);

/* Has the connection refused with that status then; the first one counts. */
void peer_refuse_later(struct evhttp_peer *peer, int status);

/* The connection holds so many bytes beside its call. */
void peer_hold(struct evhttp_peer *peer, size_t bytes);

#endif
