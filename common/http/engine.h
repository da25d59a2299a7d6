/*
 * What the parts of the HTTP server and its engines share: the server, a call (one request from its first byte to its
 * last), and what an engine is. Not for the layers above, which see http/server.h.
 *
 * Ownership: the server owns calls and keeps some for reuse. An engine takes a call (http_call_begin), feeds its parser
 * with what comes (http_call_head, http_call_body), has it handled (http_call_run) and gets told when to send and when
 * it is over; then it gives it back (http_call_end). Invariants: a call outlives its connection: an engine whose
 * connection is gone forgets the pointer and still gets `done`.
 */
#ifndef EVENTLOOP_HTTP_ENGINE_H
#define EVENTLOOP_HTTP_ENGINE_H

#include "base/clock.h"
#include "base/context.h"
#include "http/listen.h"
#include "http/parser.h"
#include "http/peers.h"
#include "http/server.h"
#include "http/stream.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct co;
struct event_base;
struct http_hangup;

enum {
	HTTP_BYTES_A_SECOND = 64 * 1024,       /* the least rate of a client that is not hostile */
	HTTP_DISCARD_MOST = 256 * 1024 * 1024, /* bytes read and dropped, so that the answer is not lost by a reset */
};

/* How long input is read and dropped after the last answer. */
#define HTTP_LINGER_TIME (3 * CLOCK_SECOND)

struct http_route {
	struct http_route *next; /* in the order they are tried */
	char *method;		 /* NULL: any */
	char *path;		 /* without the '*' of a prefix */
	size_t length, max_body;
	size_t above; /* bytes of body beyond which the handler runs before they are read; SIZE_MAX: always after */
	bool prefix;
	http_handler *handler;
	void *argument;
};

/* A header of the answer. */
struct http_reply_field {
	struct http_reply_field *next;
	const char *name, *value;
};

/* An answer as the engine sends it: pieces of `length` bytes in sum, or `file` (>= 0) from offset. No content is sent
 * for HEAD. */
struct http_reply_parts {
	int status;
	const char *content_type; /* or NULL */
	const struct http_piece *pieces;
	size_t count, length;
	bool later; /* `length` bytes follow by write() */
	int file;
	int64_t offset, file_length;
};

struct http_call {
	struct http_exchange exchange;
	struct context ctx;
	struct http_server *server;
	const struct http_route *route; /* NULL before http_call_head and when none matches */
	struct http_call *next_free;
	struct http_reply_field *reply_fields;
	void *connection; /* the engine's; NULL once the client is gone */
	void *request;	  /* evhttp's, until answered */
	bool in_flight, answered, head_only;
	bool early;	   /* the handler runs, or ran, before the body was there */
	bool body_done;	   /* all of it is there */
	bool body_whole;   /* as much as there is may be read ahead */
	bool lost;	   /* its connection was shed */
	int body_fault;	   /* an early body does not come: the status that was answered, or -1: the client is gone */
	size_t body_taken; /* bytes that http_body_read gave out of a body that is there as a whole */
	struct co *waiter; /* in http_body_read or http_reply_write */
	struct http_seat *seat;		   /* NULL once the client is gone */
	size_t held;			   /* bytes, as the peers know them */
	size_t extra;			   /* bytes that the handler holds */
	int64_t reply_left;		   /* bytes of content that are still to be written */
	void (*on_hangup)(void *argument); /* or NULL */
	void *on_hangup_argument;
	int ended_fd;		    /* the socket, once nothing more comes on it while the call is handled; -1 */
	struct http_hangup *hangup; /* while it is being found out whether the client has gone */
	int64_t reply_pace;	    /* monotonic: when the content written so far should have left */
	struct http_parser parser;
	struct http_fields fields;
};

/* What stands below the server. */
struct http_engine {
	/* Starts serving the listening socket. Returns the engine's state. */
	void *(*open)(struct http_server *server, struct http_listener *listener);
	/* A route may have so much body. May be NULL. */
	void (*route_added)(void *state, size_t max_body);
	void (*drain)(void *state);
	/* Closes every connection and frees the state. */
	void (*close)(void *state);
	/* Sends the answer, or as much as goes, and keeps a copy of the rest. */
	void (*send)(struct http_call *call, const struct http_reply_parts *parts);
	/* Sends a piece after send() with `later`, or keeps a copy; nothing is unsent then. */
	void (*write)(struct http_call *call, const struct http_piece *piece);
	/* Bytes of the answer that the socket has not taken. */
	size_t (*unsent)(const struct http_call *call);
	/* The handler of an early body has taken some of it. NULL: bodies are never early. */
	void (*want)(struct http_call *call);
	/* The client of the call, which is being handled, has gone: ends the connection. */
	void (*gone)(struct http_call *call);
	/* The handler has returned: the connection may go on. Must give the call back. */
	void (*done)(struct http_call *call);
	/* Ends an idle connection. False when something has come for it meanwhile: it is busy now. */
	bool (*evict)(void *connection);
	/* Frees what the connection holds, ending it. Not called from inside work on a connection. */
	void (*shed)(void *connection);
};

/* The two engines, each in a folder of its own; http_server_new chooses. */
extern const struct http_engine HTTP_DIRECT;
extern const struct http_engine HTTP_EVHTTP;

struct http_server {
	struct http_server_options options; /* without zeros */
	const struct http_engine *engine;
	void *state; /* the engine's */
	struct event_base *base;
	struct http_listener listener;
	struct http_route *routes;
	struct http_route unrouted;  /* for requests that match none of them */
	http_answer_hook *on_answer; /* or NULL */
	void *on_answer_argument;
	http_exempt *exempt; /* or NULL */
	void *exempt_argument;
	struct http_peers peers;
	struct http_call *free_calls;
	size_t free_count, in_flight, connections;
	bool draining;
	int64_t date_second;
	char date[32]; /* for the Date header, of date_second */
};

/* How often an engine looks for connections whose time is up, in microseconds. */
int64_t http_server_tick(const struct http_server *server);

/* How long an answer of that many bytes may take to leave, in microseconds. */
int64_t http_server_write_time(const struct http_server *server, int64_t bytes);

/* Takes a call for a request that begins, its parser begun. Its context has an arena and no deadline yet. peer is
 * copied. */
struct http_call *http_call_begin(struct http_server *server, const char *peer);

/* The parser has the head: fills in method, path and query, finds the route, and allows as much body as that takes.
 * Returns 0, or the status to refuse the request with. */
int http_call_head(struct http_call *call) MUST_CHECK;

/* The parser has the body: fills that in. */
void http_call_body(struct http_call *call);

/* The request is complete: sets deadline and names, then starts the handler in a coroutine, or answers at once when too
 * much is in flight. engine->done is called when it is over, at the earliest before this returns. */
void http_call_run(struct http_call *call);

/* True when the head is complete and the handler is to run now, with the body, or more of it, to come. */
bool http_call_is_early(const struct http_call *call) MUST_CHECK;

/* How many bytes of an early body may be read now; 0: none, enough is read ahead. */
size_t http_call_window(const struct http_call *call);

/* More of an early body is there, or all of it. */
void http_call_body_came(struct http_call *call, bool all);

/* An early body does not come: answers with the status and lets the handler know; -1: the client is gone. */
void http_call_body_failed(struct http_call *call, int status);

/* Wakes the handler to check again what it waits for: more of a body, or that its answer has been sent. */
void http_call_wake(struct http_call *call);

/* Counts what the call holds. To be called when that may have become much, and is cheap otherwise. */
void http_call_account(struct http_call *call);

/* Its connection is being closed to free memory: counts what it holds as free already. */
void http_call_lose(struct http_call *call);

/* Sets the context's deadline, from now. */
void http_call_set_deadline(struct http_call *call);

/* Nothing more comes on the socket of a call that is being handled: begins to find out whether its client has gone. */
void http_call_input_ended(struct http_call *call, int fd);

/* Ends that search, before something is sent or the socket is closed. */
void http_call_forget_hangup(struct http_call *call);

/* Its connection is gone: calls on_hangup, if set. */
void http_call_hung_up(struct http_call *call);

/* Answers with on_fault's body; 503 with Retry-After. */
void http_call_fault(struct http_call *call, int status);

/* Gives the call and what its parser holds back. */
void http_call_end(struct http_call *call);

/* The reason phrase of a status. Static. */
const char *http_status_text(int status);

/* The value of a Date header for now. Borrowed until the next call. */
const char *http_server_date(struct http_server *server);

/* Renders status line and headers up to the empty line into *head, made in the call's arena. keep_alive: whether the
 * connection goes on. */
void http_render_head(struct http_call *call, const struct http_reply_parts *parts, bool keep_alive,
		      struct buffer *head);

/* A whole answer to a request that does not come to be handled, ending the connection, in the call's arena. call: what
 * was read of the request; on_answer sees the headers before the fault. Its caller ends it. */
const char *http_render_refusal(struct http_call *call, int status, size_t *ret_length);

#endif
