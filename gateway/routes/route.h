/*
 * POST /rpc at the gateway: each call goes to the daemon that its name begins with.
 *
 * Invariants: calls of a batch travel side by side and the batch is answered whole; what is answered is JSON-RPC
 * whatever happens upstream; tokens are verified here too, so that a bad one costs no daemon anything.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_ROUTE_H
#define EVENTLOOP_GATEWAY_ROUTES_ROUTE_H

#include "http/server.h"

/* argument: the worker (spec->rpc_endpoint). */
void route_handle(struct http_exchange *exchange, void *argument) MAY_SUSPEND;

#endif
