/*
 * Time zones, from the system's zoneinfo: the one source of all arithmetic on a venue's wall clock.
 *
 * Purpose: instants to wall clocks and back, without PostgreSQL and without the process's own zone.
 * Ownership: a zone is read once, by whoever asks first, and stays for the life of the process; it never changes, so
 * any thread may use it. Reading is a few KB from the file cache, at most once for each of some 600 names. Invariants:
 * instants are wall microseconds (base/clock.h); a "local" time is the microseconds that the wall clock shows, counted
 * as if it stood in UTC; a "day" is the day number of a local date (base/civil.h). A wall clock that is skipped (the
 * clocks go forward) means the moment as far into the new time; one that comes twice means the first. Python says the
 * same: datetime(..., fold=0, tzinfo=ZoneInfo(name)).astimezone(UTC). Times after a file's last transition follow its
 * footer's rule, for ever.
 * Use: zone_find with the listing's time_zone, then the others.
 */
#ifndef EVENTLOOP_ZONE_ZONE_H
#define EVENTLOOP_ZONE_ZONE_H

#include <stdint.h>

struct zone;

/* The zone of that name. NULL when it is no name of the IANA database (code_is_time_zone) or the system has no sound
 * file of it in TZDIR, /usr/share/zoneinfo by default. */
const struct zone *zone_find(const char *name);

/* Seconds east of UTC at an instant. */
int32_t zone_offset(const struct zone *zone, int64_t instant);

/* What the wall clock shows at an instant. */
int64_t zone_local(const struct zone *zone, int64_t instant);

/* The instant at which the wall clock shows a local time: see the invariants for those that are skipped or come twice.
 */
int64_t zone_instant(const struct zone *zone, int64_t local);

/* The same, but the later of the two when it comes twice. */
int64_t zone_instant_late(const struct zone *zone, int64_t local);

/* The local date of an instant. */
int64_t zone_day(const struct zone *zone, int64_t instant);

/* The first instant whose local date is `day`: where midnight is skipped, the moment of the change; for a date that
 * does not exist at all, the first instant of the next that does. */
int64_t zone_day_start(const struct zone *zone, int64_t day);

#endif
