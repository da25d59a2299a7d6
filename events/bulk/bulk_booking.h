/*
 * Loads the bookings and blocks of a batch of an import.
 *
 * Purpose: one statement looks all of them up, their units are given in memory (bulk_units.h), one statement stores
 * them; only those that need more, a few as a rule, go one by one. Invariants: the listings, and those that share walls
 * with them, are locked in the order of their ids; no user is erased until the batch is in, and of who was erased
 * before nothing that they wrote, or that was written about them, is stored. No fact is published: what is imported
 * happened elsewhere.
 */
#ifndef EVENTLOOP_EVENTS_BULK_BOOKING_H
#define EVENTLOOP_EVENTS_BULK_BOOKING_H

#include "daemon/import.h"

/* Loads those of the lines that are bookings. A line that names no listing, or whose time is taken, gets a reason. 0;
 * -1 with an error. */
int bulk_booking_load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines,
		      size_t count) MAY_SUSPEND MUST_CHECK;

#endif
