/*
 * The command `eventloop-passport master-key reseal`: everything sealed in the database anew, under master_key.
 *
 * Purpose: the last but one step of changing the master key (docs/operating.md). Invariants: one transaction: after a
 * failure everything is as it was; what cannot be opened by either key stops it. Running it twice does no harm.
 */
#ifndef EVENTLOOP_PASSPORT_MASTER_KEY_COMMAND_H
#define EVENTLOOP_PASSPORT_MASTER_KEY_COMMAND_H

#include "daemon/daemon.h"

/* Runs it; the exit status. */
int master_key_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
