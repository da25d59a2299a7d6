/*
 * The rules of a listing: when it is open, what may be booked of it, and on what terms.
 *
 * Purpose: rules are data, JSON in listing.rules and listing_type.rules (the component BookingRules of events/api); a
 * listing's member takes the place of its type's. Here they are read into the one struct from which everything
 * computes: opening hours (hours.h), the verdict about a period (verdict.h), prices and refunds. Ownership: texts and
 * arrays live in the arena of the context that they were read with; the zone for ever. Invariants: what is read was
 * accepted by events.listing.set_rules or events.type.set_rules, so all is within the limits of the API and nothing
 * contradicts itself (rules_check.h) unless type and listing were changed one after the other: whoever computes must
 * end well even so. Amounts of time are microseconds where not said otherwise. Use: put RULES_COLUMNS into a statement
 * that joins listing l and listing_type t, then rules_of_row.
 */
#ifndef EVENTLOOP_EVENTS_RULES_H
#define EVENTLOOP_EVENTS_RULES_H

#include "postgres/postgres.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_HORIZON_DAYS 1000 /* the farthest a booking may end: what search's ring of days can hold */
#define RULES_REFUND_ALL 10000	/* basis points */

/* SQL: what a listing l of type t has, for rules_of_row: so many columns. */
#define RULES_MERGED "listing_rules(t.rules, l.rules, l.space_id, l.includes)"
#define RULES_COLUMNS RULES_MERGED "::text, l.time_zone, l.price_unit, l.units, l.capacity, l.rules_version"
#define RULES_COLUMN_COUNT 6

/* What is sold. */
enum sale_unit {
	SALE_HOUR,
	SALE_DAY,
	SALE_NIGHT,
	SALE_SESSION,
};

/* From and to in minutes after the date's midnight as the wall clock shows them; `to` is greater and at most 2880: what
 * is above 1440 belongs to the next date. */
struct hours {
	int32_t from, to;
};

struct day_hours {
	size_t count;
	const struct hours *hours;
};

/* Dates on which other hours hold: day numbers (base/civil.h), both included. Yearly ones are the same dates of every
 * year. */
struct hours_exception {
	int64_t from, to;
	int first, last; /* of a yearly one: from and to as civil_month_day says; all year: 0 to INT_MAX */
	bool yearly, closed;
	struct day_hours hours; /* when it is not closed */
	const char *note;	/* NULL: none */
};

/* Until so many hours before the beginning, so many basis points are given back. */
struct refund_step {
	int64_t until_hours;
	int32_t refund_bp;
};

struct booking_rules {
	const struct zone *zone; /* of the listing, as the next four */
	enum sale_unit unit;
	int units, capacity;	  /* capacity: people, 0 when not said */
	int64_t version;	  /* counts the changes of the listing's rules and prices */
	bool has_hours;		  /* false: always open but for exceptions, and any period may be booked */
	struct day_hours week[7]; /* Monday first */
	size_t exception_count;
	const struct hours_exception *exceptions;
	int64_t buffer_before, buffer_after, notice;
	int horizon_days;				  /* 1 to RULES_HORIZON_DAYS */
	int64_t min_length, max_length, step, start_grid; /* 0: none */
	int min_days, max_days;				  /* dates or nights; 0: none */
	bool named;					  /* units are chosen one by one, and never moved */
	size_t name_count;				  /* 0, or one for each unit */
	const char *const *unit_names;
	int guests_per_unit; /* 0: no limit */
	bool by_request;
	int request_hours; /* how long a request waits for an answer */
	bool decline_overlapping;
	int overbooking;				  /* units beyond those there are */
	int bookings_per_user, bookings_per_user_per_day; /* 0: no limit */
	int64_t time_per_user_per_day, gap_per_user;	  /* 0: no limit */
	size_t refund_count;				  /* at least 1 */
	const struct refund_step *refunds;		  /* hours descending */
};

/* What the rules are read from. All borrowed for the call. */
struct rules_source {
	const char *json;	 /* an object, the type's members and the listing's */
	const char *zone, *unit; /* names: "Europe/Berlin", "day" */
	int units, capacity;
	int64_t version;
};

/* Reads the rules. -1 with internal, when they are none or the system has no such zone. */
int rules_read(struct context *ctx, const struct rules_source *source, struct booking_rules *ret) MUST_CHECK;

/* Reads them from the RULES_COLUMN_COUNT columns of a row from `column` on. -1 likewise. */
int rules_of_row(struct context *ctx, const struct pg_result *result, size_t row, size_t column,
		 struct booking_rules *ret) MUST_CHECK;

/* The unit of sale of that name. */
enum sale_unit rules_unit(const char *name);

/* The limit of guests for so many units; 0: none. */
int64_t rules_guests_most(const struct booking_rules *rules, int units);

/* Whether the venue sells whole dates: by the day or the night, with opening hours to say which. */
bool rules_sells_dates(const struct booking_rules *rules);

#endif
