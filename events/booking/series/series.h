/*
 * A series: bookings of one listing that recur.
 *
 * Purpose: what was asked for is kept (tables booking_series and booking_occurrence), with what became of each date, so
 * that a call that broke off goes on where it stopped, and a date that was left out can be added later.
 * Ownership: all in the arena of the call's context. Invariants: an occurrence keeps its instants; its booking is one
 * like any other, with the series' id and the date. The series' row is locked before the listing. Use: recurring.c
 * makes one; series_book for each date under the listing's lock.
 */
#ifndef EVENTLOOP_EVENTS_SERIES_H
#define EVENTLOOP_EVENTS_SERIES_H

#include "booking/book.h"
#include "booking/store/wish.h"

struct series {
	struct rpc_call call; /* about one occurrence: its parameters are what is wanted each time */
	const char *id, *listing_id, *company_id;
	struct customer customer;
	const char *by_member;
	struct wish wish; /* without a period */
	const char *kept; /* JSON of those parameters, of a stored series */
};

/* A date of a series. */
struct series_occurrence {
	const char *date; /* "2027-01-31" */
	struct span period;
};

/* What became of an attempt at one: the booking, or the error that refused it, as JSON. */
struct series_result {
	struct written_booking written;
	const char *refusal; /* NULL: it is booked, or requested */
};

/* The methods. */
int booking_create_recurring(struct rpc_call *call) MAY_SUSPEND;
int booking_get_series(struct rpc_call *call) MAY_SUSPEND;
int booking_add_occurrence(struct rpc_call *call) MAY_SUSPEND;

/* Tries to book one, and notes what became of it. Rules, prices and units may refuse it; -1 with any other error. */
int series_book(struct pg_tx *tx, const struct terms *terms, struct series *series,
		const struct series_occurrence *occurrence, struct series_result *ret) MAY_SUSPEND MUST_CHECK;

/* Books one, or refuses as events.booking.create does. */
int series_add(struct pg_tx *tx, const struct terms *terms, struct series *series,
	       const struct series_occurrence *occurrence, struct written_booking *ret) MAY_SUSPEND MUST_CHECK;

/* Locks the series for the transaction. -1 with not_found. */
int series_lock(struct rpc_call *call, struct pg_tx *tx, const char *id) MAY_SUSPEND MUST_CHECK;

/* Reads a stored series for who may see it: the customer and the company's staff. *ret_staff: it is one of these. -1
 * with not_found. */
int series_read(struct rpc_call *call, const char *id, struct series *ret, bool *ret_staff) MAY_SUSPEND MUST_CHECK;

/* Reads what is wanted each time, of a stored series. -1 with internal. */
int series_take_wish(struct rpc_call *call, struct series *series) MUST_CHECK;

/* The series as the API has it, a row of one text; in the transaction, or (NULL) as it is committed. NULL with an error
 * of the database. */
struct pg_result *series_json(struct rpc_call *call, struct pg_tx *tx, const char *id) MAY_SUSPEND MUST_CHECK;

#endif
