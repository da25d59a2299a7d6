/*
 * The command `import FILE`: listings and bookings from NDJSON (docs/operating.md describes the lines).
 */
#ifndef EVENTLOOP_EVENTS_BULK_H
#define EVENTLOOP_EVENTS_BULK_H

#include "daemon/daemon.h"

/* Loads the file; see daemon/import.h for how an import runs. Returns the exit status. */
int bulk_import(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
