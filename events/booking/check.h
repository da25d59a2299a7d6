/*
 * Whether a wish may become a booking: every rule of time, guests and users, with what the caller was shown of the
 * price.
 */
#ifndef EVENTLOOP_EVENTS_CHECK_H
#define EVENTLOOP_EVENTS_CHECK_H

#include "booking/override.h"
#include "booking/store/row.h"
#include "booking/store/terms.h"
#include "booking/store/wish.h"

/* All that the rules of the listing say of it, limits of the user included. user_id: NULL where nobody is limited, of
 * what the company does for itself; without: id of a booking of theirs that does not count, or NULL. -1 with an error
 * of the database. */
int check_judge(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		const char *user_id, const char *without, struct verdict *ret) MAY_SUSPEND MUST_CHECK;

/* The same, refused: -1 with precondition_failed and all that forbid it. override: what a manager sets aside of it. */
int check_wish(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
	       const char *user_id, const struct override *override) MAY_SUSPEND MUST_CHECK;

/* That the rules allow so many guests: all that a hold has not been judged by. -1 with precondition_failed. */
int check_guests(struct rpc_call *call, const struct terms *terms, const struct wish *wish) MUST_CHECK;

/* The same for what a booking is to become: what stays as it was made is not judged again, since changes of rules never
 * touch a booking; the limits are those of who booked. */
int check_change(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct booking_row *row,
		 const struct wish *wish) MAY_SUSPEND MUST_CHECK;

/* Whether params.expected_total, if there is one, is that price. */
bool check_was_shown(struct rpc_call *call, const struct price *price);

/* Compares params.expected_total, if there is one. -1 with conflict, reason price_changed and the price of now. */
int check_shown(struct rpc_call *call, const struct price *price) MUST_CHECK;

#endif
