/*
 * How many units of a listing are free, and when.
 *
 * Purpose: slots, explain and searches count here what bookings, holds and blocks (rows of booking_unit) leave over.
 * Ownership: what is returned lies in the arena given. Invariants: pure. Interchangeable units are as free as the
 * instant with the most of them taken leaves them, since bookings can be moved from one to another (booking/unit.h);
 * named ones are never moved, so a unit is free for a period when nothing has it for a moment of it. Work: O(n log n)
 * in the rows.
 */
#ifndef EVENTLOOP_EVENTS_CAPACITY_H
#define EVENTLOOP_EVENTS_CAPACITY_H

#include "availability/hours.h"
#include "base/arena.h"

/* A unit that something takes for a period, buffers included. */
struct taken {
	int unit; /* from 1 */
	struct span period;
};

/* A time in which so many units are free; never below 0. */
struct free_step {
	struct span period;
	int free;
};

/* The window as steps that follow each other, neighbours with different counts. total: units there are. Returns how
 * many; none for an empty window. */
size_t capacity_steps(int total, const struct taken *taken, size_t count, const struct span *window,
		      struct arena *arena, struct free_step **ret);

/* The units free for the whole of a period, from steps that cover it. */
int capacity_least(const struct free_step *steps, size_t count, const struct span *period);

/* The same as steps of time that a guest may have: as free as the whole of it is with buffers around it. They cover the
 * window, which is the steps' without the buffers. */
size_t capacity_guest_steps(const struct free_step *steps, size_t count, int64_t before, int64_t after,
			    const struct span *window, struct arena *arena, struct free_step **ret);

/* How many of the named units 1 to total are free for the whole of a period. */
int capacity_named(int total, const struct taken *taken, size_t count, const struct span *period, struct arena *arena);

#endif
