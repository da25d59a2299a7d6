/*
 * Arithmetic of amounts in minor units, exact: products are made in 128 bits, and what is not whole is rounded half
 * away from zero, once.
 *
 * Invariants: an amount lies between -MONEY_MAX and MONEY_MAX; what would not is refused, never cut.
 */
#ifndef EVENTLOOP_EVENTS_MONEY_H
#define EVENTLOOP_EVENTS_MONEY_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

#define MONEY_MAX INT64_C(9000000000000000) /* Amount of the API */
#define MONEY_MAX_TEXT "9000000000000000"   /* the same in errors */
#define MONEY_BASIS INT64_C(10000)	    /* basis points in one: 250 are 2.5 percent */

/* amount * part / whole, rounded. whole is above 0. False when the result is no amount. */
bool money_share(int64_t amount, int64_t part, int64_t whole, int64_t *ret) MUST_CHECK;

/* The same where it cannot fail: part is not more than whole, so of an amount it is one. */
int64_t money_fraction(int64_t amount, int64_t part, int64_t whole);

/* one + other, both amounts. False when the sum is none. */
bool money_add(int64_t one, int64_t other, int64_t *ret) MUST_CHECK;

#endif
