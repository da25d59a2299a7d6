/*
 * Whether a period can be booked, and if not, all the reasons: the method events.availability.explain.
 *
 * Invariants: what it says of rules is the verdict that a booking would meet (verdict.h), and of units what it would
 * find; ids of the bookings that have the units are for the company's staff alone. It promises nothing: the next caller
 * may be quicker.
 */
#ifndef EVENTLOOP_EVENTS_EXPLAIN_H
#define EVENTLOOP_EVENTS_EXPLAIN_H

#include "rpc/call.h"

int availability_explain(struct rpc_call *call) MAY_SUSPEND;

#endif
