/*
 * Bookings: the methods events.booking.*.
 *
 * Invariants: a listing's row is locked before anything about its time changes, so that callers run one after the other
 * and a taken period is `conflict`, never a deadlock; the exclusion constraint on booking_unit would refuse an overlap
 * even so. Units are interchangeable: a request fits exactly when no instant would have more bookings than units;
 * others may be moved to another unit to make it fit. The search projection follows in the same transaction.
 */
#ifndef EVENTLOOP_EVENTS_BOOKING_H
#define EVENTLOOP_EVENTS_BOOKING_H

#include "rpc/call.h"

int booking_create(struct rpc_call *call) MAY_SUSPEND;
int booking_get(struct rpc_call *call) MAY_SUSPEND;
int booking_list(struct rpc_call *call) MAY_SUSPEND;
int booking_cancel(struct rpc_call *call) MAY_SUSPEND;

#endif
