#include "schema/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 wide;

#define TEXT_SIZE 40
#define MAX_SHIFT 19 /* 10^19 is the largest power of ten below 2^64 */

/* The digits of a double as a person would write it: the fewest that read back the same. */
static struct schema_decimal decimal_of_double(double number)
{
	struct schema_decimal decimal = {.mantissa = 0, .exponent = 0};
	char text[TEXT_SIZE];
	for (int digits = 14; digits <= 16; digits++) {
		(void)snprintf(text, sizeof(text), "%.*e", digits, fabs(number));
		if (strtod(text, NULL) == fabs(number))
			break;
	}
	const char *end = strchr(text, 'e');
	for (const char *digit = text; digit < end; digit++) {
		if (*digit == '.')
			continue;
		decimal.mantissa = decimal.mantissa * 10 + (uint64_t)(*digit - '0');
		decimal.exponent -= digit > text ? 1 : 0;
	}
	decimal.exponent += (int)strtol(end + 1, NULL, 10);
	while (decimal.mantissa != 0 && decimal.mantissa % 10 == 0) {
		decimal.mantissa /= 10;
		decimal.exponent++;
	}
	return decimal;
}

struct schema_decimal schema_decimal_of(struct json_object *number)
{
	if (json_object_get_type(number) == json_type_double)
		return decimal_of_double(json_object_get_double(number));
	int64_t value = json_object_get_int64(number);
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	return (struct schema_decimal){.mantissa = size, .exponent = 0};
}

bool schema_is_multiple(struct json_object *number, struct schema_decimal step)
{
	struct schema_decimal value = schema_decimal_of(number);
	int shift = value.exponent - step.exponent;
	if (value.mantissa == 0)
		return true;
	if (shift >= 0) {
		wide rest = value.mantissa % step.mantissa;
		for (; shift > 0 && rest != 0; shift--)
			rest = rest * 10 % step.mantissa;
		return rest == 0;
	}
	if (shift < -MAX_SHIFT)
		return false;
	wide divisor = step.mantissa;
	for (; shift < 0; shift++)
		divisor *= 10;
	return value.mantissa % divisor == 0;
}

/* Has at least 64 bits of mantissa on the platforms we build for, or is only used where a double is exact. */
static long double exact(struct json_object *number)
{
	if (json_object_get_type(number) == json_type_double)
		return json_object_get_double(number);
	return (long double)json_object_get_int64(number);
}

int schema_compare_numbers(struct json_object *one, struct json_object *other)
{
	if (json_object_get_type(one) == json_type_int && json_object_get_type(other) == json_type_int) {
		int64_t first = json_object_get_int64(one), second = json_object_get_int64(other);
		return (first > second) - (first < second);
	}
	long double first = exact(one), second = exact(other);
	return (first > second) - (first < second);
}

bool schema_is_whole(struct json_object *number)
{
	if (json_object_get_type(number) == json_type_int)
		return true;
	double value = json_object_get_double(number);
	return value == trunc(value);
}
