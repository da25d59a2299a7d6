/*
 * Time: the two clocks, deadlines, and RFC 3339 texts.
 *
 * Invariants: instants are int64 microseconds. "monotonic" counts from an arbitrary start and never jumps: deadlines
 * are in it. "wall" counts from 1970-01-01T00:00:00Z: everything stored or shown is in it.
 */
#ifndef EVENTLOOP_BASE_CLOCK_H
#define EVENTLOOP_BASE_CLOCK_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND INT64_C(1000000)	/* microseconds in a second */
#define CLOCK_MILLISECOND INT64_C(1000) /* microseconds in a millisecond */
#define DEADLINE_NEVER INT64_MAX	/* a deadline that does not come */
#define CLOCK_TEXT_SIZE 28		/* "2026-11-21T10:00:00.000000Z" and its NUL */

/* Microseconds on the monotonic clock. */
int64_t clock_monotonic(void);

/* Microseconds since 1970 in UTC. */
int64_t clock_wall(void);

/* Writes wall time as RFC 3339 in UTC with Z and microseconds (section 5.6 of the RFC). */
void clock_format(int64_t wall, char text[static CLOCK_TEXT_SIZE]);

/* Reads an RFC 3339 date-time with any offset; false when it is not one or lies outside the years 0001 to 9999. */
bool clock_parse(const char *text, int64_t *ret_wall) MUST_CHECK;

/* Microseconds until the monotonic deadline, never below 0; DEADLINE_NEVER stays itself. */
int64_t deadline_left(int64_t deadline);

/* The deadline that comes timeout microseconds from now; DEADLINE_NEVER stays itself. */
int64_t deadline_after(int64_t timeout);

/* The earlier of two deadlines. */
int64_t deadline_earlier(int64_t a, int64_t b);

#endif
