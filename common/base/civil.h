/*
 * Dates of the Gregorian calendar, without a time zone: a date is its day number, days since 1970-01-01.
 *
 * Invariants: pure functions. Day numbers are any that fit the years -30000 to 30000; texts are of the years 0000 to
 * 9999, which RFC 3339 can write.
 */
#ifndef EVENTLOOP_BASE_CIVIL_H
#define EVENTLOOP_BASE_CIVIL_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_TEXT_LENGTH 10	/* "2026-11-30" */
#define CIVIL_TEXT_SIZE 11	/* with its NUL */
#define CIVIL_CYCLE_DAYS 146097 /* after which dates, leap years and weekdays repeat: 400 years */

struct civil_date {
	int year, month, day; /* month 1 to 12, day 1 to 31 */
};

/* The day number of a date of the calendar. */
int64_t civil_day(struct civil_date date);

/* The date of a day number. */
struct civil_date civil_date(int64_t day);

/* The weekday: 0 is Monday, 6 Sunday. */
int civil_weekday(int64_t day);

/* How many days the month (1 to 12) has. */
int civil_days_of_month(int year, int month);

/* Reads "YYYY-MM-DD" (RFC 3339, full-date) at the beginning of a text; what follows is not looked at. False when no
 * date of the calendar stands there. */
bool civil_read(const char *text, int64_t *ret_day) MUST_CHECK;

/* Reads a text that is such a date and nothing else. */
bool civil_parse(const char *text, int64_t *ret_day) MUST_CHECK;

/* Writes the date, which is of the years 0000 to 9999, as "YYYY-MM-DD". */
void civil_format(int64_t day, char text[static CIVIL_TEXT_SIZE]);

/* The month and day of a date, of whatever year, as a number that grows within a year: 1224 is 24 December. */
int civil_month_day(int64_t day);

/* Whether such a number lies between two, both included; they may pass new year: from 1224 to 106. */
bool civil_is_between(int first, int last, int month_day);

/* Whether the day is one of the dates from `from` to `to` (both included, at most 366 of them) in any year: the same
 * month and day, so 29 February is one in leap years only. They may pass new year. */
bool civil_recurs(int64_t from, int64_t to, int64_t day);

#endif
