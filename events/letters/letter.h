/*
 * One letter: which bookings it is about, to whom it goes, and under which key.
 *
 * Ownership: texts are borrowed until the call returns. Use: letter_tell.
 */
#ifndef EVENTLOOP_EVENTS_LETTERS_LETTER_H
#define EVENTLOOP_EVENTS_LETTERS_LETTER_H

#include "rpc/call.h"

/* What the bookings of a letter have in common. */
enum letter_scope {
	LETTER_OF_ONE,	  /* id: the booking's */
	LETTER_OF_GROUP,  /* id: the group's */
	LETTER_OF_SERIES, /* id: the series'; those of it that were made at once */
};

struct letter {
	const char *template_name; /* of passport */
	enum letter_scope scope;
	const char *id;
	const char *booking_id; /* the one that is told of; of no letter when it is not among them any more */
	const char *state;	/* of all of them */
	const char *moment;	/* when they were cancelled or expire; NULL: whenever */
	const char *starts;	/* when they begin; NULL: whenever */
	const char *company_id;
	bool to_staff;	 /* of company_id, about its own; else to the customer */
	const char *key; /* what makes it the same letter, beside template and recipient */
};

/* What came of it. */
enum letter_told {
	LETTER_FAILED = -1, /* with an error; `unavailable` when it is worth trying again */
	LETTER_TOLD,	    /* passport has it, or nobody is to be told */
	LETTER_NOT_AMONG,   /* the booking is not one of them */
};

/* Has passport write it. */
enum letter_told letter_tell(struct rpc_call *call, const struct letter *letter) MAY_SUSPEND MUST_CHECK;

#endif
