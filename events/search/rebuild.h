/*
 * The command `rebuild-search`: makes what search reads anew from listings and bookings.
 *
 * Purpose: for use after a restore of some tables, or when `check` or a user finds that search differs from the
 * listings. Invariants: each batch locks its listings as every change of them does, so it may run while the daemon
 * serves; rows that are right are not written.
 */
#ifndef EVENTLOOP_EVENTS_REBUILD_H
#define EVENTLOOP_EVENTS_REBUILD_H

#include "daemon/daemon.h"

/* Prints {"listings": N}. Returns the exit status: 0, or 1 after having logged why not all were projected. */
int rebuild_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
