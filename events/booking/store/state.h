/*
 * The states of a booking and what leads from one to another: one table, from which docs/booking.md is drawn.
 *
 * Purpose: a path asks whether its cause may happen to a booking in its present state, and what it becomes.
 * Invariants: no statement writes a state that this table does not lead to; each step is a fact with its cause. held,
 * confirmed, completed and no_show take units; requested takes them when it was made from a hold, or once the company
 * has set its price. A block is a confirmed or a cancelled row of its own kind. Pure, any thread.
 */
#ifndef EVENTLOOP_EVENTS_STATE_H
#define EVENTLOOP_EVENTS_STATE_H

#include <stdbool.h>
#include <stddef.h>

enum booking_state {
	BOOKING_NONE, /* there is none yet */
	BOOKING_HELD,
	BOOKING_REQUESTED,
	BOOKING_CONFIRMED,
	BOOKING_COMPLETED,
	BOOKING_NO_SHOW,
	BOOKING_CANCELLED,
	BOOKING_DECLINED,
	BOOKING_EXPIRED,
};
#define BOOKING_STATES (BOOKING_EXPIRED + 1)

enum booking_cause {
	CAUSE_HOLD,
	CAUSE_CREATE,  /* of a listing that confirms at once */
	CAUSE_REQUEST, /* of one whose owner answers */
	CAUSE_APPROVE,
	CAUSE_OFFER, /* approved with a price, which the customer is to accept */
	CAUSE_ACCEPT,
	CAUSE_AGREE, /* of a group: answered, while others of it are not */
	CAUSE_DECLINE,
	CAUSE_GROUP,	  /* another one of its group was declined */
	CAUSE_OVERLAP,	  /* another request was approved for its time */
	CAUSE_SUSPENSION, /* the company was suspended */
	CAUSE_EXPIRY,
	CAUSE_CHANGE,
	CAUSE_SHORTEN,
	CAUSE_CANCEL,
	CAUSE_CLOCK, /* its period has ended */
	CAUSE_COMPLETE,
	CAUSE_NO_SHOW,
	CAUSE_BLOCK,
	CAUSE_UNBLOCK,
};

struct booking_step {
	enum booking_state from;
	enum booking_cause cause;
	enum booking_state to;
	const char *topic; /* of the fact */
};

/* The word of the API and the table: "no_show". "" for BOOKING_NONE. Static. */
const char *booking_state_name(enum booking_state state);
/* The state of a word; BOOKING_NONE for another one. */
enum booking_state booking_state_of(const char *name);
const char *booking_cause_name(enum booking_cause cause);

/* What the cause does to a booking in the state; NULL when it cannot happen to it. Static. */
const struct booking_step *booking_step(enum booking_state from, enum booking_cause cause);

#endif
