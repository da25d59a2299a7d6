#include "zone/zone.h"

#include "base/civil.h"
#include "base/clock.h"
#include "base/fatal.h"
#include "base/hash_map.h"
#include "schema/code_list.h"
#include "zone/zone_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (86400 * CLOCK_SECOND)
#define CYCLE (CIVIL_CYCLE_DAYS * DAY)
#define FOLDER "/usr/share/zoneinfo"
#define PATH_SIZE 4096
#define ZONES_MOST 1000
#define FILE_MOST 65536 /* bytes; the largest is some 4 KB */
#define GROWTH 64

/* The zones of the process, by name. */
static struct {
	pthread_mutex_t lock;
	struct hash_map *zones;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

void zone_append(struct zone *zone, int64_t at, int32_t offset)
{
	if (zone->count > 0 && zone->changes[zone->count - 1].at == at)
		zone->count--;
	if (zone->count > 0 && zone->changes[zone->count - 1].offset == offset)
		return;
	if (zone->count % GROWTH == 0)
		zone->changes = must_realloc(zone->changes, (zone->count + GROWTH) * sizeof(*zone->changes));
	zone->changes[zone->count++] = (struct zone_change){at, offset};
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	free(zone->changes);
	free(zone);
}

static struct zone *load(const char *name)
{
	const char *folder = getenv("TZDIR");
	char path[PATH_SIZE];
	int length = snprintf(path, sizeof(path), "%s/%s", folder ? folder : FOLDER, name);
	FILE *file = length < PATH_SIZE ? fopen(path, "re") : NULL;
	if (!file)
		return NULL;
	unsigned char *bytes = must_malloc(FILE_MOST);
	size_t size = fread(bytes, 1, FILE_MOST, file);
	(void)fclose(file);
	struct zone *zone = zone_file_read(bytes, size);
	free(bytes);
	return zone;
}

static const struct zone *find_locked(const char *name)
{
	if (!known.zones)
		known.zones = hash_map_new(ZONES_MOST, NULL);
	struct zone *zone = hash_map_get_text(known.zones, name);
	if (zone)
		return zone;
	zone = load(name);
	if (zone && !hash_map_put_text(known.zones, name, zone))
		fatal("more than %d time zones", ZONES_MOST);
	return zone;
}

const struct zone *zone_find(const char *name)
{
	if (!code_is_time_zone(name, strlen(name)))
		return NULL;
	(void)pthread_mutex_lock(&known.lock);
	const struct zone *zone = find_locked(name);
	(void)pthread_mutex_unlock(&known.lock);
	return zone;
}

/* How far back a time must go to lie before the zone's last change, in whole cycles of the calendar. */
static int64_t cycles_back(const struct zone *zone, int64_t time)
{
	int64_t last = zone->changes[zone->count - 1].at;
	return zone->repeats && time >= last ? ((time - last) / CYCLE + 1) * CYCLE : 0;
}

/* The change in force at an instant. */
static size_t at_instant(const struct zone *zone, int64_t instant)
{
	size_t low = 0, high = zone->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (zone->changes[middle].at <= instant)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The local time from which a change is in force, for readers of the first or the later of two equal times. */
static int64_t local_start(const struct zone *zone, size_t change, bool later)
{
	int32_t before = zone->changes[change - 1].offset, after = zone->changes[change].offset;
	bool takes_before = later ? before < after : before > after;
	return zone->changes[change].at + (takes_before ? before : after) * CLOCK_SECOND;
}

/* The change in force at a local time: within the hours around a change that are skipped or come twice, the one before
 * it, or the one after it for the later reading. */
static size_t at_local(const struct zone *zone, int64_t local, bool later)
{
	size_t low = 0, high = zone->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (local_start(zone, middle, later) <= local)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int32_t zone_offset(const struct zone *zone, int64_t instant)
{
	return zone->changes[at_instant(zone, instant - cycles_back(zone, instant))].offset;
}

int64_t zone_local(const struct zone *zone, int64_t instant)
{
	return instant + zone_offset(zone, instant) * CLOCK_SECOND;
}

static int64_t reading(const struct zone *zone, int64_t local, bool later)
{
	size_t change = at_local(zone, local - cycles_back(zone, local), later);
	return local - zone->changes[change].offset * CLOCK_SECOND;
}

int64_t zone_instant(const struct zone *zone, int64_t local)
{
	return reading(zone, local, false);
}

int64_t zone_instant_late(const struct zone *zone, int64_t local)
{
	int64_t first = reading(zone, local, false), later = reading(zone, local, true);
	return first > later ? first : later;
}

int64_t zone_day(const struct zone *zone, int64_t instant)
{
	int64_t local = zone_local(zone, instant);
	return (local - (local < 0 ? DAY - 1 : 0)) / DAY;
}

int64_t zone_day_start(const struct zone *zone, int64_t day)
{
	int64_t back = cycles_back(zone, day * DAY), local = day * DAY - back;
	size_t before = at_local(zone, local, false);
	const struct zone_change *change = &zone->changes[before];
	int64_t midnight = local - change->offset * CLOCK_SECOND;
	bool is_skipped = before + 1 < zone->count && change[1].at <= midnight;
	return (is_skipped ? change[1].at : midnight) + back;
}
