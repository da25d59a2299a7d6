/*
 * The evhttp engine's own types: libevent's HTTP server, kept to our limits and our manners.
 *
 * What evhttp does not do by itself and is added from outside, through its public interface:
 * - it answers what it cannot read with HTML: a callback on the output buffer sees an answer that nobody here gave,
 * throws it away and sends on_fault's instead;
 * - it has no limit for the time a whole request takes, nor for connections: every connection has an entry (struct
 *   evhttp_peer) with a state and a deadline; over the cap its listener is switched off and connections are refused by
 * us;
 * - it reads leniently, and gives no request before it is over: so what comes is read by the parser of both engines
 *   first (input.c), which decides what is a request, and what is in it. What the parser refuses evhttp
 *   never sees; of what it accepts, evhttp only says when its turn has come.
 * Ownership: the engine owns peers; a peer goes when evhttp says that its connection does. Invariants: evhttp and the
 * parser see the same request end at the same byte, or the connection ends.
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

/* evhttp's callback for a bufferevent of a new connection: makes the peer. */
struct bufferevent *peer_new(struct event_base *base, void *argument);

/* What could not be done inside evhttp's own calls: adopts new peers, replaces answers. An event callback. */
void peers_attend(int fd, short what, void *argument);

/* Answers with a fault, closes for writing, and ends the connection when the client does. */
void peer_refuse(struct evhttp_peer *peer, int status);

/* Has the connection refused with that status once evhttp is off the stack; the first one counts. */
void peer_refuse_later(struct evhttp_peer *peer, int status);

/* The parser reads what is there, up to the end of a request. Anew after each answer. */
void peer_read(struct evhttp_peer *peer);

/* evhttp has a request: the call that the parser made of it, or NULL when the two do not agree. */
struct http_call *peer_take_call(struct evhttp_peer *peer) MUST_CHECK;

/* Forgets what was read of a request that does not come to be handled. */
void peer_drop_incoming(struct evhttp_peer *peer);

/* Ends the connection now, as if the client had. */
void peer_end(struct evhttp_peer *peer);

/* The peer of a request's connection, or NULL. */
struct evhttp_peer *peer_of(const struct evhttp_engine *engine, struct evhttp_request *request);

/* Frees a peer and forgets it. */
void peer_free(struct evhttp_peer *peer);

/* Called when a peer was made or freed. */
void engine_count_changed(struct evhttp_engine *engine);

/* evhttp's callback for a complete request. */
void evhttp_take_request(struct evhttp_request *request, void *argument);

/* What the engine does for a call: see struct http_engine. */
void evhttp_send_answer(struct http_call *call, const struct http_reply_parts *parts);
void evhttp_write(struct http_call *call, const struct http_piece *piece);
size_t evhttp_unsent(const struct http_call *call);
void evhttp_done(struct http_call *call);

/* Of a peer (argument): ends an idle connection, unless something has come for it; frees what one holds. */
bool peer_evict(void *argument);
void peer_shed(void *argument);

/* The connection holds so many bytes beside its call. */
void peer_hold(struct evhttp_peer *peer, size_t bytes);

#endif
