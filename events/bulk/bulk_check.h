/*
 * Checks an import's lines without the database.
 */
#ifndef EVENTLOOP_EVENTS_BULK_CHECK_H
#define EVENTLOOP_EVENTS_BULK_CHECK_H

#include "daemon/import.h"

#include <stdbool.h>

/* True for {"kind": kind, ...}. */
bool bulk_is(const struct import_line *line, const char *kind);

/* Sets line->reason when the line is neither a listing that events.listing.create would take nor a booking. The
 * catalogue must be current. */
void bulk_check(struct rpc_call *call, struct import_line *line);

#endif
