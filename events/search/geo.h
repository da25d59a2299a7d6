/*
 * Where a search looks: a box, or the box around a circle, and the cells of the grid that cover it.
 *
 * Source: the grid is search_cell() of migration 0003; the earth's mean radius 6371008.8 m (IUGG).
 */
#ifndef EVENTLOOP_EVENTS_GEO_H
#define EVENTLOOP_EVENTS_GEO_H

#include "base/buffer.h"
#include "rpc/call.h"

#include <stdbool.h>

#define GEO_MAX_CELLS 400

struct geo_box {
	double south, west, north, east; /* degrees; west > east: across the antimeridian */
};

/* The smallest box around a circle (metres). False when it holds a pole or goes round the earth, so that only the
 * distance itself can tell. */
bool geo_box_of_circle(double lat, double lon, double radius, struct geo_box *ret);

/* Writes the cells that cover the box as "{1,2,...}", each plus `offset`. False when there are more than GEO_MAX_CELLS:
 * looking the box up by cells would then be slower. */
bool geo_cells(const struct geo_box *box, int offset, struct buffer *ret);

#endif
