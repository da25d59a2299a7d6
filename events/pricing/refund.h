/*
 * What is given back of a price when a booking ends before its time, by the policy that it was made under.
 *
 * Invariants: pure. The fee and what is refunded are the total; nothing is refunded of lines that are not refundable
 * but when the company is the cause.
 */
#ifndef EVENTLOOP_EVENTS_REFUND_H
#define EVENTLOOP_EVENTS_REFUND_H

#include "availability/rules.h"
#include "pricing/price.h"

enum refund_cause {
	REFUND_GUEST,	/* who booked cancels */
	REFUND_COMPANY, /* the company cancels or declines, or lets a request expire: all back, whatever the policy */
	REFUND_NO_SHOW	/* nobody came: as if cancelled at the very beginning, by the last step that reaches it */
};

struct refund {
	int64_t fee;	   /* of the total, kept by the company */
	int64_t due;	   /* paid beyond the fee */
	int64_t refunded;  /* of the total, not charged: total - fee */
	int32_t refund_bp; /* of the step that applied */
};

/* What is not charged of one line of the price. */
struct refund_line {
	int64_t amount; /* with the tax added to the line; 0 for lines PRICE_TAX, whose part stands in the others */
	int64_t tax;	/* of it, included or added */
};

/* steps: until_hours descending; the first whose time (so many elapsed hours before `start`, that moment included) has
 * not passed at `now` applies, none is 0. start: the earliest beginning that the booking ever had. paid: so far. A
 * price that is not known has no fee. */
void refund_compute(const struct refund_step *steps, size_t count, const struct price *price, int64_t start,
		    int64_t now, enum refund_cause cause, int64_t paid, struct refund *ret);

/* The steps that a booking keeps, as JSON; [] where there are none. In the arena. */
const char *refund_policy_json(struct arena *arena, const struct booking_rules *rules);

/* The refund line by line (price->count of them): each in proportion, the remainder in the largest refundable line, its
 * taxes likewise. They add up to refund->refunded. */
const struct refund_line *refund_lines(struct arena *arena, const struct price *price, const struct refund *refund,
				       enum refund_cause cause);

#endif
