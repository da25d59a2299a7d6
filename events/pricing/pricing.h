/*
 * How a listing is priced: what events.listing.set_pricing has stored, as the engine reads it (pricing/price.h).
 *
 * Ownership: texts and arrays are in the arena of the context that read it. Invariants: all amounts are in minor units
 * of `currency`; rules and adjustments stand in the order in which they apply: highest priority first, of equal ones
 * the lowest id. Days are day numbers, minutes those of the wall clock's day. Use: PRICING_COLUMNS in a statement that
 * reads listing l, and pricing_of_row with its result.
 */
#ifndef EVENTLOOP_EVENTS_PRICING_H
#define EVENTLOOP_EVENTS_PRICING_H

#include "base/context.h"
#include "base/macros.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg_result;

#define PRICING_RULES_MAX 500
#define PRICING_EXTRA_MOST 1000 /* of one extra in a booking, where the extra says nothing else */

/* SQL: what pricing_of_row reads, of listing l. */
#define PRICING_COLUMNS "l.price_amount, l.price_currency, l.pricing::text"
#define PRICING_COLUMN_COUNT 3

/* Another amount than the base price for what begins in these dates, on these weekdays, in these hours. */
struct price_rule {
	int64_t id, priority, amount; /* of one unit for one hour, day, night or session */
	const char *name;	      /* NULL: none */
	bool has_season, yearly;
	int64_t season_from, season_to; /* both included */
	unsigned weekdays;		/* bit 0 is Monday; all seven when the rule names none */
	bool has_hours;
	int hours_from, hours_to; /* minutes; to is not included, and not after from when the hours pass midnight */
};

enum adjustment_measure { ADJUST_LENGTH, ADJUST_LEAD_TIME, ADJUST_GUESTS };

/* A surcharge or discount on the running subtotal, in bookings whose measure is in [at_least, less_than). */
struct price_adjustment {
	int64_t id, priority;
	const char *name; /* NULL: none */
	enum adjustment_measure measure;
	int64_t at_least;  /* hours (length by the hour or session, lead time), days, nights or persons */
	int64_t less_than; /* INT64_MAX: no bound */
	bool in_percent;
	int64_t value; /* basis points when in_percent, else minor units; may be negative */
};

enum extra_per { EXTRA_PER_BOOKING, EXTRA_PER_UNIT, EXTRA_PER_GUEST, EXTRA_PER_DAY, EXTRA_PER_HOUR };

struct priced_extra {
	const char *key, *name;
	int64_t amount, most;
	enum extra_per per;
	bool refundable;
};

struct price_tax {
	const char *name;
	int64_t rate_bp;
	bool included; /* in the amounts; else it is added to them */
};

struct pricing {
	bool has_price; /* a base price; without one nothing else has a meaning */
	int64_t price;
	const char *currency;
	size_t rule_count, adjustment_count, extra_count, tax_count;
	const struct price_rule *rules;
	const struct price_adjustment *adjustments;
	const struct priced_extra *extras;
	const struct price_tax *taxes;
	int64_t minimum; /* 0: none */
	int64_t deposit_bp;
};

/* The word of the API: booking, unit, guest, day, hour. */
const char *pricing_per_word(enum extra_per per);

/* Reads "HH:MM" of the day, up to "24:00", which the schema has checked: minutes. */
int pricing_minute(const char *text);

/* Reads the JSON of a pricing (component Pricing) that set_pricing accepts: it must fit the schema and pricing_check.
 * base members of *ret (has_price, price, currency) stay as they are. */
void pricing_read(struct arena *arena, struct json_object *tree, struct pricing *ret);

/* Reads PRICING_COLUMNS from the row, beginning at a column. 0; -1 with internal when it is no JSON. */
int pricing_of_row(struct context *ctx, const struct pg_result *result, size_t row, size_t first_column,
		   struct pricing *ret) MUST_CHECK;

#endif
