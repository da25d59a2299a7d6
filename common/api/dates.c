#include "api/dates.h"

#include "base/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define WEEK_SECONDS INT64_C(604800)
#define DATE_LENGTH 10	/* YYYY-MM-DD */
#define TIME_LENGTH 40	/* with any fraction and offset */
#define WEEKS_MOST 2000 /* a clock that is further off is not believed */

static int64_t weeks_since_written(int64_t now)
{
	int64_t written = 0;
	if (!clock_parse(API_DATES_WRITTEN, &written) || now < written)
		return 0;
	int64_t weeks = (now - written) / (WEEK_SECONDS * CLOCK_SECOND);
	return weeks < WEEKS_MOST ? weeks : WEEKS_MOST;
}

/* Reads digits as long as there are so many. */
static bool read_number(const char *text, size_t count, int *ret)
{
	*ret = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*ret = *ret * 10 + (text[i] - '0');
	}
	return true;
}

/* A string that is a date, or a date and a time: text is what follows its opening quote. */
static bool read_date(const char *text, size_t left, struct tm *ret)
{
	int year, month, day;
	if (left <= DATE_LENGTH || !read_number(text, 4, &year) || text[4] != '-' ||
	    !read_number(text + 5, 2, &month) || text[7] != '-' || !read_number(text + 8, 2, &day) || month < 1 ||
	    month > 12 || day < 1 || day > 31)
		return false;
	*ret = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	if (text[DATE_LENGTH] == '"')
		return true;
	size_t most = left < TIME_LENGTH ? left : TIME_LENGTH;
	size_t rest = strspn(text + DATE_LENGTH, "T0123456789:.+-Z");
	return text[DATE_LENGTH] == 'T' && DATE_LENGTH + rest < most && text[DATE_LENGTH + rest] == '"';
}

static void move_date(char *text, const struct tm *date, int64_t weeks)
{
	struct tm moved = *date;
	time_t seconds = timegm(&moved) + (time_t)(weeks * WEEK_SECONDS);
	char written[DATE_LENGTH + 1];
	if (gmtime_r(&seconds, &moved) && strftime(written, sizeof(written), "%Y-%m-%d", &moved) == DATE_LENGTH)
		memcpy(text, written, DATE_LENGTH);
}

void api_dates_move(char *text, size_t length, int64_t now)
{
	int64_t weeks = weeks_since_written(now);
	const char *end = text + length;
	struct tm date;
	for (char *quote = text; weeks > 0 && (quote = memchr(quote, '"', (size_t)(end - quote))); quote++) {
		bool escaped = quote > text && quote[-1] == '\\';
		if (!escaped && read_date(quote + 1, (size_t)(end - quote - 1), &date))
			move_date(quote + 1, &date, weeks);
	}
}
