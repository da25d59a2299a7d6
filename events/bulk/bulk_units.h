/*
 * Which units the bookings of one batch of an import take.
 *
 * Purpose: most bookings fit as the units are, and are given theirs here, in the order of the file, against what the
 * database has and what the batch has taken before them. Where more is to be looked at (others must make room, units
 * above the usual ones, an earlier booking of the listing that is not placed yet) the booking is left for the way that
 * every booking goes (booking/store/unit.h). The constraint of the database guards both.
 * Ownership: nothing is kept; numbers are in the arena given. Pure: no database, no clock.
 */
#ifndef EVENTLOOP_EVENTS_BULK_UNITS_H
#define EVENTLOOP_EVENTS_BULK_UNITS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BULK_UNIT_MOST 1100 /* the highest number of a unit: 1,000 and those of overbooking */

enum bulk_place {
	BULK_PLACED,
	BULK_TAKEN, /* it does not fit, and nothing could make it fit */
	BULK_LATER, /* to be looked at in the database */
};

/* A booking of the batch. */
struct bulk_booking {
	const char *listing_id;
	int64_t from, to; /* with its buffers, wall microseconds */
	int wanted;	  /* units; 0: it takes none */
	int units;	  /* of the listing */
	int overbooking;  /* more of them */
	bool named;	  /* units are not moved */
	bool over;	  /* it has ended: it keeps numbers that the listing has no more */
	bool apart;	  /* it cannot be placed here, nor can what comes after it of the listing */
	const int *taken; /* numbers that the database has taken in its time */
	size_t taken_count;
	const int *wish; /* `wanted` numbers from 1 to BULK_UNIT_MOST that it had, or is to have; NULL: any */
	/* out */
	const struct bulk_booking *before; /* of the same listing, in the batch */
	enum bulk_place place;
	const int *numbers; /* of BULK_PLACED, `wanted` of them, ascending if it had no wish */
	bool above;	    /* one of them is above those that the listing has */
};

/* Places all of them, in their order. */
void bulk_units_place(struct arena *arena, struct bulk_booking *bookings, size_t count);

#endif
