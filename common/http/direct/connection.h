/*
 * The direct engine and its connections: HTTP/1.1 on plain libevent events, reading and writing the sockets itself.
 *
 * Ownership: the engine owns connections; a connection's call points back to it until the client is gone.
 * Invariants: a connection is in exactly one state and on the list of that state; it reads only in FRESH, IDLE,
 * READING, STREAMING (while its handler keeps up) and LINGERING, and holds no buffer in IDLE. Time limits are checked
 * by one timer over the lists, not by a timer each. To call: engine.c makes a connection of each accepted socket;
 * input.c and body.c handle what arrives, answer.c what is sent: they move it from state to state and may end it.
 */
#ifndef EVENTLOOP_DIRECT_CONNECTION_H
#define EVENTLOOP_DIRECT_CONNECTION_H

#include "http/direct/output.h"
#include "http/engine.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum direct_state {
	DIRECT_FRESH,	  /* accepted; nothing came yet */
	DIRECT_IDLE,	  /* between requests */
	DIRECT_READING,	  /* a request is arriving */
	DIRECT_STREAMING, /* the body of a request is arriving, and its handler at work already */
	DIRECT_HANDLING,  /* a request is with its handler */
	DIRECT_WRITING,	  /* the handler is done, its answer is still leaving */
	DIRECT_LINGERING, /* answered and closed for writing; what still comes is thrown away */
};

struct direct_connection {
	TAILQ_ENTRY(direct_connection) link;
	struct direct *direct;
	struct http_call *call; /* in READING, STREAMING and HANDLING */
	struct http_seat seat;
	size_t held; /* bytes, beside those of the call */
	struct event read, write;
	int fd;
	enum direct_state state;
	bool reading;	 /* the read event is on */
	bool last;	 /* close after this answer */
	bool linger;	 /* the client may still be sending: close gently */
	bool processing; /* take_requests is on the stack and will see what changed */
	bool dead;	 /* closed; freed when the input has been left */
	bool invited;	 /* to send the body of this request */
	int64_t deadline;
	int64_t paused;	  /* monotonic, since when a body is not read in STREAMING */
	size_t discarded; /* bytes, in LINGERING */
	char *pending;	  /* bytes that came before their turn; NULL for none */
	size_t pending_start, pending_end;
	struct direct_output output;
	char peer[LISTENER_PEER_SIZE];
};

TAILQ_HEAD(direct_list, direct_connection);

#define DIRECT_SCRATCH (64 * 1024)

struct direct {
	struct http_server *server;
	struct http_listener *listener;
	struct event *accepting, *ticking;
	bool ticking_on;
	size_t lingerers;
	struct direct_list idle, lingering; /* oldest first */
	struct direct_list handling;	    /* no time limit here: the request's deadline is its own */
	struct direct_list others;
	char scratch[DIRECT_SCRATCH]; /* what read() fills; nothing stays in it */
};

/* Makes a connection of an accepted socket, which it owns from now on: FRESH, and not read yet. peer: the address,
 * copied. The callbacks are those of its two events, and have it as their argument. */
struct direct_connection *direct_connection_new(struct direct *direct, int fd, const char *peer,
						event_callback_fn on_readable, event_callback_fn on_writable);

/* Moves the connection to a state and its list. deadline: monotonic, when it is cut off. */
void direct_enter(struct direct_connection *connection, enum direct_state state, int64_t deadline);

/* Switches reading of input on, or off (input then stays in the kernel). */
void direct_read_on(struct direct_connection *connection);
void direct_read_off(struct direct_connection *connection);

/* Has what the connection and its call hold counted. */
void direct_account(struct direct_connection *connection);

/* After the last answer, while the client may still be sending: closes for writing, and reads on for a while, since a
 * reset would lose the answer. */
void direct_linger(struct direct_connection *connection);

/* Closes and frees it (later, when it is being processed). Its call, if any, goes on without it. */
void direct_connection_close(struct direct_connection *connection);

#endif
