/*
 * A thread's lanes: database connections of their own for methods whose work grows with the data (x-lane).
 *
 * Purpose: a statement whose work grows with the data never delays one that reads a few rows. A handler does not
 * choose: dispatch gives it the connections of its method's lane as call->db.
 * Ownership: the thread's. Invariants: a lane without methods of this daemon has no connections. Settings:
 * <lane>_connections, <lane>_queue, <lane>_timeout.
 */
#ifndef EVENTLOOP_DAEMON_LANES_H
#define EVENTLOOP_DAEMON_LANES_H

#include "api/api.h"
#include "config/config.h"

struct pg;

/* Makes the lanes that the methods of the api are in; the others, and API_LANE_POINT, stay NULL. The database's url can
 * be read. */
void lanes_make(const struct config *config, const struct api *api, struct pg *lanes[static API_LANE_COUNT]);

/* Frees them and sets them to NULL. */
void lanes_free(struct pg *lanes[static API_LANE_COUNT]);

#endif
