/*
 * Loads the listings of a batch of an import, with their rules, prices and parts.
 *
 * Invariants: rules and prices are checked by the code that events.listing.set_rules and set_pricing check them with,
 * parts by that of set_includes; what is there already (by id, or by the company's own id) is passed over.
 */
#ifndef EVENTLOOP_EVENTS_BULK_LISTING_H
#define EVENTLOOP_EVENTS_BULK_LISTING_H

#include "daemon/import.h"

/* Loads those of the lines that are listings. One that cannot be gets a reason. 0; -1 with an error. */
int bulk_listing_load(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines,
		      size_t count) MAY_SUSPEND MUST_CHECK;

#endif
