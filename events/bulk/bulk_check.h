/*
 * Checks an import's lines without the database.
 *
 * Invariants: what a line may hold is what the API's schemas say, ImportedListing and ImportedBooking (api/bulk.json)
 * and the parameters of the methods that set the same things; a member that is null counts as absent. A reason reads
 * "/path: rule expected", as the fields of the API's errors.
 */
#ifndef EVENTLOOP_EVENTS_BULK_CHECK_H
#define EVENTLOOP_EVENTS_BULK_CHECK_H

#include "daemon/import.h"

#include <stdbool.h>

/* True for {"kind": kind, ...}. */
bool bulk_is(const struct import_line *line, const char *kind);

/* True for a booking and a block. */
bool bulk_is_booking(const struct import_line *line);

/* Sets line->reason when the line is neither a listing that events.listing.create would take, with rules and prices
 * that fit their schemas, nor a booking or a block. Gives it an id when it has none, a booking also the state that it
 * has by now. The catalogue must be current. */
void bulk_check(struct rpc_call *call, struct import_line *line);

/* After an error: when it says that the line cannot be, and not that the database could not do it, makes it the line's
 * reason, and there is no error any more. */
bool bulk_refused(struct rpc_call *call, struct import_line *line);

/* The member when it is a text; or NULL. Borrowed. */
const char *bulk_text(struct json_object *object, const char *name);

#endif
