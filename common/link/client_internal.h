/*
 * What the files of the link's client share: connections (client.c) and calls (call.c).
 */
#ifndef EVENTLOOP_LINK_CLIENT_INTERNAL_H
#define EVENTLOOP_LINK_CLIENT_INTERNAL_H

#include "co/sync.h"
#include "link/connect.h"
#include "link/link.h"
#include "link/stream.h"

#include <stdbool.h>

#define LINK_NO_SLOT UINT32_MAX

struct event;
struct event_base;
struct link_waiter;

/* A wire id is a slot and its generation, so that a late answer to a reused slot is recognised. */
struct link_slot {
	uint32_t generation;
	uint32_t next_free;
	struct link_waiter *waiter; /* NULL when free */
	struct link_lane *lane;
	uint64_t begins; /* in the lane's stream, to know what was seen of it */
};

/* One connection and its successors. */
struct link_lane {
	struct link_client *client;
	enum link_state state;
	struct link_stream stream;
	struct link_attempt *attempt;
	struct event *retry;
	int64_t back_off;
	size_t in_flight;
	bool idle;		 /* nobody has asked for it yet */
	bool draining;		 /* the server goes away */
	int64_t connected;	 /* when, monotonic */
	struct co_queue waiting; /* for the connection */
};

struct link_client {
	struct link_target target;
	struct event_base *base;
	struct link_outbox outbox;
	struct link_slot *slots;
	uint32_t slot_count, free_slot;
	size_t lane_count, next_lane;
	struct link_lane *lanes;
	int64_t lost;		 /* when a connection was lost, or began to drain, the last time; monotonic, 0: never */
	struct co_queue waiting; /* for the end of an attempt to connect, whichever connection's */
	size_t callers;		 /* inside link_call or link_client_await */
	bool closed;		 /* freed by its owner; the last caller frees the memory */
	int64_t faulty_since; /* since when another than the expected daemon answers there; monotonic, 0: it does not */
	bool told;	      /* of that */
};

/* --- client.c --- */

/* Begins to connect, when nobody has asked for the connection before. */
void link_lane_wanted(struct link_lane *lane);

/* A function that may suspend while it uses the client holds its memory with these. */
void link_client_hold(struct link_client *client);
void link_client_drop(struct link_client *client);

/* --- call.c --- */

/* A line of the server has come: an answer, or that it drains. */
void link_take_line(struct link_lane *lane, const char *line, size_t length);

/* Ends the calls of a lane, or of all lanes (NULL). */
void link_lose_calls(struct link_client *client, const struct link_lane *lane);

#endif
