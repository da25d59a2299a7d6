/*
 * Bookings: the methods events.booking.*.
 *
 * Invariants: a listing's row is locked before anything about its time changes (booking/terms.h), so that callers run
 * one after the other and a taken period is `conflict`, never a deadlock; the exclusion constraint on booking_unit
 * would refuse an overlap even so. What may happen to a booking in which state is one table (booking/state.h). The
 * search projection and the fact follow in the same transaction (booking/store.h).
 */
#ifndef EVENTLOOP_EVENTS_BOOKING_H
#define EVENTLOOP_EVENTS_BOOKING_H

#include "rpc/call.h"

int booking_quote(struct rpc_call *call) MAY_SUSPEND;
int booking_hold(struct rpc_call *call) MAY_SUSPEND;
int booking_create(struct rpc_call *call) MAY_SUSPEND;
int booking_get(struct rpc_call *call) MAY_SUSPEND;
int booking_list(struct rpc_call *call) MAY_SUSPEND;

int booking_approve(struct rpc_call *call) MAY_SUSPEND;
int booking_accept(struct rpc_call *call) MAY_SUSPEND;
int booking_decline(struct rpc_call *call) MAY_SUSPEND;

int booking_change(struct rpc_call *call) MAY_SUSPEND;
int booking_quote_change(struct rpc_call *call) MAY_SUSPEND;
int booking_shorten(struct rpc_call *call) MAY_SUSPEND;

int booking_cancel(struct rpc_call *call) MAY_SUSPEND;
int booking_quote_cancel(struct rpc_call *call) MAY_SUSPEND;
int booking_complete(struct rpc_call *call) MAY_SUSPEND;
int booking_no_show(struct rpc_call *call) MAY_SUSPEND;

int booking_erase_customer(struct rpc_call *call) MAY_SUSPEND;
int booking_block(struct rpc_call *call) MAY_SUSPEND;
int booking_unblock(struct rpc_call *call) MAY_SUSPEND;

#endif
