/*
 * What the files of the link's server share: requests and listening (server.c), and connections from their
 * acceptance to their proof (admission.c).
 */
#ifndef EVENTLOOP_LINK_SERVER_INTERNAL_H
#define EVENTLOOP_LINK_SERVER_INTERNAL_H

#include "http/listen.h"
#include "link/cancel.h"
#include "link/handshake.h"
#include "link/link.h"
#include "link/stream.h"

#include <stdbool.h>

struct event;
struct link_job;

/* A client's connection: in the server's list of strangers until it has proved itself, then in the other. Freed when it
 * is closed and its last job is done. */
struct link_connection {
	struct link_server *server;
	struct link_stream stream;
	struct link_connection *older, *newer;
	struct link_handshake *handshake; /* NULL once proved */
	struct event *too_late;		  /* likewise */
	size_t jobs;
	bool closed;
	bool speaks_for_clients; /* its meta says which client a call comes from */
	char peer[LISTENER_PEER_SIZE];
};

struct link_list {
	struct link_connection *newest, *oldest;
	size_t count;
};

struct link_server {
	struct link_server_options options;
	struct event_base *base;
	struct http_listener listener;
	struct event *acceptable;
	struct link_outbox outbox;
	struct link_list proved, strangers;
	struct link_job *in_flight, *pool;
	struct link_calls calls;
	size_t job_count, pooled;
	int64_t next_warning; /* monotonic; who is refused is logged once in ten seconds */
	bool draining;
};

/* --- server.c --- */

/* Ends the calls of a connection that is gone, as far as they may be ended. */
void link_server_hung_up(struct link_connection *connection);

/* Takes a line of a proved connection. */
void link_server_line(struct link_connection *connection, const char *line, size_t length);

/* Sends a whole line; if it does not fit, closes the connection, since its caller would wait in vain. */
void link_server_send(struct link_connection *connection, const char *text, size_t length);

/* --- admission.c --- */

/* Takes an accepted socket over: challenges it, and lets it call once it has proved itself. When there are too many
 * unproved connections, closes the oldest of them. */
void link_admit(struct link_server *server, int fd, const char *peer);

/* Closes the unproved connections; all connections, at the end of the server. */
void link_dismiss_strangers(struct link_server *server);
void link_dismiss_all(struct link_server *server);

#endif
