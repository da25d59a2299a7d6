/*
 * Which units of a listing a booking takes.
 *
 * Purpose: N interchangeable units fit a set of bookings exactly when no instant has more than N of them (interval
 * graphs are perfect), so a request that fits by count can always get units, if need be by moving other bookings.
 */
#ifndef EVENTLOOP_EVENTS_UNIT_H
#define EVENTLOOP_EVENTS_UNIT_H

#include "daemon/data_check.h"
#include "rpc/call.h"

/* Finds `units` units of the listing (of `total`) that are free for the period, moving others when that is what it
 * takes. The listing's row must be locked. *ret_units: PostgreSQL array text, "{1,4}". -1 with conflict, reason booked.
 */
int unit_allocate(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const char *total, const char *units,
		  const char *period, const char **ret_units) MAY_SUSPEND MUST_CHECK;

/* Bookings of more units than one call may now ask for (events/api/booking.json). */
extern const struct data_check unit_count_check;

#endif
