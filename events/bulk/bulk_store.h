/*
 * Stores bookings of an import whose units are known: one statement for all of them.
 *
 * Invariants: what most bookings have goes as arrays, a column each, which PostgreSQL reads much faster than JSON; what
 * few have goes as one JSON column. Of a user who was erased nothing is stored that they wrote or that was written
 * about them.
 */
#ifndef EVENTLOOP_EVENTS_BULK_STORE_H
#define EVENTLOOP_EVENTS_BULK_STORE_H

#include "bulk/bulk_units.h"
#include "daemon/import.h"

/* Stores those that are placed, with their units; the lines say all else of them, and have the listing's id and its
 * company's. Queued: an error shows at the next statement or the commit. */
void bulk_store(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines,
		const struct bulk_booking *bookings, size_t count);

#endif
