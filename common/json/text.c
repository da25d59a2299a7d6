#include "json/text.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EACH UTF8_EACH_BYTE
#define HIGH (0x80 * EACH)

/* Sets the high bit of bytes that end a run of plain characters: quote, backslash, control, non-ASCII. The lowest bit
 * set is exact, those above it may be off by a borrow. Source: the zero-byte test of H. Warren, Hacker's Delight 6-1.
 */
static uint64_t special8(uint64_t word)
{
	uint64_t quote = word ^ ('"' * EACH);
	uint64_t backslash = word ^ ('\\' * EACH);
	return (((quote - EACH) & ~quote) | ((backslash - EACH) & ~backslash) | ((word - 0x20 * EACH) & ~word) | word) &
	       HIGH;
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* The first byte from cursor on that is not a plain character, or end. */
static const char *skip_plain(const char *cursor, const char *end)
{
	while (end - cursor >= 8) {
		uint64_t special = special8(utf8_load8(cursor));
		if (special != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			return cursor + (__builtin_ctzll(special) >> 3);
#else
			break;
#endif
		}
		cursor += 8;
	}
	while (cursor < end && is_plain((unsigned char)*cursor))
		cursor++;
	return cursor;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	char lower = (char)(digit | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The code unit of "uXXXX" at text, -1 when it is none. */
static int32_t code_unit(const char *text, const char *end)
{
	int32_t unit = 0;
	if (end - text < 5 || text[0] != 'u')
		return -1;
	for (int i = 1; i <= 4; i++) {
		int digit = hex_value(text[i]);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_low_surrogate(int32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool is_high_surrogate(int32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

/* The unit is a high surrogate, and at `rest` stands the escape of a low one. */
static bool is_paired(int32_t unit, const char *rest, const char *end)
{
	return is_high_surrogate(unit) && end - rest >= 6 && rest[0] == '\\' &&
	       is_low_surrogate(code_unit(rest + 1, end));
}

/* The cursor stands on the u of an escape. */
static bool skip_unicode_escape(struct json_scanner *scanner)
{
	const char *text = scanner->cursor;
	int32_t unit = code_unit(text, scanner->end);
	if (unit < 0)
		return json_scan_fail(scanner, scanner->end - text < 5 ? JSON_FAULT_UNEXPECTED_END : JSON_FAULT_ESCAPE);
	if (unit == 0 && !scanner->allow_nul && !json_scan_unfit(scanner, JSON_FAULT_NUL, text))
		return false;
	if (is_paired(unit, text + 5, scanner->end))
		text += 6;
	else if ((is_low_surrogate(unit) || is_high_surrogate(unit)) &&
		 !json_scan_unfit(scanner, JSON_FAULT_SURROGATE, text))
		return false;
	scanner->cursor = text + 5;
	return true;
}

/* The cursor stands on a backslash. */
static bool skip_escape(struct json_scanner *scanner)
{
	scanner->cursor++;
	if (scanner->cursor == scanner->end)
		return json_scan_fail(scanner, JSON_FAULT_UNEXPECTED_END);
	if (*scanner->cursor == 'u')
		return skip_unicode_escape(scanner);
	if (!memchr("\"\\/bfnrt", *scanner->cursor, 8))
		return json_scan_fail(scanner, JSON_FAULT_ESCAPE);
	scanner->cursor++;
	return true;
}

/* The cursor stands on a byte above 0x7F. */
static bool skip_characters(struct json_scanner *scanner)
{
	const char *cursor = scanner->cursor;
	while (cursor < scanner->end && (unsigned char)*cursor >= 0x80) {
		bool valid;
		size_t size = utf8_step((const unsigned char *)cursor, (size_t)(scanner->end - cursor), &valid);
		if (!valid) {
			scanner->cursor = cursor;
			return json_scan_fail(scanner, JSON_FAULT_UTF8);
		}
		cursor += size;
	}
	scanner->cursor = cursor;
	return true;
}

bool json_text_string(struct json_scanner *scanner, bool *ret_escaped)
{
	bool escaped = false;
	for (;;) {
		scanner->cursor = skip_plain(scanner->cursor, scanner->end);
		if (scanner->cursor == scanner->end)
			return json_scan_fail(scanner, JSON_FAULT_UNEXPECTED_END);
		unsigned char byte = (unsigned char)*scanner->cursor;
		if (byte == '"')
			break;
		bool skipped;
		if (byte == '\\') {
			escaped = true;
			skipped = skip_escape(scanner);
		} else if (byte >= 0x80) {
			skipped = skip_characters(scanner);
		} else {
			skipped = json_scan_fail(scanner, JSON_FAULT_CONTROL_CHARACTER);
		}
		if (!skipped)
			return false;
	}
	scanner->cursor++;
	*ret_escaped = escaped;
	return true;
}

static char *put_utf8(char *target, uint32_t code)
{
	if (code < 0x80) {
		*target++ = (char)code;
		return target;
	}
	if (code < 0x800) {
		*target++ = (char)(0xC0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*target++ = (char)(0xE0 | code >> 12);
		} else {
			*target++ = (char)(0xF0 | code >> 18);
			*target++ = (char)(0x80 | (code >> 12 & 0x3F));
		}
		*target++ = (char)(0x80 | (code >> 6 & 0x3F));
	}
	*target++ = (char)(0x80 | (code & 0x3F));
	return target;
}

/* source stands on the character behind a backslash; moves it behind the escape. */
static char *put_escape(const char **source, const char *end, char *target)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *text = *source;
	if (*text != 'u') {
		const char *found = memchr(from, *text, sizeof(from) - 1);
		*source = text + 1;
		*target = found ? to[found - from] : *text;
		return target + 1;
	}
	int32_t unit = code_unit(text, end);
	text += 5;
	if (is_paired(unit, text, end)) {
		int32_t low = code_unit(text + 1, end);
		unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
		text += 6;
	}
	*source = text > end ? end : text;
	return put_utf8(target, (uint32_t)unit);
}

size_t json_unescape(struct json_span raw, char *target)
{
	const char *source = raw.data, *end = raw.data + raw.length;
	char *out = target;
	while (source < end) {
		const char *backslash = memchr(source, '\\', (size_t)(end - source));
		size_t run = (size_t)((backslash ? backslash : end) - source);
		memmove(out, source, run);
		out += run;
		source += run;
		if (!backslash || ++source == end)
			break;
		out = put_escape(&source, end, out);
	}
	return (size_t)(out - target);
}

static const char *skip_digits(const char *cursor, const char *end)
{
	while (cursor < end && *cursor >= '0' && *cursor <= '9')
		cursor++;
	return cursor;
}

static bool number_fault(struct json_scanner *scanner, const char *at)
{
	scanner->cursor = at;
	return json_scan_fail(scanner, at == scanner->end ? JSON_FAULT_UNEXPECTED_END : JSON_FAULT_NUMBER);
}

static bool is_finite(struct json_scanner *scanner, const char *start, const char *end)
{
	const char *text = arena_strndup(scanner->arena, start, (size_t)(end - start));
	if (isfinite(strtod(text, NULL)))
		return true;
	return json_scan_unfit(scanner, JSON_FAULT_NUMBER_RANGE, start);
}

/* Reads "[eE][+-]?digits" when it is there. Returns where it ends, NULL on a fault; *ret_large: worth a closer look. */
static const char *skip_exponent(struct json_scanner *scanner, const char *cursor, bool *ret_large)
{
	if (cursor == scanner->end || (*cursor | 0x20) != 'e')
		return cursor;
	cursor++;
	bool negative = cursor < scanner->end && *cursor == '-';
	if (cursor < scanner->end && (*cursor == '+' || *cursor == '-'))
		cursor++;
	const char *digits = cursor;
	cursor = skip_digits(cursor, scanner->end);
	if (cursor == digits) {
		(void)number_fault(scanner, cursor);
		return NULL;
	}
	if (!negative && cursor - digits > 2)
		*ret_large = true;
	return cursor;
}

bool json_text_number(struct json_scanner *scanner)
{
	const char *start = scanner->cursor, *end = scanner->end, *cursor = start;
	if (*cursor == '-')
		cursor++;
	const char *digits = cursor;
	cursor = skip_digits(cursor, end);
	if (cursor == digits)
		return number_fault(scanner, cursor);
	if (*digits == '0' && cursor - digits > 1)
		return number_fault(scanner, digits + 1);
	/* 200 digits and an exponent up to 99 are finite; anything beyond is left to strtod. */
	bool large = cursor - digits > 200;
	if (cursor < end && *cursor == '.') {
		const char *fraction = cursor + 1;
		cursor = skip_digits(fraction, end);
		if (cursor == fraction)
			return number_fault(scanner, cursor);
	}
	cursor = skip_exponent(scanner, cursor, &large);
	if (!cursor || (large && !is_finite(scanner, start, cursor)))
		return false;
	scanner->cursor = cursor;
	return true;
}
