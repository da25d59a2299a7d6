/*
 * The method events.listing.set_includes: Hall A, Hall B and the whole house.
 *
 * Invariants: whole and parts are of one company; a whole has one unit, and is no part; 64 listings at most are
 * connected (column space_id, which all of them share). What is booked of one has rows of booking_unit in the others
 * (0023_shared_walls.sql), so that the database's constraint, search, slots and explain hold for them as for others.
 */
#ifndef EVENTLOOP_EVENTS_INCLUDES_H
#define EVENTLOOP_EVENTS_INCLUDES_H

#include "daemon/data_check.h"
#include "rpc/call.h"

int listing_set_includes(struct rpc_call *call) MAY_SUSPEND;

/* Sets params.includes of params.id, whose version is params.version, in the transaction, for an import too; looks at
 * no right and publishes nothing. -1 with invalid_params, precondition_failed, or conflict (stale version, booked). */
int includes_put(struct rpc_call *call, struct pg_tx *tx) MAY_SUSPEND MUST_CHECK;

/* Bookings whose rows are not in all listings that share walls with theirs. */
extern const struct data_check includes_check;

/* Listings whose space is not that of what they include. */
extern const struct data_check spaces_check;

#endif
