#include "schema/code_list.h"

#include "schema/code_list_tables.h"

#include <string.h>

#define LETTERS ((size_t)26)

/* Whether the text, all of it letters from `first` on ('A' or 'a'), has its bit set. */
static bool has_bit(const unsigned char *bits, char first, const char *text, size_t length)
{
	size_t place = 0;
	for (size_t i = 0; i < length; i++) {
		size_t letter = (size_t)(unsigned char)text[i] - (size_t)first;
		if (letter >= LETTERS)
			return false;
		place = place * LETTERS + letter;
	}
	return (bits[place / 8] >> place % 8 & 1) != 0;
}

static int compare(const char *name, const char *text, size_t length)
{
	size_t size = strlen(name);
	int order = memcmp(name, text, size < length ? size : length);
	return order != 0 ? order : (size > length) - (size < length);
}

static bool has_name(const struct code_names *names, const char *text, size_t length)
{
	size_t low = 0, high = names->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(names->text + names->starts[middle], text, length);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool code_is_currency(const char *text, size_t length)
{
	return length == 3 && has_bit(code_list_currencies, 'A', text, length);
}

int code_currency_digits(const char *text)
{
	static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
	static const char three[] = "BHD IQD JOD KWD LYD OMR TND", four[] = "CLF UYW";
	if (strlen(text) != 3)
		return 2;
	return strstr(none, text) ? 0 : strstr(three, text) ? 3 : strstr(four, text) ? 4 : 2;
}

bool code_is_country(const char *text, size_t length)
{
	return length == 2 && has_bit(code_list_countries, 'A', text, length);
}

static bool is_language(const char *text, size_t length)
{
	return (length == 2 && has_bit(code_list_languages_2, 'a', text, length)) ||
	       (length == 3 && has_bit(code_list_languages_3, 'a', text, length));
}

bool code_is_language_tag(const char *text, size_t length)
{
	const char *end = text + length, *dash = memchr(text, '-', length);
	if (!is_language(text, dash ? (size_t)(dash - text) : length))
		return false;
	if (dash && end - dash >= 5 && (end - dash == 5 || dash[5] == '-') && has_name(&code_list_scripts, dash + 1, 4))
		dash = end - dash == 5 ? NULL : dash + 5;
	return !dash || code_is_country(dash + 1, (size_t)(end - dash) - 1);
}

bool code_is_time_zone(const char *text, size_t length)
{
	return has_name(&code_list_zones, text, length);
}
