/*
 * What a caller asks for who wants a booking to recur, and on which dates that is.
 *
 * Ownership: all in the arena of the call's context. Invariants: an occurrence begins and ends when the venue's wall
 * clock shows what it shows at the first one (zone/zone.h says what of times that are skipped or come twice); of whole
 * dates it is from the opening to the closing of its dates. Use: recurring_read before anything, recurring_dates with
 * the listing's terms.
 */
#ifndef EVENTLOOP_EVENTS_RECURRING_H
#define EVENTLOOP_EVENTS_RECURRING_H

#include "booking/series/recurrence.h"
#include "booking/series/series.h"

struct recurring_date {
	struct series_occurrence occurrence;
	enum recurrence_result result;
};

struct recurring {
	struct series series; /* its id not yet known */
	struct recurrence recurrence;
	bool all; /* all or none */
	size_t count;
	struct recurring_date *dates; /* with those that are left out, and months without the day (date "2027-02") */
};

/* Reads the parameters. -1 with invalid_params, not_found, or forbidden. */
int recurring_read(struct rpc_call *call, struct recurring *ret) MAY_SUSPEND MUST_CHECK;

/* The dates of it. -1 with invalid_params (too many, or a recurrence that the first date is none of), or
 * precondition_failed. */
int recurring_dates(struct rpc_call *call, const struct terms *terms, struct recurring *recurring) MUST_CHECK;

#endif
