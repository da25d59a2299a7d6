/*
 * Checks a booking or a block of an import: its form, and that its members fit together.
 *
 * Invariants: pure but for the clock. What the clock has ended by now is made what it has become: a booking that has
 * ended is completed, a hold or request whose time is over has expired.
 */
#ifndef EVENTLOOP_EVENTS_BULK_BOOKING_CHECK_H
#define EVENTLOOP_EVENTS_BULK_BOOKING_CHECK_H

#include "daemon/import.h"

#include <stdbool.h>

struct schema;

/* Sets line->reason, or the line's state and what follows from it. */
void bulk_booking_check(struct rpc_call *call, struct import_line *line);

/* Whether a checked booking takes units of its listing. */
bool bulk_booking_takes(struct json_object *booking);

/* Whether the value fits the schema; else sets line->reason to the first fault (bulk_check.c). */
bool bulk_fits(struct rpc_call *call, const struct schema *schema, struct json_object *value,
	       struct import_line *line) MUST_CHECK;

#endif
