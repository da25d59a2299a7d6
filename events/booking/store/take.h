/*
 * The units of a wish under the listing's lock.
 *
 * Purpose: every path that takes time asks here, direct, hold, approval, change and block alike.
 */
#ifndef EVENTLOOP_EVENTS_TAKE_H
#define EVENTLOOP_EVENTS_TAKE_H

#include "booking/store/terms.h"
#include "booking/store/unit.h"
#include "booking/store/wish.h"

/* Finds units for wish->taken. replaces: a booking whose units these become, or NULL. -1 with conflict, reason booked.
 */
int take_units(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const char *replaces, struct unit_choice *ret) MAY_SUSPEND MUST_CHECK;

#endif
