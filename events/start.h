/*
 * Start and stop of a thread of events.
 */
#ifndef EVENTLOOP_EVENTS_START_H
#define EVENTLOOP_EVENTS_START_H

#include "daemon/daemon.h"

/* Makes worker->app (struct events) and starts the housekeeping. */
int events_start(struct daemon_worker *worker, struct context *ctx) MAY_SUSPEND;

/* Frees it. */
void events_stop(struct daemon_worker *worker) MAY_SUSPEND;

#endif
