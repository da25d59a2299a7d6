/*
 * Packs bookings anew onto the units of a listing, from the instant where a period that is wished for begins.
 *
 * Purpose: N interchangeable units hold a set of periods exactly when no instant lies in more than N of them (interval
 * graphs are perfect). What begins before the wish and lies across its beginning stays: all of it overlaps there, so
 * it has units of its own each. What begins later is placed in the order of its beginnings, each on a unit that is free
 * at that moment. A unit is always to be found: at most as many are in use as others lie across the moment. What has
 * ended by the wish's beginning plays no part, so the work does not grow with the past.
 * Ownership: nothing is kept. Pure: no database, no clock.
 */
#ifndef EVENTLOOP_EVENTS_UNIT_PACK_H
#define EVENTLOOP_EVENTS_UNIT_PACK_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

/* A unit that is taken for a time. */
struct unit_row {
	int64_t from, to; /* wall microseconds */
	int unit;	  /* from 1 */
	int packed;	  /* out: the unit that it gets, most often the same */
};

struct unit_wish {
	int64_t from, to; /* wall microseconds */
	int count;	  /* units, at least 1 */
	int usual;	  /* units above this number are used last (overbooking): a row of later keeps no such one */
};

/* rows: those of the listing that end after wish->from, in the order of `from`, no two on one unit at one time.
 * ret_units: room for wish->count numbers, ascending. Where no instant lies in more than n periods, those that begin
 * there get units from 1 to n. */
void unit_pack(struct arena *arena, struct unit_row *rows, size_t count, const struct unit_wish *wish, int *ret_units);

#endif
