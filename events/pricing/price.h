/*
 * What a booking costs, line by line: the one piece of code that computes it (docs/pricing.md says how, with examples).
 *
 * Purpose: quotes, bookings and changes of them have the same price for the same request under the same rules.
 * Ownership: what it makes is in the call's arena. Invariants: pure, it reads neither clock nor database; the total is
 * the sum of the lines' amounts; no line and no total is beyond MONEY_MAX; no running subtotal is below 0. Use: read
 * rules and pricing of the listing in one statement, price_compute, price_json.
 */
#ifndef EVENTLOOP_EVENTS_PRICE_H
#define EVENTLOOP_EVENTS_PRICE_H

#include "availability/hours.h"
#include "pricing/pricing.h"
#include "rpc/call.h"

/* So many of an extra, as a caller chose it. */
struct price_extra {
	const char *key;
	int64_t count; /* at least 1 */
};

struct price_request {
	struct span period; /* not empty */
	int units;	    /* at least 1 */
	int guests;	    /* 0: not said */
	int64_t now;	    /* wall microseconds, for the lead time */
	size_t extra_count;
	const struct price_extra *extras;
};

enum price_kind {
	PRICE_TIME,
	PRICE_ADJUSTMENT,
	PRICE_FLOOR,
	PRICE_EXTRA,
	PRICE_MINIMUM,
	PRICE_TAX,
	PRICE_SHORTENED, /* time that was given back */
	PRICE_KEPT,	 /* what the policy kept of what was given back */
	PRICE_OVERRIDE	 /* what a manager set instead of all lines but those of taxes */
};

struct price_line {
	enum price_kind kind;
	const char *key;   /* of an extra its key, of a rule or adjustment its id; NULL: none */
	const char *label; /* name of the rule, adjustment, extra or tax; NULL: none */
	int64_t amount;
	int64_t tax_included, tax_added; /* of this line; what is added stands in the lines PRICE_TAX */
	bool refundable;
	int64_t quantity;    /* of `per`; 0 in lines that count nothing */
	const char *per;     /* hour, minute, day, night, session, booking, unit, guest; NULL: counts nothing */
	int64_t unit_amount; /* of one hour (also where minutes are counted), day, ... */
};

/* One tax of the whole price. */
struct price_tax_sum {
	const char *name;
	int64_t rate_bp, amount;
	int64_t kept;  /* the part of the amount that lies in what was kept (PRICE_KEPT) */
	bool included; /* in the lines' amounts; else it is a line */
};

struct price {
	bool known; /* false: the listing has no price, there are no lines */
	int64_t total, deposit, taxes;
	const char *currency;
	size_t count;
	const struct price_line *lines;
	size_t tax_count;
	const struct price_tax_sum *tax_sums;
};

/* 0; -1 with too_large (rule max_price, of units, period or extras), or invalid_params for an extra that does not
 * exist, is named twice or more often than it may be, and where guests are needed and not said. */
int price_compute(struct rpc_call *call, const struct booking_rules *rules, const struct pricing *pricing,
		  const struct price_request *request, struct price *ret) MUST_CHECK;

/* The price that a manager sets: one line of `amount` (0 or more), with the taxes and the deposit of the listing,
 * whether or not it has prices. 0; -1 with too_large. */
int price_set(struct rpc_call *call, const struct pricing *pricing, int64_t amount, const char *currency,
	      struct price *ret) MUST_CHECK;

/* The price as JSON, component PriceBreakdown. */
const char *price_json(struct arena *arena, const struct price *price);

/* Reads it back, of a stored booking. 0; -1 with internal when it is no such JSON. */
int price_read(struct context *ctx, const char *json, struct price *ret) MUST_CHECK;

#endif
