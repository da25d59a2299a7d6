/*
 * What the schema of a pricing cannot say.
 *
 * Invariants: pure; the first fault wins, in the order of the JSON.
 */
#ifndef EVENTLOOP_EVENTS_PRICING_CHECK_H
#define EVENTLOOP_EVENTS_PRICING_CHECK_H

#include "availability/rules.h"
#include "base/arena.h"
#include "base/macros.h"

#include <json-c/json.h>
#include <stdbool.h>

/* The base that a pricing is for. */
struct pricing_base {
	int64_t price;	      /* of one unit for one hour, day, night or session */
	const char *currency; /* of the base price */
	const struct booking_rules *rules;
};

/* Where a pricing is wrong: a path below it ("/rules/3/season/to"), the rule, what is expected as JSON or NULL. */
struct pricing_fault {
	const char *path, *rule, *expected;
};

/* The pricing, which fits the component Pricing, can stand with that base. False with *ret_fault: ids and keys that
 * stand twice (unique), seasons that end before they begin (not_before) or recur and are longer than a year
 * (maximum_days), bands without room (exclusiveMinimum), adjustments with neither or both kinds of value (form),
 * another currency than the base price's (one_currency), fixed discounts that are more than the least booking they
 * apply to costs (negative_price). */
bool pricing_check(struct arena *arena, struct json_object *pricing, const struct pricing_base *base,
		   struct pricing_fault *ret_fault) MUST_CHECK;

#endif
