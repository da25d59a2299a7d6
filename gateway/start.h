/*
 * What the gateway makes at its start: method discovery, and its routes.
 */
#ifndef EVENTLOOP_GATEWAY_START_H
#define EVENTLOOP_GATEWAY_START_H

#include "daemon/daemon.h"

/* Makes worker->app (struct gateway) and the routes. */
int gateway_start(struct daemon_worker *worker, struct context *ctx) MAY_SUSPEND;

/* Frees it. */
void gateway_stop(struct daemon_worker *worker) MAY_SUSPEND;

#endif
