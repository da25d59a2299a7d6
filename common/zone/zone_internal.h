/*
 * What a zone is made of: for zone.c, which answers from it, and zone_file.c, zone_footer.c, which make it.
 *
 * Invariants: changes ascend; each is to an offset that differs from the one before it, but for the first, at
 * INT64_MIN. After the last of them, clocks go as they went a whole number of cycles of the calendar (400 years)
 * earlier, when `repeats`; else they stay.
 */
#ifndef EVENTLOOP_ZONE_ZONE_INTERNAL_H
#define EVENTLOOP_ZONE_ZONE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone_change {
	int64_t at;	/* wall microseconds */
	int32_t offset; /* seconds east of UTC from then on */
};

struct zone {
	size_t count; /* at least 1 */
	struct zone_change *changes;
	bool repeats;
};

/* Appends a change; one that changes nothing is left out, and one at the instant of the last takes its place. */
void zone_append(struct zone *zone, int64_t at, int32_t offset);

/* Reads a file of TZif (RFC 9636) into a new zone; NULL when it is not one of version 2 or later. */
struct zone *zone_file_read(const unsigned char *bytes, size_t size);

/* Appends the changes of a footer's rule (POSIX TZ, with the extensions of RFC 9636 section 3.3.1) that come after the
 * zone's last one, for 400 years. False when it is no such rule. An empty one says nothing about the future. */
bool zone_footer_apply(struct zone *zone, const char *rule);

/* Gives a zone back; NULL is fine. */
void zone_free(struct zone *zone);

#endif
