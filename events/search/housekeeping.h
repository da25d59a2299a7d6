/*
 * Clears past days in the ring of busy days, since a day's bit is used again after 512 days.
 */
#ifndef EVENTLOOP_EVENTS_HOUSEKEEPING_H
#define EVENTLOOP_EVENTS_HOUSEKEEPING_H

#include "base/context.h"
#include "base/macros.h"

struct pg;

/* Clears the bits of days that are gone and drops busy time that has passed, in batches, until none is left. -1 with
 * the database's error. */
int housekeeping_run(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

#endif
