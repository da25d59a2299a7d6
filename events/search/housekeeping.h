/*
 * Keeps the rings of days in step with time: new days at the end of closed ones, and past ones cleared, since a day's
 * bit is used again after 1,024 days.
 */
#ifndef EVENTLOOP_EVENTS_HOUSEKEEPING_H
#define EVENTLOOP_EVENTS_HOUSEKEEPING_H

#include "base/context.h"
#include "base/macros.h"

struct pg;

/* Makes closed days anew that are not of today, clears the bits of days that are gone and drops busy time that has
 * passed, in batches, until none is left. -1 with the database's error. */
int housekeeping_run(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

#endif
