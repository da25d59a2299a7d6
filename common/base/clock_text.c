#include "base/clock.h"

#include "base/civil.h"

#include <string.h>

#define DAY (INT64_C(86400) * CLOCK_SECOND)
#define WALL_FIRST INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define WALL_LAST INT64_C(253402300799999999)  /* 9999-12-31T23:59:59.999999Z */

static void put_digits(char *place, int count, int64_t value)
{
	for (int i = count - 1; i >= 0; i--) {
		place[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void clock_format(int64_t wall, char text[static CLOCK_TEXT_SIZE])
{
	if (wall < WALL_FIRST)
		wall = WALL_FIRST;
	if (wall > WALL_LAST)
		wall = WALL_LAST;
	int64_t days = (wall - (wall < 0 ? DAY - 1 : 0)) / DAY;
	int64_t rest = wall - days * DAY;
	civil_format(days, text);
	memcpy(text + CIVIL_TEXT_LENGTH, "T00:00:00.000000Z", CLOCK_TEXT_SIZE - CIVIL_TEXT_LENGTH);
	put_digits(text + 11, 2, rest / (3600 * CLOCK_SECOND));
	put_digits(text + 14, 2, rest / (60 * CLOCK_SECOND) % 60);
	put_digits(text + 17, 2, rest / CLOCK_SECOND % 60);
	put_digits(text + 20, 6, rest % CLOCK_SECOND);
}

/* Reads exactly count digits and moves *text past them; -1 when there are fewer. */
static int take_digits(const char **text, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		char digit = (*text)[i];
		if (digit < '0' || digit > '9')
			return -1;
		value = value * 10 + (digit - '0');
	}
	*text += count;
	return value;
}

static bool take_char(const char **text, char wanted)
{
	char found = **text;
	/* RFC 3339 section 5.6: T and Z may be lower case. */
	if (found != wanted && !(wanted >= 'A' && wanted <= 'Z' && found == wanted + ('a' - 'A')))
		return false;
	++*text;
	return true;
}

static bool take_date(const char **text, int64_t *ret_day)
{
	if (!civil_read(*text, ret_day))
		return false;
	*text += CIVIL_TEXT_LENGTH;
	return true;
}

/* hh:mm:ss into seconds; 60 seconds are let through, where they may stand is checked when the offset is known. */
static bool take_time(const char **text, int *ret_seconds, bool *ret_leap)
{
	int hour = take_digits(text, 2);
	if (hour < 0 || hour > 23 || !take_char(text, ':'))
		return false;
	int minute = take_digits(text, 2);
	if (minute < 0 || minute > 59 || !take_char(text, ':'))
		return false;
	int second = take_digits(text, 2);
	if (second < 0 || second > 60)
		return false;
	*ret_seconds = hour * 3600 + minute * 60 + second;
	*ret_leap = second == 60;
	return true;
}

/* The optional fraction, of any length, in microseconds; what is finer is cut off. */
static bool take_fraction(const char **text, int *ret_microseconds)
{
	*ret_microseconds = 0;
	if (!take_char(text, '.'))
		return true;
	const char *start = *text;
	for (int weight = 100000; **text >= '0' && **text <= '9'; ++*text, weight /= 10)
		*ret_microseconds += weight * (**text - '0');
	return *text > start;
}

/* Z or +hh:mm or -hh:mm, in seconds east of UTC. */
static bool take_offset(const char **text, int *ret_seconds)
{
	*ret_seconds = 0;
	if (take_char(text, 'Z'))
		return true;
	int sign = **text == '-' ? -1 : 1;
	if (!take_char(text, '+') && !take_char(text, '-'))
		return false;
	int hour = take_digits(text, 2);
	if (hour < 0 || hour > 23 || !take_char(text, ':'))
		return false;
	int minute = take_digits(text, 2);
	if (minute < 0 || minute > 59)
		return false;
	*ret_seconds = sign * (hour * 3600 + minute * 60);
	return true;
}

/* RFC 3339 section 5.7: a leap second is the last of a UTC month, so the second after it begins a month. */
static bool leap_second_may_stand(int64_t seconds_after)
{
	return seconds_after % 86400 == 0 && civil_date(seconds_after / 86400).day == 1;
}

bool clock_parse(const char *text, int64_t *ret_wall)
{
	int64_t day;
	int seconds, fraction, offset;
	bool leap;
	if (!take_date(&text, &day) || !take_char(&text, 'T') || !take_time(&text, &seconds, &leap) ||
	    !take_fraction(&text, &fraction) || !take_offset(&text, &offset) || *text != '\0')
		return false;
	int64_t instant = day * 86400 + seconds - offset;
	if (leap && !leap_second_may_stand(instant))
		return false;
	int64_t wall = instant * CLOCK_SECOND + fraction;
	if (wall < WALL_FIRST || wall > WALL_LAST)
		return false;
	*ret_wall = wall;
	return true;
}
