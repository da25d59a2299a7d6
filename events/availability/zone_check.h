/*
 * Whether the database's clocks are ours.
 *
 * Purpose: all arithmetic of zones reads the system's zoneinfo (zone/zone.h), but PostgreSQL has a database of its own,
 * which statements may read and another package brings up to date: at start they are compared, and a difference is a
 * warning for whoever runs the daemon.
 * Invariants: in the background, one zone a statement, at most ZONE_CHECK_MOST zones that listings are in, the days
 * that a booking may lie in.
 */
#ifndef EVENTLOOP_EVENTS_ZONE_CHECK_H
#define EVENTLOOP_EVENTS_ZONE_CHECK_H

#include "postgres/postgres.h"

#define ZONE_CHECK_MOST "600"

/* Compares the zones in use from `now` (wall microseconds) on, and logs the first difference of each. -1 with an error.
 */
int zone_check_run(struct context *ctx, struct pg *db, int64_t now) MAY_SUSPEND MUST_CHECK;

#endif
