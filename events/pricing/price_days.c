#include "availability/hours.h"
#include "pricing/price_internal.h"
#include "zone/zone.h"

/* The smallest n such that the beginning plus n local days, the same wall clock n dates later, is not before the end. A
 * wall clock that is skipped on that date, or comes twice, is the later of its two readings. The days between the wall
 * clocks are enough; one less is, where the last of them ends on a clock that was changed. */
static int64_t local_days(const struct zone *zone, const struct span *period)
{
	int64_t from = zone_local(zone, period->from), days = (zone_local(zone, period->to) - from) / PRICE_DAY;
	if (days < 1)
		days = 1;
	while (zone_instant_late(zone, from + days * PRICE_DAY) < period->to)
		days++;
	while (days > 1 && zone_instant_late(zone, from + (days - 1) * PRICE_DAY) >= period->to)
		days--;
	return days;
}

int64_t price_days(const struct booking_rules *rules, const struct span *period)
{
	int64_t first = 0, last = 0;
	if (rules_sells_dates(rules) && hours_dates_of(rules, period, &first, &last))
		return rules->unit == SALE_NIGHT ? last - first : last - first + 1;
	return local_days(rules->zone, period);
}
