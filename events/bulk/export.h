/*
 * The command `export FILE`: everything that an import takes, as one moment has it (docs/import.md tells the lines).
 *
 * Invariants: read in one transaction that sees one state of the database, some rows at a time, so that memory does not
 * grow with it; in an order in which an import can take it: parts before their wholes, listings before bookings. FILE
 * is complete or not there: it is written beside and renamed.
 */
#ifndef EVENTLOOP_EVENTS_EXPORT_H
#define EVENTLOOP_EVENTS_EXPORT_H

#include "daemon/daemon.h"

/* Writes FILE, or standard output for "-", and a summary {"lines","seconds"} to stdout, or the log. Returns the exit
 * status: 1 when the file cannot be written or the database is away, 2 for wrong usage. */
int bulk_export(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
