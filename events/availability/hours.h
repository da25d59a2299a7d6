/*
 * When a listing is open, as instants.
 *
 * Purpose: opening hours, exceptions and dates of the rules, turned into periods of time in the listing's zone.
 * Ownership: what is returned lies in the arena given. Invariants: pure; an opening or closing that the wall clock
 * skips or shows twice is read as zone_instant says (zone/zone.h), and an interval that is then empty is none. Of the
 * exceptions for a date one that is closed wins, then one of that very date over one of every year, then the last
 * listed. Without opening hours every date is open from midnight to midnight, but for exceptions. A date's hours may
 * end on the next date; they are the first date's. Whoever sells nights has hours from check-in to check-out on the
 * next date. Work grows with the dates asked for: ask for no more than some years.
 */
#ifndef EVENTLOOP_EVENTS_HOURS_H
#define EVENTLOOP_EVENTS_HOURS_H

#include "availability/rules.h"
#include "base/arena.h"

#define HOURS_DATES_MOST 366 /* the longest booking, in dates or nights */

/* A period of time: wall microseconds, `to` not included. */
struct span {
	int64_t from, to;
};

/* The hours of a date; none when it is closed. Borrowed from the rules. */
struct day_hours hours_of_day(const struct booking_rules *rules, int64_t day);

/* The exception that decides about a date; NULL when none does. */
const struct hours_exception *hours_exception_of(const struct booking_rules *rules, int64_t day);

/* Open time within [from, to), ascending; what touches or overlaps is one span. Returns how many. */
size_t hours_open(const struct booking_rules *rules, int64_t from, int64_t to, struct arena *arena, struct span **ret);

/* The intervals that begin within [from, to), whole and as they are listed, ascending: what is sold as sessions. */
size_t hours_sessions(const struct booking_rules *rules, int64_t from, int64_t to, struct arena *arena,
		      struct span **ret);

/* Whether the listing opens on a date at all. */
bool hours_date_open(const struct booking_rules *rules, int64_t day);

/* The period of whole dates: from the opening of the first to the closing of the last. By the night `to_day` is the
 * date of departure, else the last date. False when a date is closed, they are none, or more than HOURS_DATES_MOST. */
bool hours_of_dates(const struct booking_rules *rules, int64_t from_day, int64_t to_day, struct span *ret);

/* The dates whose period it is, as hours_of_dates takes them. False when it is none of whole dates. */
bool hours_dates_of(const struct booking_rules *rules, const struct span *period, int64_t *ret_from, int64_t *ret_to);

/* How many days or nights the period takes: whole dates where the listing sells them and it is such a period, else
 * local days begun. These are the smallest n such that the beginning plus n local days, the same wall clock n dates
 * later (the later reading), is not before the end. At least 1. */
int64_t hours_days(const struct booking_rules *rules, const struct span *period);

#endif
