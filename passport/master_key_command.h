/*
 * The command `eventloop-passport master-key reseal`: everything sealed in the database anew, under master_key.
 *
 * Purpose: the last but one step of changing the master key (docs/operating.md). Invariants: a transaction a page of
 * rows, in the order of their keys, so that nobody waits long for one and two runs side by side cannot deadlock. What
 * cannot be opened by either key stops it; the pages before stay sealed anew, which both keys together open as well as
 * what was not reached. Run again, after an interruption or not, it begins at the start and ends alike.
 */
#ifndef EVENTLOOP_PASSPORT_MASTER_KEY_COMMAND_H
#define EVENTLOOP_PASSPORT_MASTER_KEY_COMMAND_H

#include "daemon/daemon.h"

/* Runs it; the exit status. */
int master_key_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
