/*
 * What of a listing is free: the method events.availability.slots.
 *
 * Invariants: a slot is time in which guests may be, of at least the units asked for: opening hours, buffers of
 * neighbours, notice and horizon are taken off. Slots of interchangeable units follow each other where the count
 * changes; a booking may go on from one into the next as far as opening hours let it. Of named units each has slots of
 * its own. Where whole dates are sold, a slot is a date; where sessions are, a session. With a length there are also
 * the beginnings that a booking of that length may have: every one of them passes the verdict and finds its units, at
 * this moment.
 */
#ifndef EVENTLOOP_EVENTS_SLOTS_H
#define EVENTLOOP_EVENTS_SLOTS_H

#include "rpc/call.h"

#define SLOTS_DAYS_MOST 62 /* of a call */
#define SLOTS_MOST 1000	   /* entries of each list; more are cut off, and `truncated` says so */

int availability_slots(struct rpc_call *call) MAY_SUSPEND;

#endif
