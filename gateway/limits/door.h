/*
 * Rate limits of the endpoints beside POST /rpc: pictures, documents, pages, preflights and unknown paths cost too. A
 * door is one such endpoint.
 *
 * Invariants: a client over its limit gets 429 with Retry-After, one with a daemon's token 403, both with a JSON-RPC
 * error as every refusal over HTTP.
 */
#ifndef EVENTLOOP_GATEWAY_DOOR_H
#define EVENTLOOP_GATEWAY_DOOR_H

#include "http/server.h"
#include "limits/purses.h"

struct door;
struct gateway;

/* Finds the caller by token and address, and takes the charge. 0; -1 after having answered. *ret_caller is for
 * limits_owe. */
int door_enter(struct gateway *gateway, struct http_exchange *exchange, const struct charge *charge,
	       struct caller *ret_caller) MAY_SUSPEND MUST_CHECK;

/* A rate-limited endpoint where each request costs as much as the cheapest call; others: those made before, to be freed
 * with it. */
struct door *door_new(struct gateway *gateway, http_handler *handler, void *argument, struct door *others);

/* Takes the charge and has the door's handler answer. argument: struct door. */
void door_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

/* Frees it and the others. Accepts NULL. */
void doors_free(struct door *door);

#endif
