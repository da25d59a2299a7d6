/*
 * Rate limits of the endpoints beside POST /rpc: pictures, documents, pages, preflights and unknown paths cost too.
 *
 * Invariants: a client over its limit gets 429 with Retry-After, one with a daemon's token 403, both with a JSON-RPC
 * error as every refusal over HTTP.
 */
#ifndef EVENTLOOP_GATEWAY_ENDPOINT_H
#define EVENTLOOP_GATEWAY_ENDPOINT_H

#include "http/server.h"
#include "limits/buckets.h"

struct endpoint;
struct gateway;

/* Finds the caller by token and address, and takes the charge. 0; -1 after having answered. *ret_caller is for
 * limits_charge_later. */
int endpoint_enter(struct gateway *gateway, struct http_exchange *exchange, const struct charge *charge,
		   struct caller *ret_caller) MAY_SUSPEND MUST_CHECK;

/* A rate-limited endpoint where each request costs as much as the cheapest call; others: those made before, to be freed
 * with it. */
struct endpoint *endpoint_new(struct gateway *gateway, http_handler *handler, void *argument, struct endpoint *others);

/* Takes the charge and has the endpoint's handler answer. argument: struct endpoint. */
void endpoint_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

/* Frees it and the others. Accepts NULL. */
void endpoints_free(struct endpoint *endpoint);

#endif
