/*
 * A price in the making: for price.c, which has the order of things, price_time.c and price_extra.c.
 *
 * Invariants: lines are appended by price_add only, which keeps the running subtotal and refuses what no amount can
 * hold.
 */
#ifndef EVENTLOOP_EVENTS_PRICE_INTERNAL_H
#define EVENTLOOP_EVENTS_PRICE_INTERNAL_H

#include "pricing/price.h"

#define PRICE_MINUTE (60 * CLOCK_SECOND)
#define PRICE_HOUR (60 * PRICE_MINUTE)
#define PRICE_DAY (24 * PRICE_HOUR)

struct price_build {
	struct rpc_call *call;
	const struct booking_rules *rules;
	const struct pricing *pricing;
	const struct price_request *request;
	struct price_line *lines;
	size_t count;
	int64_t subtotal; /* of the lines so far */
	int64_t days;	  /* local days or nights of the period (hours_days) */
};

/* Appends the line `value` with the amount one * part / whole. 0; -1 with too_large when that, or the subtotal, is no
 * amount. */
int price_add(struct price_build *build, const struct price_line *value, int64_t one, int64_t part,
	      int64_t whole) MUST_CHECK;

/* Every extra of the request exists, is named once and not more often than it may be, and guests are said where they
 * count. 0; -1 with invalid_params. */
int price_check_extras(struct rpc_call *call, const struct pricing *pricing,
		       const struct price_request *request) MUST_CHECK;

/* Appends the lines of the extras, which have been checked. 0; -1 with too_large. */
int price_extras(struct price_build *build) MUST_CHECK;

/* Appends the lines of the time itself. 0; -1 with too_large. */
int price_time(struct price_build *build) MUST_CHECK;

#endif
