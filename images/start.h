/*
 * What images makes at its start: the store, the codecs, the routes.
 */
#ifndef EVENTLOOP_IMAGES_START_H
#define EVENTLOOP_IMAGES_START_H

#include "daemon/daemon.h"

/* Makes worker->app (struct images) and the routes. */
int images_start(struct daemon_worker *worker, struct context *ctx);

/* Frees it. */
void images_stop(struct daemon_worker *worker);

#endif
