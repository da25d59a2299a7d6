/*
 * Whether rules contradict each other: said when they are set, not when somebody wants to book.
 *
 * Invariants: looks at the effective rules, the type's and the listing's together, since a contradiction may lie
 * between the two; what each value may be by itself the API's schema has checked. The path of a fault is that of a
 * member under /params/rules; when the call gives one of the members that contradict each other, it is that one.
 *
 * Rules of faults: minimum, maximum, exclusiveMaximum, minItems, maxItems (with the bound), and of our own: not_before
 * (an exception ends before it begins), maximum_days (a yearly exception longer than a year), beyond_horizon (one that
 * begins too far ahead), next_date (hours of a night that do not end on the next date), between_dates (less time from
 * closing to the next date's opening than the buffers take), no_length (no length is a multiple of the step), no_hours
 * (no opening interval has room for the lengths and the grid), only_for_named.
 */
#ifndef EVENTLOOP_EVENTS_RULES_CHECK_H
#define EVENTLOOP_EVENTS_RULES_CHECK_H

#include "availability/rules.h"
#include "rpc/call.h"

/* Checks rules that the call's parameter `rules` has made what they are. units: whether the number of units is known,
 * as it is not of a type. now: wall microseconds. 0, or -1 with invalid_params. */
int rules_check(struct rpc_call *call, const struct booking_rules *rules, bool units, int64_t now) MUST_CHECK;

#endif
