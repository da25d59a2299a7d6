/*
 * Moves the dates of examples to where they still make sense: a period to book is never past.
 *
 * Purpose: the API files are written as if today were API_DATES_WRITTEN. A date before it is past, one a week or more
 * after it is to come, and in the served document that stays true: all dates move by the same whole number of weeks,
 * which keeps their order, distances and days of the week. Invariants: a text moves only when it is wholly a date or a
 * time; its length stays. The same week gives the same text.
 */
#ifndef EVENTLOOP_API_DATES_H
#define EVENTLOOP_API_DATES_H

#include <stddef.h>
#include <stdint.h>

#define API_DATES_WRITTEN "2026-01-08T00:00:00Z" /* a Thursday, as is the first day of the Unix epoch */

/* Moves the dates in the text (JSON, length bytes), in place. now: wall time in microseconds; before API_DATES_WRITTEN
 * nothing moves. */
void api_dates_move(char *text, size_t length, int64_t now);

#endif
