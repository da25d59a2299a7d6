#include "base/civil.h"

#include <string.h>

/* The calendar repeats every 400 years; a year that begins in March has its leap day last, so that months need no
 * exception. Days are counted from 0000-03-01, which is day -719468 of 1970. */
enum { DAYS_TO_1970 = 719468 };

int64_t civil_day(struct civil_date date)
{
	int64_t year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t month = (date.month + 9) % 12;
	int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
	return era * CIVIL_CYCLE_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
	       DAYS_TO_1970;
}

struct civil_date civil_date(int64_t day)
{
	day += DAYS_TO_1970;
	int64_t era = (day >= 0 ? day : day - (CIVIL_CYCLE_DAYS - 1)) / CIVIL_CYCLE_DAYS;
	int64_t day_of_era = day - era * CIVIL_CYCLE_DAYS;
	int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	return (struct civil_date){
	    .year = (int)(year + era * 400 + (month >= 10 ? 1 : 0)),
	    .month = (int)(month < 10 ? month + 3 : month - 9),
	    .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
	};
}

/* Day 0 was a Thursday. */
int civil_weekday(int64_t day)
{
	int64_t weekday = (day + 3) % 7;
	return (int)(weekday < 0 ? weekday + 7 : weekday);
}

int civil_days_of_month(int year, int month)
{
	static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && leap ? 29 : days[month - 1];
}

/* The value of exactly count digits; -1 when there are fewer. */
static int digits(const char *text, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

bool civil_read(const char *text, int64_t *ret_day)
{
	int year = digits(text, 4);
	if (year < 0 || text[4] != '-')
		return false;
	int month = digits(text + 5, 2);
	if (month < 1 || month > 12 || text[7] != '-')
		return false;
	int day = digits(text + 8, 2);
	if (day < 1 || day > civil_days_of_month(year, month))
		return false;
	*ret_day = civil_day((struct civil_date){year, month, day});
	return true;
}

bool civil_parse(const char *text, int64_t *ret_day)
{
	return civil_read(text, ret_day) && text[CIVIL_TEXT_LENGTH] == '\0';
}

static void put_digits(char *place, int count, int value)
{
	for (int i = count - 1; i >= 0; i--) {
		place[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void civil_format(int64_t day, char text[static CIVIL_TEXT_SIZE])
{
	struct civil_date date = civil_date(day);
	memcpy(text, "0000-00-00", CIVIL_TEXT_SIZE);
	put_digits(text, 4, date.year);
	put_digits(text + 5, 2, date.month);
	put_digits(text + 8, 2, date.day);
}

int civil_month_day(int64_t day)
{
	struct civil_date date = civil_date(day);
	return date.month * 100 + date.day;
}

bool civil_is_between(int first, int last, int month_day)
{
	return first <= last ? first <= month_day && month_day <= last : month_day >= first || month_day <= last;
}

bool civil_recurs(int64_t from, int64_t to, int64_t day)
{
	if (to - from >= 365)
		return true;
	return civil_is_between(civil_month_day(from), civil_month_day(to), civil_month_day(day));
}
