#include "zone/zone_internal.h"

#include "base/civil.h"
#include "base/clock.h"

#define DAY 86400
#define CYCLE_YEARS 400
#define HOURS_MOST 167 /* RFC 9636 section 3.3.1: times of a change reach a week either way */

enum { RULE_WEEK, RULE_JULIAN, RULE_DAY_OF_YEAR };

/* When clocks change in a year: "M3.5.0/2" is the last Sunday of March at 2:00 of the clock in force until then. */
struct rule {
	int kind, month, week, day;
	int32_t seconds; /* of the day's midnight */
};

struct footer {
	int32_t standard, daylight; /* seconds east of UTC */
	struct rule start, end;	    /* of daylight time */
};

static bool take(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	++*text;
	return true;
}

static bool take_number(const char **text, int most, int *ret)
{
	int value = 0;
	const char *first = *text;
	for (; **text >= '0' && **text <= '9' && value <= most; ++*text)
		value = value * 10 + (**text - '0');
	*ret = value;
	return *text > first && value <= most;
}

static bool is_letter(char character)
{
	char lower = (char)(character | 0x20);
	return lower >= 'a' && lower <= 'z';
}

/* The abbreviation, which nobody here wants: letters, or anything in angle brackets. */
static bool skip_name(const char **text)
{
	const char *first = *text;
	if (take(text, '<')) {
		while (**text != '\0' && **text != '>')
			++*text;
		return take(text, '>');
	}
	while (is_letter(**text))
		++*text;
	return *text > first;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_seconds(const char **text, int32_t *ret)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;
	if (**text == '-' || **text == '+')
		++*text;
	if (!take_number(text, HOURS_MOST, &hours))
		return false;
	if (take(text, ':') && !take_number(text, 59, &minutes))
		return false;
	if (take(text, ':') && !take_number(text, 59, &seconds))
		return false;
	*ret = sign * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool take_day(const char **text, struct rule *ret)
{
	if (take(text, 'M')) {
		ret->kind = RULE_WEEK;
		return take_number(text, 12, &ret->month) && ret->month > 0 && take(text, '.') &&
		       take_number(text, 5, &ret->week) && ret->week > 0 && take(text, '.') &&
		       take_number(text, 6, &ret->day);
	}
	ret->kind = take(text, 'J') ? RULE_JULIAN : RULE_DAY_OF_YEAR;
	return take_number(text, 365, &ret->day);
}

static bool take_rule(const char **text, struct rule *ret)
{
	ret->seconds = 2 * 3600;
	if (!take(text, ',') || !take_day(text, ret))
		return false;
	return !take(text, '/') || take_seconds(text, &ret->seconds);
}

/* POSIX counts offsets west of UTC. Without an offset, daylight time is an hour ahead. */
static bool read_footer(const char *text, struct footer *ret, bool *ret_changes)
{
	int32_t west;
	if (!skip_name(&text) || !take_seconds(&text, &west))
		return false;
	ret->standard = -west;
	*ret_changes = *text != '\0';
	if (!*ret_changes)
		return true;
	if (!skip_name(&text))
		return false;
	west -= 3600;
	if (*text != ',' && !take_seconds(&text, &west))
		return false;
	ret->daylight = -west;
	return take_rule(&text, &ret->start) && take_rule(&text, &ret->end) && *text == '\0';
}

/* Of a rule by weekday: 0 is Sunday; week 5 is the last one. */
static int64_t day_of_week_rule(const struct rule *rule, int year)
{
	int64_t first = civil_day((struct civil_date){year, rule->month, 1});
	int weekday = (civil_weekday(first) + 1) % 7;
	int day = (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
	return first + (day >= civil_days_of_month(year, rule->month) ? day - 7 : day);
}

static int64_t day_of_rule(const struct rule *rule, int year)
{
	if (rule->kind == RULE_WEEK)
		return day_of_week_rule(rule, year);
	int64_t first = civil_day((struct civil_date){year, 1, 1});
	if (rule->kind == RULE_DAY_OF_YEAR)
		return first + rule->day;
	bool behind_leap_day = civil_days_of_month(year, 2) == 29 && rule->day >= 60;
	return first + rule->day - (behind_leap_day ? 0 : 1);
}

static int64_t instant_of(const struct rule *rule, int year, int32_t offset)
{
	return (day_of_rule(rule, year) * DAY + rule->seconds - offset) * CLOCK_SECOND;
}

static void append_after(struct zone *zone, int64_t after, int64_t at, int32_t offset)
{
	if (at > after)
		zone_append(zone, at, offset);
}

static void append_year(struct zone *zone, const struct footer *footer, int64_t after, int year)
{
	int64_t start = instant_of(&footer->start, year, footer->standard);
	int64_t end = instant_of(&footer->end, year, footer->daylight);
	if (start > end)
		append_after(zone, after, end, footer->standard);
	append_after(zone, after, start, footer->daylight);
	if (start <= end)
		append_after(zone, after, end, footer->standard);
}

/* Daylight time that ends when the next begins is how RFC 9636 (section 3.3.1) writes one that lasts all year. */
static bool is_always_daylight(const struct footer *footer, int year)
{
	return instant_of(&footer->end, year, footer->daylight) ==
	       instant_of(&footer->start, year + 1, footer->standard);
}

/* One year more than a cycle, so that the last cycle before the last change is the rule's alone. Where clocks do not
 * change, the zone's last change is already to what the rule says. */
bool zone_footer_apply(struct zone *zone, const char *rule)
{
	bool changes = false;
	if (*rule == '\0')
		return true;
	struct footer footer;
	if (!read_footer(rule, &footer, &changes))
		return false;
	int64_t after = zone->changes[zone->count - 1].at;
	int year = after == INT64_MIN ? 0 : civil_date(after / (DAY * CLOCK_SECOND)).year;
	zone->repeats = changes && !is_always_daylight(&footer, year);
	for (int i = -1; zone->repeats && i <= CYCLE_YEARS + 1; i++)
		append_year(zone, &footer, after, year + i);
	return true;
}
