/*
 * Deletes expired rows from the database, a few at a time, without an external tool.
 *
 * Invariants: of all replicas one runs at a time: a run begins by setting the time of the next one, and ends before it.
 * A statement removes at most 500 rows and finds them by an index; between full ones there is a pause, and what a run
 * does not get done waits for the next. Rows that can still be used, or by which a theft is detected, are kept: used
 * refresh tokens stay for as long as an unused session would have lived.
 */
#ifndef EVENTLOOP_PASSPORT_HOUSEKEEPING_H
#define EVENTLOOP_PASSPORT_HOUSEKEEPING_H

#include "base/macros.h"

struct daemon_worker;
struct housekeeping;

/* Starts it on this thread; one a process. NULL when no coroutine can be started. */
struct housekeeping *housekeeping_new(struct daemon_worker *worker) MUST_CHECK;

/* Stops it after the statement under way and frees it. Accepts NULL. */
void housekeeping_free(struct housekeeping *housekeeping) MAY_SUSPEND;

#endif
