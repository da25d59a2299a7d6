/*
 * IANA time zones: which names passport takes.
 */
#ifndef EVENTLOOP_PASSPORT_TIME_ZONE_H
#define EVENTLOOP_PASSPORT_TIME_ZONE_H

#include "rpc/call.h"

/* Checks the parameter time_zone where there is one; invalid_params with rule time_zone for a name nobody knows. */
int time_zone_check(struct rpc_call *call) MAY_SUSPEND MUST_CHECK;

#endif
