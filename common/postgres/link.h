/*
 * One libpq connection kept alive on the loop: connecting without blocking, reconnecting with back-off, socket events.
 *
 * Ownership: embedded in what uses it (a pipelined connection, a listener), which outlives it; pg_link_close ends it.
 * Invariants: a fault found while sending or reading is only noted (pg_link_fail) and handled in a callback of its own,
 * so that `conn` is never freed while a caller uses it. `down` is called once for each failed attempt and for each lost
 * connection, after `conn` was finished.
 */
#ifndef EVENTLOOP_POSTGRES_LINK_H
#define EVENTLOOP_POSTGRES_LINK_H

#include "base/context.h"
#include "base/macros.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct pg_link;
struct pg_resolving;

/* Where a link connects to. Owned by the link's owner; last_error is the latest error text of the server or libpq. */
struct pg_target {
	char *url;
	char host_name[256];   /* a name that has to be resolved first; "" for numeric hosts and sockets */
	char host_address[64]; /* numeric address to be used for host_name; "" until resolved */
	char last_error[256];
};

/* Reads the url. -1 when libpq cannot parse it. */
int pg_target_init(struct pg_target *target, const char *url);
void pg_target_done(struct pg_target *target);

/* True when the url has a host name that libpq would look up, blocking the loop. */
bool pg_target_needs_resolving(const struct pg_target *target);

/* Resolves a host name on the process's offload pool into a numeric address. -1 with unavailable, overloaded or
 * deadline_exceeded in ctx. */
int pg_resolve(struct context *ctx, const char *host, char *address, size_t size) MAY_SUSPEND MUST_CHECK;

/* Begins a connection (PQconnectStartParams). NULL only when out of memory. */
PGconn *pg_target_start(const struct pg_target *target);

/* Keeps one line of text as last_error. */
void pg_target_note(struct pg_target *target, const char *text);

enum pg_link_state { PG_LINK_CLOSED, PG_LINK_CONNECTING, PG_LINK_UP, PG_LINK_FAILING, PG_LINK_WAITING };

struct pg_link {
	struct pg_target *target;
	PGconn *conn;
	struct event *input, *output, *timer;
	enum pg_link_state state;
	bool output_armed;
	struct pg_resolving *resolving;		   /* the coroutine that looks up the host's name, or NULL */
	unsigned failures;			   /* attempts in a row that failed */
	void (*up)(struct pg_link *link);	   /* connected; the socket is non-blocking */
	void (*input_ready)(struct pg_link *link); /* the socket is readable */
	void (*down)(struct pg_link *link, bool was_up);
};

/* Starts connecting. The three callbacks and target are set already. */
void pg_link_open(struct pg_link *link);

/* Marks the link broken: it goes down from a callback of its own and reconnects. Harmless when it is not up. */
void pg_link_fail(struct pg_link *link, const char *reason);

/* Sends what libpq holds back; waits for the socket in the background when it is full. */
void pg_link_flush(struct pg_link *link);

/* Ends it for good. Calls no callback. */
void pg_link_close(struct pg_link *link);

#endif
