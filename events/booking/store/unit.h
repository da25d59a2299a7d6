/*
 * Which units of a listing a booking takes.
 *
 * Purpose: interchangeable units are given so that a request fits exactly when no instant has more than there are
 * (unit_pack.h), if need be by moving other bookings; named ones are given as they are free, and nothing is moved.
 * Invariants: the listing's row is locked by the caller, and the caller writes the rows of booking_unit in the same
 * transaction. What has ended before the period begins is not read, so the time under the lock does not grow with the
 * listing's past.
 */
#ifndef EVENTLOOP_EVENTS_UNIT_H
#define EVENTLOOP_EVENTS_UNIT_H

#include "daemon/data_check.h"
#include "rpc/call.h"

/* Which units are wanted. */
struct unit_request {
	const char *listing_id;
	int64_t from, to;     /* the period with its buffers, wall microseconds */
	int wanted;	      /* how many, at least 1 */
	int units;	      /* how many the listing has */
	int overbooking;      /* how many more may be given; their numbers are above those, and they are used last */
	bool named;	      /* units keep their numbers: each must be free for the whole period */
	const char *numbers;  /* named: the ones wanted, "{2,5}", each once; NULL: the first that are free */
	const char *replaces; /* a booking that gets these units for its own: those are given back first. NULL: none */
};

struct unit_choice {
	const char *numbers; /* ascending, as PostgreSQL's text of an array: "{1,4}" */
	bool overbooked; /* more units than there are are taken at some instant of the period; named: one has a number
			    above what there are */
};

/* Finds the units. A number that does not exist is not free. -1 with conflict, reason booked; what was given back and
 * moved by then is undone with the transaction. */
int unit_allocate(struct rpc_call *call, struct pg_tx *tx, const struct unit_request *request,
		  struct unit_choice *ret_choice) MAY_SUSPEND MUST_CHECK;

/* Bookings of more units than one call may now ask for (events/api/booking.json). */
extern const struct data_check unit_count_check;

#endif
