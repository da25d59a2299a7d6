#include "booking/series/recurrence.h"

#include "base/civil.h"

#include <stdbool.h>

#define TOO_MANY (RECURRENCE_ROOM + 1)
#define WEEK 7

/* The dates so far. */
struct found {
	const struct recurrence *recurrence;
	struct recurrence_date *dates;
	size_t count;  /* of all */
	int existing;  /* of those that exist */
	bool complete; /* no more are wanted */
	bool too_many;
};

static bool is_left_out(const struct recurrence *recurrence, int64_t day)
{
	for (size_t i = 0; i < recurrence->except_count; i++)
		if (recurrence->except[i] == day)
			return true;
	return false;
}

static void put(struct found *found, int64_t day, enum recurrence_result result)
{
	if (found->count == RECURRENCE_ROOM || found->existing == RECURRENCE_MOST) {
		found->too_many = found->complete = true;
		return;
	}
	found->dates[found->count++] = (struct recurrence_date){day, result};
}

static void add_date(struct found *found, int64_t day)
{
	const struct recurrence *recurrence = found->recurrence;
	if (day > recurrence->until) {
		found->complete = true;
		return;
	}
	put(found, day, is_left_out(recurrence, day) ? RECURRENCE_EXCEPT : RECURRENCE_DATE);
	found->existing++;
	found->complete = found->complete || found->existing == recurrence->count;
}

/* A month that has no such day: told by its first day. */
static void add_missing(struct found *found, int64_t month_start)
{
	if (month_start > found->recurrence->until)
		found->complete = true;
	else
		put(found, month_start, RECURRENCE_MISSING);
}

static void add_week(struct found *found, int64_t monday, int64_t first, unsigned weekdays)
{
	for (int i = 0; i < WEEK && !found->complete; i++)
		if ((weekdays >> i & 1U) && monday + i >= first)
			add_date(found, monday + i);
}

static void add_weekly(struct found *found, int64_t first)
{
	unsigned own = 1U << civil_weekday(first);
	unsigned weekdays = found->recurrence->weekdays ? found->recurrence->weekdays : own;
	int64_t monday = first - civil_weekday(first);
	for (; !found->complete; monday += (int64_t)WEEK * found->recurrence->interval)
		add_week(found, monday, first, weekdays);
}

/* The day of a month that begins on month_start and has so many days; 0 when there is none. */
static int day_of_month(const struct recurrence *recurrence, int64_t first, int64_t month_start, int days)
{
	struct civil_date date = civil_date(first);
	if (recurrence->frequency == RECUR_MONTHLY_DAY)
		return date.day <= days ? date.day : 0;
	int earliest = 1 + (civil_weekday(first) - civil_weekday(month_start) + WEEK) % WEEK;
	if (recurrence->frequency == RECUR_MONTHLY_LAST_WEEKDAY)
		return earliest + (days - earliest) / WEEK * WEEK;
	int day = earliest + (date.day - 1) / WEEK * WEEK;
	return day <= days ? day : 0;
}

static void add_monthly(struct found *found, int64_t first)
{
	struct civil_date month = civil_date(first);
	while (!found->complete) {
		int64_t start = civil_day((struct civil_date){month.year, month.month, 1});
		int day = day_of_month(found->recurrence, first, start, civil_days_of_month(month.year, month.month));
		if (day > 0)
			add_date(found, start + day - 1);
		else
			add_missing(found, start);
		int months = month.month - 1 + found->recurrence->interval;
		month.year += months / 12;
		month.month = months % 12 + 1;
	}
}

size_t recurrence_dates(const struct recurrence *recurrence, int64_t first, struct recurrence_date ret[RECURRENCE_ROOM])
{
	struct found found = {.recurrence = recurrence, .dates = ret};
	if (recurrence->frequency == RECUR_WEEKLY)
		add_weekly(&found, first);
	else
		add_monthly(&found, first);
	return found.too_many ? TOO_MANY : found.count;
}
