/*
 * On which dates something recurs.
 *
 * Purpose: what iCalendar says of weekly and monthly recurrence (RFC 5545, section 3.3.10), as far as bookings take it.
 * Invariants: pure; dates are day numbers of the venue's calendar (base/civil.h), weeks begin on Monday. The first date
 * is always one of them. `count` counts dates that exist, those that are left out (`except`) too; a month without the
 * day is passed over and counts for nothing. Use: recurrence_dates.
 */
#ifndef EVENTLOOP_EVENTS_RECURRENCE_H
#define EVENTLOOP_EVENTS_RECURRENCE_H

#include <stddef.h>
#include <stdint.h>

#define RECURRENCE_MOST 366 /* occurrences of a series */
#define RECURRENCE_MOST_TEXT "366"
#define RECURRENCE_ROOM (2 * RECURRENCE_MOST) /* with months that are passed over */

enum recurrence_frequency {
	RECUR_WEEKLY,
	RECUR_MONTHLY_DAY,	    /* the day of the month that the first has */
	RECUR_MONTHLY_WEEKDAY,	    /* the weekday that the first has, so many weeks into the month */
	RECUR_MONTHLY_LAST_WEEKDAY, /* the last such weekday of the month */
};

struct recurrence {
	enum recurrence_frequency frequency;
	int interval;	   /* every so many weeks or months, at least 1 */
	unsigned weekdays; /* weekly: a bit for each, Monday 1; 0: that of the first */
	int count;	   /* 0: by `until` alone */
	int64_t until;	   /* the last day that may be one; INT64_MAX: by `count` alone */
	size_t except_count;
	const int64_t *except; /* days that are left out */
};

enum recurrence_result {
	RECURRENCE_DATE,
	RECURRENCE_EXCEPT, /* left out */
	RECURRENCE_MISSING /* the month of `day` has no such day */
};

struct recurrence_date {
	int64_t day;
	enum recurrence_result result;
};

/* The dates from the first on, in their order. Returns how many; RECURRENCE_ROOM + 1 when they are more than
 * RECURRENCE_MOST, left out ones included. */
size_t recurrence_dates(const struct recurrence *recurrence, int64_t first,
			struct recurrence_date ret[RECURRENCE_ROOM]);

#endif
