/*
 * Counts the connections to a server of this thread, and the memory they hold, so that one client cannot use up that of
 * others.
 *
 * Purpose: each address (an IPv6 /64 is one) has a number of connections, and each site of IPv6 (a /48) four times as
 * many; beyond it their own oldest idle one is closed; when the server is full, the oldest idle one of all, or if none
 * is idle the one that has stalled longest (its client has in a second neither read nor sent 32 KiB of what is
 * awaited). Bytes that wait in memory for clients (bodies being read, answers not sent yet) have one budget; beyond it
 * the connection that holds most, of the site that holds most (of IPv4: of the address), is closed ("shed"). Ownership:
 * the engine's connections own their seats; the peers own what is counted of an address and of a site. Invariants: a
 * seat is idle exactly while its connection waits for a request, and may be ended then; shedding happens between
 * events, never inside the work on a connection.
 */
#ifndef EVENTLOOP_HTTP_PEERS_H
#define EVENTLOOP_HTTP_PEERS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct event;
struct hash_map;
struct http_address;
struct http_call;
struct http_seat;
struct http_server;
struct metric;

TAILQ_HEAD(http_seats, http_seat);

/* A connection's entry in the lists and counts. Zeroed before its first use. */
struct http_seat {
	TAILQ_ENTRY(http_seat) of_all, of_address, of_site; /* while idle; oldest first */
	TAILQ_ENTRY(http_seat) standing;		    /* while its client is waited for; longest first */
	TAILQ_ENTRY(http_seat) holder;			    /* while it holds bytes */
	struct http_address *address;			    /* NULL: exempt, or has none */
	void *connection;				    /* the engine's; NULL: not seated */
	size_t held;					    /* bytes */
	int64_t waits_since;				    /* since when its client is waited for; 0: it is not */
	size_t moved;					    /* bytes since then */
	bool idle;
};

/* The part of the server. */
struct http_peers {
	struct hash_map *addresses, *sites;
	struct http_seats idle, standing, holders;
	struct event *shedding;
	size_t held; /* bytes, of all */
	size_t lost; /* of those, bytes of requests whose connection was shed and whose handlers have not ended yet */
	struct metric *shed, *slow, *evicted, *refused, *stood_still;
	struct metric *evicted_own, *refused_own, *evicted_site, *refused_site;
};

/* Makes the server's peers, on its event base. */
void http_peers_open(struct http_server *server);

/* Frees them. All seats have left. */
void http_peers_close(struct http_server *server);

/* Makes room for one more connection of that address (numeric), by ending an idle one if need be. count: connections
 * that are seated now. False when there is none: the newcomer is to be refused. */
bool http_peers_make_room(struct http_server *server, const char *peer, size_t count) MUST_CHECK;

/* Seats a connection, as idle. */
void http_peers_seat(struct http_server *server, struct http_seat *seat, void *connection, const char *peer);

/* Idle: the connection waits for a request; busy: it has got one. */
void http_peers_idle(struct http_server *server, struct http_seat *seat);
void http_peers_busy(struct http_server *server, struct http_seat *seat);

/* The connection, which is busy, waits for its client to send, or to read, the rest of something; a second call does
 * nothing, and http_peers_busy or http_peers_idle ends it. http_peers_moved: so many bytes of that have come or gone.
 * Only the direct engine calls these two. */
void http_peers_wait(struct http_server *server, struct http_seat *seat);
void http_peers_moved(struct http_server *server, struct http_seat *seat, size_t bytes);

/* The connection ends. What a call of it still holds stays counted in the sum. Harmless for one not seated. */
void http_peers_leave(struct http_server *server, struct http_seat *seat);

/* *held, a part of what the connection holds, is now that many bytes. seat: NULL when there is no connection any more.
 * Sheds soon when it has become too much. */
void http_peers_hold(struct http_server *server, struct http_seat *seat, size_t *held, size_t bytes);

/* So many bytes of the connection's are counted in the sum only. seat: may be NULL. */
void http_peers_forget(struct http_server *server, struct http_seat *seat, size_t bytes);

/* True when the sum is beyond the budget and this seat is the one that would be shed. */
bool http_peers_is_greediest(struct http_server *server, const struct http_seat *seat) MUST_CHECK;

#endif
