/*
 * How a step of a booking is written: the row, its units, what search has, the fact, the answer, one commit.
 *
 * Purpose: the end of every path. Invariants: the listing is locked (terms_lock); a step comes out of the table of
 * booking/state.h; the units are those that unit_allocate gave under the same lock.
 */
#ifndef EVENTLOOP_EVENTS_STORE_H
#define EVENTLOOP_EVENTS_STORE_H

#include "booking/store/state.h"
#include "booking/store/terms.h"
#include "booking/store/unit.h"
#include "booking/store/wish.h"
#include "pricing/price.h"

/* What a new booking is made of. Texts are PostgreSQL's, NULL where there is none. */
struct new_booking {
	const struct booking_step *step;
	const struct wish *wish;
	const struct price *price;	 /* NULL: it has none */
	const struct unit_choice *units; /* those it takes; NULL: none, a request */
	const char *user_id, *by_member, *note;
	const char *customer, *override; /* JSON */
	const char *booked_by;
	const char *group_id, *series_id;
	const char *occurrence; /* of the series, a date */
	const char *expires_at;
	bool is_block, is_option;
	bool ready; /* of a group: nobody has to answer it */
};

/* "booking" or "block". */
const char *booking_kind_name(const struct new_booking *booking);

/* A booking as it was written: JSON as its company and other daemons see it, and as who booked does; who that is, or
 * NULL. */
struct written_booking {
	const char *id, *whole, *for_customer, *user_id;
	enum booking_state state;
};

/* It as the caller may see it. */
const char *written_for(struct rpc_call *call, const struct written_booking *written);

/* A change of a stored one. */
struct booking_update {
	const struct booking_step *step;
	const char *patch; /* members of the row that change, as a JSON object without braces; NULL: none */
	const struct unit_choice *units; /* it takes these instead of what it had; NULL: as before, unless released */
	const struct span *taken;	 /* of units */
	bool released;			 /* it takes none any more */
};

/* Writes it (queued facts included) and replies. -1 with an error. */
int store_new(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
	      const struct new_booking *booking) MAY_SUSPEND MUST_CHECK;
int store_update(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
		 const struct booking_update *update) MAY_SUSPEND MUST_CHECK;

/* Both in halves, where more belongs in between: the row and its fact; search, answer and commit. -1 with an error. */
int store_insert(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct new_booking *booking,
		 struct written_booking *ret) MAY_SUSPEND MUST_CHECK;
int store_step(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
	       const struct booking_update *update, struct written_booking *ret) MAY_SUSPEND MUST_CHECK;
/* Queues what search has of the listing's time, once all of it is written. */
void store_project(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms);
int store_end(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
	      const struct written_booking *written) MAY_SUSPEND MUST_CHECK;

#endif
