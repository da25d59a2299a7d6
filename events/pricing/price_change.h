/*
 * What becomes of a price when its booking gives a part of itself back: the end of its time, units, an extra.
 *
 * Purpose: what is given back is cancelled by the policy, as all of it would be; prices of now say what the rest costs
 * only where the rest is another booking. Invariants: pure. Nothing becomes dearer by it. What the policy keeps stands
 * in a line of the kind PRICE_KEPT, which is not refundable: nothing is given back of it again, unless the company
 * cancels.
 */
#ifndef EVENTLOOP_EVENTS_PRICE_CHANGE_H
#define EVENTLOOP_EVENTS_PRICE_CHANGE_H

#include "pricing/price.h"

/* The price of a booking of which so much time (back of length, microseconds) is given back, of which the policy
 * refunds refund_bp. By its own lines: those that grow with time, in proportion. */
void price_shorten(struct arena *arena, const struct price *price, int64_t back, int64_t length, int32_t refund_bp,
		   struct price *ret);

/* The price of a booking that becomes another one, of which `now` is the price of now. What it costs less is refunded
 * by refund_bp, but for what it loses of lines that are not refundable, unless all is refunded (the company changes
 * it); what was kept of it before is kept. Both prices are known and in one currency. False when the sum is no amount.
 */
bool price_replace(struct arena *arena, const struct price *before, const struct price *now, int32_t refund_bp,
		   bool refund_all, struct price *ret) MUST_CHECK;

#endif
