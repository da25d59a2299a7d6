/*
 * The units that a caller asks for: so many, or those of these numbers.
 *
 * Purpose: bookings and explain read the parameters units and unit_numbers here, and refuse the same of them.
 * Invariants: pure.
 */
#ifndef EVENTLOOP_EVENTS_ASKED_UNITS_H
#define EVENTLOOP_EVENTS_ASKED_UNITS_H

#include "availability/asked.h"

/* Reads how many: as unit_numbers names when it is given, else what the parameter units says; absent when neither is.
 * -1 with invalid_params (rule count) when both are given and differ. */
int asked_units(struct rpc_call *call, int absent, int *ret) MUST_CHECK;

/* The units of unit_numbers are there and have names. -1 with invalid_params, or precondition_failed (units_mode). */
int asked_units_check(struct rpc_call *call, const struct booking_rules *rules) MUST_CHECK;

/* What is taken of the units that unit_numbers names, and of no others: they are the units 1 to `count` of the result.
 * All of it when the parameter is not given. In the arena. */
struct asked_taken asked_units_of(struct rpc_call *call, const struct asked_taken *taken);

#endif
