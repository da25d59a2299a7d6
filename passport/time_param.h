/*
 * Parameters that are instants.
 */
#ifndef EVENTLOOP_PASSPORT_TIME_PARAM_H
#define EVENTLOOP_PASSPORT_TIME_PARAM_H

#include "rpc/call.h"

/* Reads an optional parameter: *ret_time is its time in UTC as PostgreSQL reads it, NULL when absent; *ret_wall, unless
 * NULL, the same in microseconds since 1970, left alone when absent. -1 with invalid_params: not in the years 0001 to
 * 9999. */
int time_param(struct rpc_call *call, const char *name, const char **ret_time, int64_t *ret_wall) MUST_CHECK;

#endif
