/*
 * The pricing of a listing: read by everybody who may see the listing, set by managers of its company.
 *
 * Invariants: rules and pricing of a listing share one version (listing.rules_version), which each change raises; a
 * pricing that is not empty has a base price, whose currency is that of all its amounts. A change touches no booking.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_PRICING_H
#define EVENTLOOP_EVENTS_LISTING_PRICING_H

#include "rpc/call.h"

int listing_get_pricing(struct rpc_call *call) MAY_SUSPEND;
int listing_set_pricing(struct rpc_call *call) MAY_SUSPEND;

/* For an update of the listing, whose row is locked: the parameter price, if there is one, keeps the currency that the
 * listing's pricing and its bookings to come are in. 0; -1 with precondition_failed (rule currency_in_use). */
int listing_check_currency(struct rpc_call *call, struct pg_tx *tx, const char *listing_id) MAY_SUSPEND MUST_CHECK;

#endif
