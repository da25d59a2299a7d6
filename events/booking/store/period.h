/*
 * The period of a booking and the rules that every booking keeps.
 *
 * Use: period_read_span before anything is locked, period_check_clock with the write's clock: read once, by the
 * statement that has locked the listing, so that it is not before the commit of the transaction that held the lock.
 */
#ifndef EVENTLOOP_EVENTS_PERIOD_H
#define EVENTLOOP_EVENTS_PERIOD_H

#include "availability/hours.h"
#include "daemon/data_check.h"
#include "rpc/call.h"

struct daemon_worker;

#define PERIOD_MAX_DAYS 366	   /* longest booking, in days on the venue's clock */
#define PERIOD_MAX_DAYS_TEXT "366" /* the same in statements */
#define PERIOD_HORIZON_DAYS 1000   /* how far ahead one may end: what search's ring of days can hold */
#define PERIOD_HORIZON_TEXT "1000" /* the same in words */

/* SQL: the period is shorter than so many microseconds. */
#define PERIOD_SHORTER(period, microseconds) \
	"(upper(" period ") - lower(" period ") < " microseconds "::bigint * interval '1 microsecond')"

/* Bookings shorter than booking_shortest, from before that rule. */
extern const struct data_check period_shortest_check;

/* The setting booking_shortest, microseconds: what no booking may be shorter than, whatever its unit of sale. */
int64_t period_shortest(const struct daemon_worker *worker);

/* Reads params.period. -1 with invalid_params (to not after from) or precondition_failed (rule max_duration). It may
 * still be too long by less than a day, since days are counted in the venue's zone, and too short: the verdict says
 * (availability/verdict.h). */
int period_read_span(struct rpc_call *call, struct span *ret) MUST_CHECK;

/* Longer than any booking may be, or shorter, for what no verdict looks at: -1 with precondition_failed (rule
 * max_duration, min_duration). */
int period_check_longest(struct rpc_call *call, const struct span *period) MUST_CHECK;
int period_check_shortest(struct rpc_call *call, const struct span *period) MUST_CHECK;

/* The period can be booked at the moment `now` (wall microseconds): it is to come, or began less than a minute ago, for
 * a caller's clock may be behind; it has not ended; it ends within the horizon. -1 with precondition_failed (rules
 * in_past, horizon). */
int period_check_clock(struct rpc_call *call, const struct span *period, int64_t now) MUST_CHECK;

/* Reads the time in the parameter `name` ("from") as PostgreSQL takes it: it knows no offsets of 16 hours and more.
 * NULL in *ret_time when it is absent; -1 with invalid_params when it lies outside the years 0001 to 9999. */
int period_read_time(struct rpc_call *call, const char *name, const char **ret_time) MUST_CHECK;

/* Reads any period without the rules of bookings (a search may look back): -1 with invalid_params only. */
int period_read_any(struct rpc_call *call, const char **ret_range) MUST_CHECK;

#endif
