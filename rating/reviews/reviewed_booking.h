/*
 * The booking that a review is written for, as events has it now.
 *
 * Invariants: it is the caller's own, has taken place, is not shorter than bookings are, and its listing is not of a
 * company to which the caller belonged when booking (which events noted) or belongs now (which passport says). Only the
 * last of these can change before the review is written; that is as if the review had been written a moment earlier.
 */
#ifndef EVENTLOOP_RATING_REVIEWS_REVIEWED_BOOKING_H
#define EVENTLOOP_RATING_REVIEWS_REVIEWED_BOOKING_H

#include "rpc/call.h"

struct reviewed_booking {
	const char *listing_id; /* of the context */
};

/* What events.booking.for_review answers; NULL with an error. */
struct json_object *reviewed_booking_ask(struct rpc_call *call, const char *booking_id) MAY_SUSPEND MUST_CHECK;

/* Asks for params.booking_id. -1 with not_found for a booking that is not the caller's, or precondition_failed (rules
 * booking_completed, min_duration, own_company), or an error of events or passport. */
int reviewed_booking_read(struct rpc_call *call, struct reviewed_booking *ret) MAY_SUSPEND MUST_CHECK;

#endif
