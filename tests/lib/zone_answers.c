/*
 * Answers questions about time zones for tests/system/test_zones.py: lines "ZONE KIND NUMBER" in, a number a line out.
 * KIND is offset, local, instant, late, day or start (common/zone/zone.h). A zone that is not found answers "none".
 */
#include "zone/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int64_t answer(const struct zone *zone, const char *kind, int64_t number)
{
	if (strcmp(kind, "offset") == 0)
		return zone_offset(zone, number);
	if (strcmp(kind, "local") == 0)
		return zone_local(zone, number);
	if (strcmp(kind, "instant") == 0)
		return zone_instant(zone, number);
	if (strcmp(kind, "late") == 0)
		return zone_instant_late(zone, number);
	return strcmp(kind, "day") == 0 ? zone_day(zone, number) : zone_day_start(zone, number);
}

int main(void)
{
	char name[64], kind[16];
	int64_t number;
	while (scanf("%63s %15s %" SCNd64, name, kind, &number) == 3) {
		const struct zone *zone = zone_find(name);
		if (zone)
			printf("%" PRId64 "\n", answer(zone, kind, number));
		else
			printf("none\n");
	}
	return 0;
}
