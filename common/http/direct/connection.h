/*
 * The direct engine's own types: HTTP/1.1 on plain libevent events, reading and writing the sockets itself.
 *
 * Ownership: the engine owns connections; a connection's call points back to it until the client is gone.
 * Invariants: a connection is in exactly one state and on the list of that state; it reads only in FRESH, IDLE,
 * READING, STREAMING (while its handler keeps up) and LINGERING, and holds no buffer in IDLE. Time limits are checked
 * by one timer over the lists, not by a timer each.
 */
#ifndef EVENTLOOP_DIRECT_CONNECTION_H
#define EVENTLOOP_DIRECT_CONNECTION_H

#include "base/shared_text.h"
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

/* Bytes of an answer: a copy of our own, or part of a shared text. */
struct direct_piece {
	const char *bytes;
	size_t length;
	char *copy;		    /* NULL: shared */
	struct shared_text *shared; /* NULL: copied */
};

/* What of an answer could not be sent at once: pieces, then a file. */
struct direct_output {
	struct direct_piece *pieces; /* NULL for none */
	size_t first, count;	     /* those left */
	size_t sent;		     /* bytes of the first */
	size_t length;		     /* bytes left of all */
	size_t copied;		     /* bytes of the copies that are kept */
	int file;		     /* -1: none */
	int64_t offset, left;
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

/* Moves the connection to a state and its list. deadline: monotonic, when it is cut off. */
void direct_enter(struct direct_connection *connection, enum direct_state state, int64_t deadline);

/* Makes a connection of an accepted socket. refused: it was answered already and is only to be closed gently. */
void direct_connection_new(struct direct *direct, int fd, const char *peer, bool refused);

/* Closes and frees it (later, when it is being processed). Its call, if any, goes on without it. */
void direct_connection_close(struct direct_connection *connection);

/* Answers what is being read with a fault and closes gently; closes at once when nothing is. */
void direct_time_out(struct direct_connection *connection);

/* Reads what is there. False when nothing is; after true the connection may be gone. */
bool direct_look_once(struct direct_connection *connection);

/* The event callback of readable sockets. */
void direct_on_readable(int fd, short what, void *argument);

/* The answer is out and the handler is done: goes on with the next request, or closes. */
void direct_continue(struct direct_connection *connection);

/* Has input read, or left in the kernel. */
void direct_read_on(struct direct_connection *connection);
void direct_read_off(struct direct_connection *connection);

/* A client that asked whether to send its body is told to (RFC 9110 section 10.1.1), once. */
void direct_invite_body(struct direct_connection *connection);

/* Runs the handler, which says when it wants the body: from then on STREAMING. */
void direct_start_early(struct direct_connection *connection);

/* What comes of the body from now on stays in the kernel, until direct_want. */
void direct_pause_body(struct direct_connection *connection);

/* Goes on to read a body in STREAMING, when its handler has room for it. */
void direct_want(struct direct_connection *connection);

/* The body in STREAMING does not come: answers with the status, and closes gently once the handler is done. */
void direct_stream_fails(struct direct_connection *connection, int status);

/* The handler answers before the body in STREAMING has come: nobody reads on, and the answer is the last. */
void direct_leave_body(struct direct_connection *connection);

/* Frees what the connection holds, see http_engine.shed. */
void direct_shed(struct direct_connection *connection);

/* Has what the connection and its call hold counted. */
void direct_account(struct direct_connection *connection);

/* A file to send after the pieces; it is taken over. */
void direct_output_file(struct direct_connection *connection, int file, int64_t offset, int64_t length);

/* Sends the pieces, and the file after them, as far as the socket takes them; keeps the rest. Nothing else is left to
 * be sent. */
void direct_output_add(struct direct_connection *connection, const struct http_piece *pieces, size_t count);

/* True while something is left to send. */
bool direct_output_left(const struct direct_connection *connection);

/* How many bytes are left to send, at most. */
int64_t direct_output_size(const struct direct_connection *connection);

/* The event callback of writable sockets. */
void direct_on_writable(int fd, short what, void *argument);

/* Frees what is left to send. */
void direct_output_drop(struct direct_connection *connection);

/* How long an answer of that many bytes may take to leave, in microseconds. */
int64_t direct_write_time(const struct direct *direct, int64_t bytes);

#endif
