/*
 * The period of a booking and the rules that every booking keeps.
 */
#ifndef EVENTLOOP_EVENTS_PERIOD_H
#define EVENTLOOP_EVENTS_PERIOD_H

#include "rpc/call.h"

#define PERIOD_MAX_DAYS 366	   /* longest booking, in days on the venue's clock */
#define PERIOD_MAX_DAYS_TEXT "366" /* the same in statements */
#define PERIOD_HORIZON_DAYS 500	   /* how far ahead one may end: what search's ring of days can hold */

/* Reads params.period as a range text, "[from,to)". -1 with invalid_params (to not after from) or precondition_failed
 * (rules in_past, max_duration, horizon). It may still be too long by less than a day, since it takes the venue's zone
 * to count: the statement that reads the listing asks local_days (migrations/0009_price.sql). */
int period_read(struct rpc_call *call, const char **ret_range) MUST_CHECK;

/* The error of a period that is too long: precondition_failed, rule max_duration. Returns -1. */
int period_too_long(struct rpc_call *call);

/* Reads the time in the parameter `name` ("from") as PostgreSQL takes it: it knows no offsets of 16 hours and more.
 * NULL in *ret_time when it is absent; -1 with invalid_params when it lies outside the years 0001 to 9999. */
int period_read_time(struct rpc_call *call, const char *name, const char **ret_time) MUST_CHECK;

/* Reads any period without the rules of bookings (a search may look back): -1 with invalid_params only. */
int period_read_any(struct rpc_call *call, const char **ret_range) MUST_CHECK;

#endif
