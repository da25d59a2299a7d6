/*
 * The period of a booking and the rules that every booking keeps.
 */
#ifndef EVENTLOOP_EVENTS_PERIOD_H
#define EVENTLOOP_EVENTS_PERIOD_H

#include "rpc/call.h"

#define PERIOD_MAX_DAYS 366	/* longest booking */
#define PERIOD_HORIZON_DAYS 500 /* how far ahead one may end: what search's ring of days can hold */

/* Reads params.period as a range text, "[from,to)". -1 with invalid_params (to not after from) or precondition_failed
 * (rules in_past, max_duration, horizon). */
int period_read(struct rpc_call *call, const char **ret_range) MUST_CHECK;

/* Reads any period without the rules of bookings (a search may look back): -1 with invalid_params only. */
int period_read_any(struct rpc_call *call, const char **ret_range) MUST_CHECK;

#endif
