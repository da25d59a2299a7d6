#include "config/value.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
    {"us", 1},
    {"ms", CLOCK_MILLISECOND},
    {"s", CLOCK_SECOND},
    {"m", 60 * CLOCK_SECOND},
    {"h", 3600 * CLOCK_SECOND},
    {"d", 86400 * CLOCK_SECOND},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"", 1}, {"KiB", 1024}, {"MiB", INT64_C(1024) * 1024}, {"GiB", INT64_C(1024) * 1024 * 1024}, {NULL, 0}};

/* Reads a decimal integer at the start of text; *ret_end points past it. */
static bool parse_digits(const char *text, int64_t *ret_number, const char **ret_end)
{
	const char *first = text[0] == '-' ? text + 1 : text;
	if (*first < '0' || *first > '9')
		return false;
	errno = 0;
	char *end;
	long long number = strtoll(text, &end, 10);
	*ret_number = number;
	*ret_end = end;
	return errno == 0;
}

static bool parse_integer(const char *text, int64_t *ret_number)
{
	const char *end;
	return parse_digits(text, ret_number, &end) && *end == '\0';
}

static bool parse_with_unit(const char *text, const struct unit *units, int64_t *ret_number)
{
	const char *end;
	int64_t number;
	if (!parse_digits(text, &number, &end) || number < 0)
		return false;
	if (number == 0 && *end == '\0') {
		*ret_number = 0;
		return true;
	}
	for (const struct unit *unit = units; unit->name; unit++) {
		if (strcmp(end, unit->name) == 0)
			return !__builtin_mul_overflow(number, unit->factor, ret_number);
	}
	return false;
}

static bool one_of(const char *text, const char *choices)
{
	size_t length = strlen(text);
	while (*choices != '\0') {
		size_t choice = strcspn(choices, "|");
		if (choice == length && memcmp(text, choices, length) == 0)
			return true;
		choices += choice + (choices[choice] == '|' ? 1 : 0);
	}
	return false;
}

static bool parse_boolean(const char *text, int64_t *ret_number)
{
	bool yes = one_of(text, "true|yes|on|1");
	if (!yes && !one_of(text, "false|no|off|0"))
		return false;
	*ret_number = yes ? 1 : 0;
	return true;
}

static bool in_bounds(const struct config_option *option, int64_t number)
{
	bool unbounded = option->min == 0 && option->max == 0;
	return unbounded || (number >= option->min && number <= option->max);
}

static const char *check_text(const struct config_option *option, const char *text)
{
	size_t length = strlen(text);
	if (!text_valid_utf8(text, length))
		return "is not UTF-8";
	if (length > 0 && !in_bounds(option, (int64_t)length))
		return "has a length outside its bounds";
	return NULL;
}

const char *config_parse(const struct config_option *option, const char *text, int64_t *ret_number)
{
	int64_t number = 0;
	const char *fault = NULL;
	switch (option->type) {
	case CONFIG_TEXT:
		fault = check_text(option, text);
		break;
	case CONFIG_CHOICE:
		fault = one_of(text, option->choices) ? NULL : "is not one of its choices";
		break;
	case CONFIG_INTEGER:
		fault = parse_integer(text, &number) ? NULL : "is not a whole number";
		break;
	case CONFIG_BOOLEAN:
		fault = parse_boolean(text, &number) ? NULL : "is not a boolean (true or false)";
		break;
	case CONFIG_DURATION:
		fault = parse_with_unit(text, durations, &number) ? NULL : "is not a duration (such as 250ms, 10s, 5m)";
		break;
	case CONFIG_SIZE:
		fault = parse_with_unit(text, sizes, &number) ? NULL : "is not a size (such as 512, 16KiB, 1MiB)";
		break;
	}
	bool numeric = option->type == CONFIG_INTEGER || option->type == CONFIG_DURATION || option->type == CONFIG_SIZE;
	if (!fault && numeric && !in_bounds(option, number))
		fault = "is outside its bounds";
	if (!fault)
		*ret_number = number;
	return fault;
}
