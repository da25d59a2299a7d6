/*
 * Free time of a listing as its rules let it be sold, and the beginnings that bookings may have: what slots.c answers.
 *
 * Ownership: lists lie in the search's arena. Invariants: pure; see slots.h for what a slot and a start are. Starts of
 * bookings by the hour lie on the listing's grid; where it has none, on every quarter of an hour of the wall clock.
 */
#ifndef EVENTLOOP_EVENTS_FREE_TIME_H
#define EVENTLOOP_EVENTS_FREE_TIME_H

#include "availability/asked.h"

struct free_time {
	struct span period;
	int free; /* units for the whole of it */
	int unit; /* the one it is about, where units are named; else 0 */
};

struct free_list {
	size_t count, capacity;
	struct free_time *items;
	bool truncated;
};

struct free_search {
	struct asked asked;
	struct span window;
	int units, guests; /* guests 0: not said */
	int64_t shortest;  /* of the platform, microseconds */
	int64_t length;	   /* microseconds; 0: not given */
	int64_t days;	   /* 0: not given */
	size_t most;	   /* entries of a list */
	const struct taken *taken;
	size_t taken_count;
	struct arena *arena;
};

/* The time of which it must be known what is taken: the window with all that a booking in it can reach. */
struct span free_time_needed(const struct free_search *search);

/* The free slots of the window. */
struct free_list free_time_slots(const struct free_search *search);

/* The periods of the length asked for that begin in the window and can be booked. */
struct free_list free_time_starts(const struct free_search *search);

#endif
