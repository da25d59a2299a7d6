/*
 * Doors beside POST /rpc: pictures, documents, pages, preflights and what no route is for cost too.
 *
 * Invariants: who has not enough is answered 429 with Retry-After and a JSON-RPC error, as whatever is refused by HTTP,
 * and who comes with a daemon's token 403.
 */
#ifndef EVENTLOOP_GATEWAY_DOOR_H
#define EVENTLOOP_GATEWAY_DOOR_H

#include "http/server.h"
#include "limits/purses.h"

struct door;
struct gateway;

/* Finds who asks, by token and address, and takes the charge. 0; -1 after having answered. *ret_caller is for what is
 * owed later. */
int door_enter(struct gateway *gateway, struct http_exchange *exchange, const struct charge *charge,
	       struct caller *ret_caller) MAY_SUSPEND MUST_CHECK;

/* A handler behind a door at which everything costs as much as the cheapest call; others: those made before, to be
 * freed with it. */
struct door *door_new(struct gateway *gateway, http_handler *handler, void *argument, struct door *others);

/* Takes the charge and has the door's handler answer. argument: struct door. */
void door_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

/* Frees it and the others. Accepts NULL. */
void doors_free(struct door *door);

#endif
