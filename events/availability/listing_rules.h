/*
 * The rules of a listing: read by everybody who may see it, set by managers of its company.
 *
 * Invariants: what a listing sets takes the place of its type's, member by member; null gives a member back to the
 * type. Rules and prices of a listing share one version (listing.rules_version), which each change raises. A change
 * touches no booking: those to come that the new rules would forbid are answered as `clashes`. The mode of the units
 * changes only with no bookings to come, since named ones are never moved and others may have been.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_RULES_H
#define EVENTLOOP_EVENTS_LISTING_RULES_H

#include "rpc/call.h"

int listing_get_rules(struct rpc_call *call) MAY_SUSPEND;
int listing_set_rules(struct rpc_call *call) MAY_SUSPEND;

#endif
