/*
 * The command `eventloop-passport master-key reseal`: everything sealed in the database anew, under master_key.
 *
 * Purpose: the last but one step of changing the master key (docs/operating.md). Invariants: a transaction a page of
 * rows, in the order of their keys, so that other writers wait only briefly and two simultaneous runs cannot deadlock.
 * A value that neither key opens stops it; the pages done before stay, and with both keys set all rows can still be
 * opened. It can be run again at any time; it then begins at the start.
 */
#ifndef EVENTLOOP_PASSPORT_MASTER_KEY_COMMAND_H
#define EVENTLOOP_PASSPORT_MASTER_KEY_COMMAND_H

#include "daemon/daemon.h"

/* Runs it; the exit status. */
int master_key_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
