#include "letters/letter_words.h"

#include "base/civil.h"
#include "base/clock.h"
#include "schema/code_list.h"
#include "zone/zone.h"

#include <inttypes.h>
#include <string.h>

#define DAY (86400 * CLOCK_SECOND)
#define MINUTE (60 * CLOCK_SECOND)

/* Of one language. */
struct words {
	const char *weekdays[7], *months[12];
	const char *year; /* after its number */
	const char *then;
	const char *group, *point; /* of digits before the point, and the point itself */
};

static const struct words english = {
    .weekdays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    .months = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
	       "November", "December"},
    .year = "",
    .then = "then",
    .group = ",",
    .point = ".",
};

static const struct words russian = {
    .weekdays = {"понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"},
    .months = {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября",
	       "ноября", "декабря"},
    .year = " г.",
    .then = "затем",
    .group = "\u00A0",
    .point = ",",
};

static const struct words *words_of(const char *locale)
{
	return strcmp(locale, "ru") == 0 ? &russian : &english;
}

static const char *date_text(struct arena *arena, const struct words *words, int64_t day)
{
	struct civil_date date = civil_date(day);
	return arena_printf(arena, "%s, %d %s %d%s", words->weekdays[civil_weekday(day)], date.day,
			    words->months[date.month - 1], date.year, words->year);
}

static const char *clock_text(struct arena *arena, const struct zone *zone, int64_t instant)
{
	int64_t minutes = (zone_local(zone, instant) - zone_day(zone, instant) * DAY) / MINUTE;
	return arena_printf(arena, "%02d:%02d", (int)(minutes / 60), (int)(minutes % 60));
}

const char *letter_time(struct arena *arena, const char *locale, const struct zone *zone, int64_t instant)
{
	const char *date = date_text(arena, words_of(locale), zone_day(zone, instant));
	return arena_printf(arena, "%s, %s", date, clock_text(arena, zone, instant));
}

const char *letter_period(struct arena *arena, const char *locale, const struct zone *zone, int64_t from, int64_t to)
{
	bool one_day = zone_day(zone, from) == zone_day(zone, to);
	const char *end = one_day ? clock_text(arena, zone, to) : letter_time(arena, locale, zone, to);
	return arena_printf(arena, "%s – %s", letter_time(arena, locale, zone, from), end);
}

static const char *offset_text(struct arena *arena, int32_t seconds)
{
	int32_t minutes = (seconds < 0 ? -seconds : seconds) / 60;
	return arena_printf(arena, "UTC%c%02d:%02d", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

const char *letter_zone(struct arena *arena, const char *locale, const char *name, const struct zone *zone,
			int64_t from, int64_t to)
{
	int32_t first = zone_offset(zone, from), last = zone_offset(zone, to);
	const char *text = arena_printf(arena, "%s, %s", name, offset_text(arena, first));
	if (first == last)
		return text;
	return arena_printf(arena, "%s, %s %s", text, words_of(locale)->then, offset_text(arena, last));
}

/* Digits in groups of three. */
static const char *grouped(struct arena *arena, const struct words *words, uint64_t number)
{
	const char *rest = "";
	for (; number >= 1000; number /= 1000)
		rest = arena_printf(arena, "%s%03" PRIu64 "%s", words->group, number % 1000, rest);
	return arena_printf(arena, "%" PRIu64 "%s", number, rest);
}

const char *letter_money(struct arena *arena, const char *locale, int64_t amount, const char *currency)
{
	const struct words *words = words_of(locale);
	int digits = code_currency_digits(currency);
	uint64_t size = amount < 0 ? -(uint64_t)amount : (uint64_t)amount, unit = 1;
	for (int i = 0; i < digits; i++)
		unit *= 10;
	const char *sign = amount < 0 ? "-" : "", *whole = grouped(arena, words, size / unit);
	if (digits == 0)
		return arena_printf(arena, "%s%s %s", sign, whole, currency);
	return arena_printf(arena, "%s%s%s%0*" PRIu64 " %s", sign, whole, words->point, digits, size % unit, currency);
}
