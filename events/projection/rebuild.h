/*
 * The command `rebuild-search`: makes what search reads anew from listings and bookings.
 *
 * Purpose: after a restore of some tables, or when `check` or somebody's eye says that search is not what the listings
 * are. Invariants: each batch locks its listings as whoever changes them does, so it runs while the daemon serves; what
 * is right already stays as it is.
 */
#ifndef EVENTLOOP_EVENTS_PROJECTION_REBUILD_H
#define EVENTLOOP_EVENTS_PROJECTION_REBUILD_H

#include "daemon/daemon.h"

/* Prints {"listings": N}. Returns the exit status: 0, or 1 after having logged why not all were projected. */
int projection_rebuild_command(struct daemon_worker *worker, struct context *ctx, int argc,
			       char *const *argv) MAY_SUSPEND;

#endif
