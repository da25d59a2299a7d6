/*
 * The method gateway.status.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_STATUS_H
#define EVENTLOOP_GATEWAY_ROUTES_STATUS_H

#include "rpc/call.h"

int gateway_status(struct rpc_call *call);

#endif
