/*
 * A stored booking, as the paths that change it need it.
 *
 * Purpose: every change begins the same way: find it for those who may see it, lock its listing, read it again under
 * the lock, ask the table of states whether this may happen to it now.
 * Ownership: everything in the arena of the call's context. Invariants: rights are asked before the transaction, since
 * that may take a call to passport; what is decided is decided on what was read under the lock.
 */
#ifndef EVENTLOOP_EVENTS_ROW_H
#define EVENTLOOP_EVENTS_ROW_H

#include "booking/store/state.h"
#include "booking/store/terms.h"
#include "pricing/price.h"
#include "pricing/refund.h"

/* Who is asking, as far as the booking is concerned. */
struct booking_party {
	const char *listing_id, *company_id, *user_id; /* of the booking; user_id may be NULL */
	const char *group_id;			       /* of a request that was made with others; or NULL */
	bool option;				       /* it is an option of the company */
	bool customer;				       /* the caller made it */
	bool staff;				       /* the caller has the right that was asked for */
};

struct booking_row {
	const char *id, *listing_id, *user_id;
	enum booking_state state;
	bool is_block, takes_units, offered, option;
	bool ready;	      /* of a group: nobody has to answer it any more */
	const char *group_id; /* or NULL */
	const char *series_id, *occurrence;
	const char *booked_by; /* on behalf of the customer; or NULL */
	struct span period, taken;
	int units, guests;   /* guests 0: not said */
	const char *numbers; /* named units asked for, a PostgreSQL array; NULL: any */
	const char *extras;  /* JSON */
	bool priced;
	struct price price;
	size_t refund_count;
	const struct refund_step *refunds;
	int64_t expires_at;  /* wall microseconds; 0: never */
	int64_t first_start; /* the earliest beginning that it ever had */
	int64_t paid, version;
};

/* Finds params.id for who booked and for those of the company with the right; not_found for others. The right of a
 * customer is not asked for unless company_only: then being the customer is not enough. */
int row_find(struct rpc_call *call, enum company_right right, bool company_only,
	     struct booking_party *ret) MAY_SUSPEND MUST_CHECK;

/* Reads a booking under the lock of the terms; its state is that of the terms' clock. */
int row_by_id(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
	      struct booking_row *ret) MAY_SUSPEND MUST_CHECK;

/* Opens the call's transaction, locks the listing of the party and reads params.id; refuses a stale params.version,
 * and one that has become another party's since it was found.
 * NULL as from rpc_begin: the handler returns rpc_replayed(call). */
struct pg_tx *row_begin(struct rpc_call *call, const struct booking_party *party, struct terms *terms,
			struct booking_row *ret) MAY_SUSPEND MUST_CHECK;

/* Reads it without a lock, for quotes. */
int row_read(struct rpc_call *call, struct booking_row *ret) MAY_SUSPEND MUST_CHECK;

/* The same of an id. */
int row_read_id(struct rpc_call *call, const char *id, struct booking_row *ret) MAY_SUSPEND MUST_CHECK;

/* The step of the table, or precondition_failed with rule state and what the state is. */
const struct booking_step *row_step(struct rpc_call *call, const struct booking_row *row, enum booking_cause cause);

#endif
