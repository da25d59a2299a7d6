#include "schema/internal.h"

#include "base/text.h"
#include "schema/code_list.h"

#include <string.h>

/* Reads exactly so many digits; -1 when they are none. */
static int digits(const char *text, size_t count)
{
	int value = 0;
	for (size_t i = 0; i < count; i++) {
		if (!schema_is_digit(text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* RFC 3339 section 5.6, full-date */
static bool is_date(const char *text, size_t length)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (length != 10 || text[4] != '-' || text[7] != '-')
		return false;
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	if (year < 0 || month < 1 || month > 12)
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int last = lengths[month - 1] + (month == 2 && leap ? 1 : 0);
	return day >= 1 && day <= last;
}

#define NO_OFFSET 10000

/* The minutes of "Z" or "+hh:mm" at the end of a time; NO_OFFSET when it is malformed. */
static int offset_minutes(const char *text, size_t length)
{
	if (length == 1 && (*text | 0x20) == 'z')
		return 0;
	if (length != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return NO_OFFSET;
	int hours = digits(text + 1, 2), minutes = digits(text + 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return NO_OFFSET;
	return text[0] == '-' ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/* RFC 3339 section 5.6, full-time. Leap seconds only where they can be, at the end of a day in UTC. */
static bool is_time(const char *text, size_t length)
{
	if (length < 9 || text[2] != ':' || text[5] != ':')
		return false;
	int hour = digits(text, 2), minute = digits(text + 3, 2), second = digits(text + 6, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	size_t at = 8;
	if (text[at] == '.') {
		size_t fraction = ++at;
		while (at < length && schema_is_digit(text[at]))
			at++;
		if (at == fraction)
			return false;
	}
	int offset = offset_minutes(text + at, length - at);
	if (offset == NO_OFFSET)
		return false;
	int utc = (hour * 60 + minute - offset + 2 * 1440) % 1440;
	return second < 60 || utc == 1439;
}

static bool is_date_time(const char *text, size_t length)
{
	return length > 11 && (text[10] | 0x20) == 't' && is_date(text, 10) && is_time(text + 11, length - 11);
}

/* RFC 9562 section 4, without regard to version and variant */
bool schema_is_uuid(const char *text, size_t length)
{
	if (length != 36)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !schema_is_hex(text[i]))
			return false;
	}
	return true;
}

/* One atom of a dot-atom, RFC 5321 section 4.1.2 */
static bool is_atom_character(char character)
{
	return schema_is_letter(character) || schema_is_digit(character) ||
	       (character != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", character));
}

/* Parts of allowed characters, none empty, separated by single dots. */
static bool is_dotted(const char *text, size_t length, bool (*allowed)(char character))
{
	bool part = false;
	for (size_t i = 0; i < length; i++) {
		bool dot = text[i] == '.';
		if (dot ? !part : !allowed(text[i]))
			return false;
		part = !dot;
	}
	return part;
}

static bool is_host_character(char character)
{
	return schema_is_letter(character) || schema_is_digit(character) || character == '-';
}

/* Labels of at most 63 characters that neither start nor end with a hyphen, RFC 1123 section 2.1 */
static bool is_domain(const char *text, size_t length)
{
	if (length > 253 || !is_dotted(text, length, is_host_character))
		return false;
	for (size_t start = 0; start < length;) {
		const char *dot = memchr(text + start, '.', length - start);
		size_t end = dot ? (size_t)(dot - text) : length;
		if (end - start > 63 || text[start] == '-' || text[end - 1] == '-')
			return false;
		start = end + 1;
	}
	return true;
}

/* A mailbox without quoted or literal parts, which nobody has: RFC 5321 sections 4.1.2 and 4.5.3.1 */
static bool is_email(const char *text, size_t length)
{
	const char *at = memchr(text, '@', length);
	if (!at)
		return false;
	size_t local = (size_t)(at - text);
	return local <= 64 && is_dotted(text, local, is_atom_character) && is_domain(at + 1, length - local - 1);
}

schema_format_check *schema_format_find(const char *name)
{
	static const struct {
		const char *name;
		schema_format_check *check;
	} formats[] = {
	    {"date-time", is_date_time},
	    {"date", is_date},
	    {"email", is_email},
	    {"uri", schema_is_uri},
	    {"uuid", schema_is_uuid},
	    {"display-name", text_is_display_name},
	    {"line", text_is_line},
	    {"currency", code_is_currency},
	    {"country", code_is_country},
	    {"language-tag", code_is_language_tag},
	    {"time-zone", code_is_time_zone},
	};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].check;
	return NULL;
}
