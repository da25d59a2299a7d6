/*
 * What passport makes at its start: keys, and the page that publishes them.
 */
#ifndef EVENTLOOP_PASSPORT_START_H
#define EVENTLOOP_PASSPORT_START_H

#include "daemon/daemon.h"

/* Makes worker->app (struct passport) and the route /.well-known/jwks.json. */
int passport_start(struct daemon_worker *worker, struct context *ctx) MAY_SUSPEND;

/* Has the long polls end. */
void passport_drain(struct daemon_worker *worker);

/* Frees it. */
void passport_stop(struct daemon_worker *worker) MAY_SUSPEND;

#endif
