/*
 * Bookings to come that new rules would forbid. They stand: the company is told, and nothing else happens.
 */
#ifndef EVENTLOOP_EVENTS_CLASH_H
#define EVENTLOOP_EVENTS_CLASH_H

#include "availability/rules.h"
#include "rpc/call.h"

#define CLASH_MOST 100	       /* told */
#define CLASH_READ_MOST "1000" /* bookings looked at, the next ones first */

/* *ret: a JSON array of {id, period, rule}, rule being the first that forbids it; those of the clock (notice, horizon)
 * do not count. -1 with an error. */
int clash_find(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const struct booking_rules *rules,
	       const char **ret) MAY_SUSPEND MUST_CHECK;

#endif
